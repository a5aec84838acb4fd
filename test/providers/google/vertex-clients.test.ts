import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { vertexStatus } from '../../../src/providers/google/vertex-errors.ts';
import { vertexPlace } from '../../../src/providers/google/vertex-place.ts';
import { patience as signal } from '../../contracts/scratch.ts';
import { operations } from '../../stand-ins/vertex/operations.ts';
import { Refusal, vertexStandIn } from '../../stand-ins/vertex/server.ts';
import { clientsOf } from './vertex.ts';

const name = 'projects/ours-1/locations/europe-west4/models/churn';

async function models(context: TestContext) {
  const lro = operations();
  const server = await vertexStandIn(context, {
    ModelService: {
      GetModel: ({ name }: { name: string }) => ({ name, versionId: '7', labels: { a: 'b' } }),
      ListModels: ({ pageToken }: { pageToken: string }) =>
        pageToken === '' ? { models: [{ name: 'a' }, { name: 'b' }], nextPageToken: 'more' } : { models: [{ name: 'c' }] },
      UploadModel: ({ parent }: { parent: string }) =>
        lro.begin(
          parent,
          () => ({ type: 'google.cloud.aiplatform.v1.UploadModelResponse', response: { model: name, modelVersionId: '1' } }),
          2,
        ),
      DeleteModel: ({ name }: { name: string }) =>
        lro.begin(name, () => {
          throw new Refusal(status.FAILED_PRECONDITION, 'The model is deployed.');
        }),
    },
    Operations: lro.handlers,
  });
  return { server, clients: clientsOf(context, server) };
}

test('vertex: a read is tried again while the service is away, a write is not', async (context) => {
  const { server, clients } = await models(context);
  const client = await clients.models();
  server.fault(
    'GetModel',
    ...[status.UNAVAILABLE, status.INTERNAL, status.RESOURCE_EXHAUSTED, status.DEADLINE_EXCEEDED].map((code) => ({ code })),
  );
  const found = await clients.read('read the model', (options) => client.getModel({ name }, options), signal);
  assert.deepEqual([found.versionId, found.labels], ['7', { a: 'b' }]);
  assert.equal(server.calls.length, 5);

  server.fault('UploadModel', { code: status.UNAVAILABLE });
  await assert.rejects(
    clients.write('upload the model', (options) => client.uploadModel({ parent: clients.parent }, options), signal),
    { code: 'vertex-unreachable', fault: 'world', message: /^Could not upload the model: UNAVAILABLE: / },
  );
  assert.equal(server.calls.filter(({ method }) => method === 'UploadModel').length, 1);
});

test('vertex: what cannot be healed by asking again is told at once, with the status it came from', async (context) => {
  const { server, clients } = await models(context);
  const client = await clients.models();
  const refusals = [
    [status.PERMISSION_DENIED, 'vertex-forbidden', 'user'],
    [status.UNAUTHENTICATED, 'vertex-forbidden', 'user'],
    [status.NOT_FOUND, 'vertex-missing', 'user'],
    [status.INVALID_ARGUMENT, 'vertex-refused', 'user'],
    [status.ALREADY_EXISTS, 'vertex-exists', 'user'],
    [status.ABORTED, 'vertex-conflict', 'world'],
  ] as const;
  for (const [code, ours, fault] of refusals) {
    server.fault('GetModel', { code, message: 'the service said so' });
    await assert.rejects(
      clients.read('read the model', (options) => client.getModel({ name }, options), signal),
      (error: Error & { code: string; fault: string }) => {
        assert.deepEqual([error.code, error.fault, vertexStatus(error)], [ours, fault, status[code]]);
        assert.ok(error.message.includes('the service said so'));
        return true;
      },
    );
  }
  assert.equal(server.calls.length, refusals.length);
});

test('vertex: a service that stays away ends in an error after a bounded number of tries', async (context) => {
  const { server, clients } = await models(context);
  const client = await clients.models();
  server.fault('GetModel', ...Array.from({ length: 20 }, () => ({ code: status.UNAVAILABLE })));
  await assert.rejects(
    clients.read('read the model', (options) => client.getModel({ name }, options), signal),
    { code: 'vertex-unreachable' },
  );
  assert.equal(server.calls.length, 6);
});

test('vertex: a list is followed page by page, each tried again on its own', async (context) => {
  const { server, clients } = await models(context);
  const client = await clients.models();
  server.fault('ListModels', undefined, { code: status.UNAVAILABLE });
  const found: unknown[] = [];
  for await (const model of clients.list(
    'list the models',
    (pageToken, options) => client.listModels({ parent: clients.parent, pageToken }, options),
    signal,
  ))
    found.push(model.name);
  assert.deepEqual(found, ['a', 'b', 'c']);
  assert.deepEqual(
    server.calls.map(({ request }) => (request as { pageToken: string }).pageToken),
    ['', 'more', 'more'],
  );
});

