import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { mlflowClient } from '../../../src/providers/mlflow/mlflow-client.ts';
import { mlflowPlace } from '../../../src/providers/mlflow/mlflow-place.ts';
import { patience as signal } from '../../contracts/scratch.ts';
import { type MlflowStandInOptions, mlflowStandIn } from '../../stand-ins/mlflow.ts';

const PATIENCE = { tries: 3, pauseMs: 1, timeoutMs: 5_000, sendMs: 5_000 };
const TOKEN = 'a-token-of-mlflow';
const PASSWORD = 'pass/word+ü';
const BASIC = `Basic ${Buffer.from(`me:${PASSWORD}`).toString('base64')}`;

async function client(
  context: TestContext,
  env: Readonly<Record<string, string>> = {},
  options: MlflowStandInOptions = {},
  patience = PATIENCE,
) {
  const server = await mlflowStandIn(context, options);
  return { server, client: mlflowClient(mlflowPlace(undefined, { MLFLOW_TRACKING_URI: `${server.url}/`, ...env }), patience) };
}

test('mlflow: the address is that of the pipeline file, else of the environment, with its prefix', () => {
  const env = { MLFLOW_TRACKING_URI: 'https://mlflow.example.com/team/' };
  assert.equal(mlflowPlace(undefined, env).base, 'https://mlflow.example.com/team');
  assert.equal(mlflowPlace('http://10.0.0.1:5000', env).base, 'http://10.0.0.1:5000');
  for (const missing of [{}, { MLFLOW_TRACKING_URI: '' }, { MLFLOW_TRACKING_URI: ' ' }])
    assert.throws(() => mlflowPlace(undefined, missing), { code: 'no-mlflow-address', fault: 'user', todo: /MLFLOW|mlflow:https/ });
  for (const bad of [
    'databricks',
    'sqlite:///x.db',
    './mlruns',
    'https://me:hidden@host',
    'https://me:hid/hidden@host',
    'me:hidden@host',
    'https:me:hidden@host',
    'https:\\\\me:hidden@host',
    'https://host?a=hidden',
    'https://host#x',
  ])
    assert.throws(
      () => mlflowPlace(undefined, { MLFLOW_TRACKING_URI: bad }),
      (error: Error & { code?: string }) => error.code === 'bad-mlflow-address' && !error.message.includes('hidden'),
      bad,
    );
});

test('mlflow: credentials are those of MLflow’s own client, and go nowhere in the clear but to this machine', async (context) => {
  const MLFLOW_TRACKING_URI = 'https://mlflow.example.com';
  const userAndPassword = { MLFLOW_TRACKING_USERNAME: 'me', MLFLOW_TRACKING_PASSWORD: PASSWORD };
  const place = (env: Readonly<Record<string, string | undefined>>) => mlflowPlace(undefined, { MLFLOW_TRACKING_URI, ...env });
  assert.equal(place({ MLFLOW_TRACKING_TOKEN: TOKEN }).authorization, `Bearer ${TOKEN}`);
  assert.equal(place({ MLFLOW_TRACKING_TOKEN: TOKEN, ...userAndPassword }).authorization, BASIC);
  assert.equal(place({ MLFLOW_TRACKING_TOKEN: '' }).authorization, undefined);
  for (const half of [{ MLFLOW_TRACKING_USERNAME: 'me' }, { MLFLOW_TRACKING_PASSWORD: PASSWORD }, { MLFLOW_TRACKING_TOKEN: 'a\nb: c' }])
    assert.throws(
      () => place(half),
      (error: Error & { code?: string }) => error.code === 'bad-credentials' && !error.message.includes(PASSWORD),
    );
  for (const uri of ['http://mlflow:5000', 'http://10.0.0.1', 'http://localhost.example.com', 'http://127.example.com']) {
    assert.throws(
      () => place({ MLFLOW_TRACKING_URI: uri, MLFLOW_TRACKING_TOKEN: TOKEN }),
      { code: 'mlflow-not-encrypted', fault: 'user' },
      uri,
    );
    assert.equal(place({ MLFLOW_TRACKING_URI: uri }).authorization, undefined, 'without credentials there is nothing to hide');
  }
  for (const uri of ['http://localhost:5000', 'http://127.0.0.1:5000', 'http://[::1]:5000'])
    assert.equal(place({ MLFLOW_TRACKING_URI: uri, MLFLOW_TRACKING_TOKEN: TOKEN }).authorization, `Bearer ${TOKEN}`);

  const { client: known, server } = await client(context, userAndPassword, { authorization: BASIC });
  await known.ping(signal);
  assert.equal(server.calls[0]?.authorization, BASIC);
});

test('mlflow: what passes is tried again, as long as the server asks to wait; what was refused is not', async (context) => {
  const { server, client: known } = await client(context);
  server.fault('experiments/search', { status: 503 }, { status: 429, headers: { 'retry-after': '0' } });
  await known.ping(signal);
  assert.equal(server.calls.length, 3);
  server.fault('experiments/search', { lost: true });
  await known.ping(signal);
  server.fault('experiments/search', { status: 502 }, { status: 502 }, { status: 502, text: '<html>Bad Gateway' });
  await assert.rejects(known.ping(signal), {
    code: 'mlflow-fault',
    fault: 'world',
    message: /could not list experiments: it answered 502\.$/,
  });

  const before = server.calls.length;
  server.fault('experiments/search', { status: 429, headers: { 'retry-after': '3600' } });
  await assert.rejects(known.ping(signal), { code: 'mlflow-busy', fault: 'world' });
  assert.equal(server.calls.length, before + 1, 'an hour is not waited for');
  server.fault('experiments/search', {
    status: 403,
    text: '{"error_code": "PERMISSION_DENIED", "message": "Permission denied\\n\\u001b[31m"}',
  });
  await assert.rejects(known.ping(signal), {
    code: 'mlflow-forbidden',
    fault: 'user',
    message: /403 \(PERMISSION_DENIED: Permission denied \[31m\)/,
  });
  assert.equal(server.calls.length, before + 2);

  server.fault('runs/create', { status: 503 });
  await assert.rejects(known.createRun({ experiment: '1', name: 'n', tags: [] }, signal), { code: 'mlflow-fault' });
  assert.equal(server.calls.length, before + 3, 'a run would be made twice');
});

test('mlflow: a server that is down, hangs, is another or gives another address is explained, and no secret stands in it', async (context) => {
  const { server, client: known } = await client(context, { MLFLOW_TRACKING_TOKEN: TOKEN }, {}, { ...PATIENCE, tries: 1, timeoutMs: 300 });
  server.fault('experiments/search', { hang: true });
  await assert.rejects(known.ping(signal), { code: 'timed-out', fault: 'world', message: /no answer within 1 s/ });
  server.fault('experiments/search', {
    status: 400,
    text: `{"error_code": "INVALID_PARAMETER_VALUE", "message": "you sent Bearer ${TOKEN}"}`,
  });
  await assert.rejects(known.ping(signal), { code: 'mlflow-refused', message: /you sent Bearer …/ });
  server.fault('experiments/search', { status: 403, text: 'Invalid Host header - possible DNS rebinding attack detected' });
  await assert.rejects(known.ping(signal), { code: 'mlflow-forbidden', todo: /--allowed-hosts/ });
  for (const text of ['<html>Sign in</html>', '[]', '{"experiments": 1}']) {
    server.fault('experiments/search', { status: 200, text });
    await assert.rejects(known.ping(signal), { code: 'not-mlflow', message: /answered something else/ });
  }
  server.fault('experiments/search', { status: 404, text: '<!doctype html>' });
  await assert.rejects(known.ping(signal), { code: 'not-mlflow', fault: 'user', todo: /prefix/ });
  await server.close();
  await assert.rejects(known.ping(signal), {
    code: 'mlflow-unreachable',
    fault: 'world',
    message: /could not be reached to list experiments \((?:ECONNREFUSED|UND_ERR_SOCKET)\)/,
  });
  await assert.rejects(known.ping(AbortSignal.abort()), { name: 'AbortError' });
});

test('mlflow: a redirect is not followed, so that credentials reach nobody else', async (context) => {
  const reached: (string | undefined)[] = [];
  const other = createServer((request, response) => {
    reached.push(request.headers.authorization);
    response.end('{}');
  }).listen(0, '127.0.0.1');
  await once(other, 'listening');
  context.after(() => other.close());
  const location = `http://127.0.0.1:${(other.address() as AddressInfo).port}/api?secret=1`;
  const { server, client: known } = await client(context, { MLFLOW_TRACKING_TOKEN: TOKEN });
  for (const status of [301, 302, 307, 308]) {
    server.fault('experiments/search', { status, headers: { location } });
    await assert.rejects(known.ping(signal), {
      code: 'mlflow-moved',
      fault: 'user',
      message: /sends to http:\/\/127\.0\.0\.1:\d+, which is not followed/,
    });
  }
  assert.deepEqual(reached, []);
});