test('vertex: an operation is waited for, and one that fails is an error of its own status', async (context) => {
  const { server, clients } = await models(context);
  const client = await clients.models();
  const begun = await clients.write('upload the model', (options) => client.uploadModel({ parent: clients.parent }, options), signal);
  server.fault('GetOperation', { code: status.UNAVAILABLE });
  assert.deepEqual(
    { ...(await clients.finished<object>('upload the model', client, 'uploadModel', begun, signal)) },
    { model: name, modelVersionId: '1' },
  );
  assert.equal(server.calls.filter(({ method }) => method === 'GetOperation').length, 4);

  const refused = await clients.write('delete the model', (options) => client.deleteModel({ name }, options), signal);
  await assert.rejects(clients.finished('delete the model', client, 'deleteModel', refused, signal), {
    code: 'vertex-refused',
    message: 'Could not delete the model: FAILED_PRECONDITION: The model is deployed.',
  });
});

test('vertex: an answer that never comes ends with the time, and a cancelled caller waits for nothing', async (context) => {
  const { server } = await models(context);
  const hurried = clientsOf(context, server, { timeoutMs: 50 });
  const client = await hurried.models();
  server.fault('GetModel', { hang: true }, { hang: true });
  await assert.rejects(
    hurried.write('read the model', (options) => client.getModel({ name }, options), signal),
    { code: 'timed-out', fault: 'world' },
  );

  const patient = clientsOf(context, server);
  const other = await patient.models();
  const giveUp = new AbortController();
  const waiting = patient.read('read the model', (options) => other.getModel({ name }, options), giveUp.signal);
  giveUp.abort();
  await assert.rejects(waiting, { name: 'AbortError' });
  await assert.rejects(
    patient.read('read the model', (options) => other.getModel({ name }, options), giveUp.signal),
    { name: 'AbortError' },
  );
});

test('vertex: project and region come from the file, else from the environment, and what is missing is named', () => {
  const env = { GOOGLE_CLOUD_PROJECT: 'theirs-1', GOOGLE_CLOUD_REGION: 'us-central1' };
  assert.deepEqual(vertexPlace({}, env), { project: 'theirs-1', region: 'us-central1' });
  assert.deepEqual(vertexPlace({ project: 'ours-1', region: 'europe-west4' }, env), { project: 'ours-1', region: 'europe-west4' });
  const missing = (google: unknown, given: Record<string, string>, code: string, todo: RegExp) =>
    assert.throws(
      () => vertexPlace(google, given),
      (error: Error & { code: string; fault: string; todo: string }) =>
        error.code === code && error.fault === 'user' && todo.test(error.todo),
    );
  missing({ region: 'us-central1' }, { GOOGLE_CLOUD_PROJECT: '' }, 'google-project-missing', /google: \{ project: .* GOOGLE_CLOUD_PROJECT/);
  missing({ project: 'ours-1' }, {}, 'google-region-missing', /google: \{ region: .* GOOGLE_CLOUD_REGION/);
});

test('vertex: another endpoint is accepted on this machine only', () => {
  const place = (RETRAIN_VERTEX_ENDPOINT: string) => vertexPlace({ project: 'ours-1', region: 'us-central1' }, { RETRAIN_VERTEX_ENDPOINT });
  assert.deepEqual(place('127.0.0.1:8080').loopback, { host: '127.0.0.1', port: 8080 });
  assert.deepEqual(place('localhost:1').loopback, { host: 'localhost', port: 1 });
  for (const wrong of [
    'example.com:443',
    '127.0.0.1',
    '127.0.0.1:0',
    '127.0.0.1:99999',
    '127.0.0.1.example.com:80',
    'http://127.0.0.1:80',
    '10.0.0.1:80',
  ])
    assert.throws(() => place(wrong), { code: 'bad-endpoint', fault: 'user' }, wrong);
});

test('vertex: who closes the clients gives up what waits for an answer, at once', async (context) => {
  const { server, clients } = await models(context);
  const client = await clients.models();
  server.fault('GetModel', { hang: true });
  const asked = clients.write('read the model', (options) => client.getModel({ name }, options), signal);
  const refused = assert.rejects(asked, { code: 'vertex-unreachable', message: /CANCELLED/ });
  while (server.calls.length === 0) await new Promise((done) => setTimeout(done, 5));
  await clients.close();
  await refused;
});
