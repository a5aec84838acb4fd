import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { explainCredentialError, googleCredentials } from '../../../src/providers/google/credentials.ts';
import { scratchFolder } from '../../contracts/scratch.ts';
import { ACCOUNT, googleTokens, PROVIDER } from '../../stand-ins/google-tokens.ts';

async function poll(context: TestContext, env: Readonly<Record<string, string>>, tokens: Awaited<ReturnType<typeof googleTokens>>) {
  context.mock.timers.enable({ apis: ['Date'], now: new Date('2026-11-21T12:00:00Z') });
  const { auth } = await googleCredentials(env, tokens.services);
  const seen = new Set<string>();
  for (let second = 0; second < 10; second++) {
    const { data } = await auth.request<{ token: string }>({ url: `${tokens.origin}/resource` });
    seen.add(data.token);
    context.mock.timers.tick(1000);
  }
  return seen;
}

test('Google credentials: tokens that live 2 seconds carry a poll of 10 seconds; each exchange has a fresh identity token', async (context) => {
  const tokens = await googleTokens(context, { seconds: 2 });
  const seen = await poll(context, tokens.env, tokens);
  assert.ok(seen.size >= 5, `${seen.size} tokens`);
  assert.equal(tokens.minted.identity.length, tokens.minted.federated.length);
  assert.equal(new Set(tokens.minted.identity).size, tokens.minted.identity.length);
  assert.equal(tokens.minted.impersonated.length, 0);
});

test('Google credentials: with a service account the poll acts as it', async (context) => {
  const tokens = await googleTokens(context, { seconds: 2 });
  const seen = await poll(context, { ...tokens.env, RETRAIN_GOOGLE_SERVICE_ACCOUNT: ACCOUNT }, tokens);
  assert.ok([...seen].every((token) => tokens.minted.impersonated.includes(token)));
  assert.ok(seen.size >= 5);
});

test('Google credentials: one environment has one identity, and its project', async (context) => {
  const tokens = await googleTokens(context, { seconds: 3600 });
  const found = await googleCredentials(tokens.env, tokens.services);
  assert.equal(await googleCredentials(tokens.env, tokens.services), found);
  assert.equal(await found.project(), 'acme-ml');
  for (let round = 0; round < 3; round++) await found.auth.request({ url: `${tokens.origin}/resource` });
  assert.equal(tokens.minted.identity.length, 1);
});

test('Google credentials: a passing fault of GitHub heals, a lasting one is told without the token', async (context) => {
  const tokens = await googleTokens(context, { seconds: 60 });
  tokens.refusals.push({ path: /oidc/, status: 503, body: {} });
  const { auth } = await googleCredentials(tokens.env, tokens.services);
  await auth.request({ url: `${tokens.origin}/resource` });

  const denied = await googleCredentials({ ...tokens.env, ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'other-token' }, tokens.services);
  await assert.rejects(denied.auth.getAccessToken(), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'id-token-service');
    assert.match(error.message, /401/);
    assert.doesNotMatch(error.message, /other-token/);
    return true;
  });
});

test('Google credentials: what is missing or wrong is named with what to do', async (context) => {
  const tokens = await googleTokens(context, { seconds: 60 });
  const withoutPermission = await googleCredentials({ RETRAIN_GOOGLE_WORKLOAD_IDENTITY_PROVIDER: PROVIDER }, tokens.services);
  await assert.rejects(withoutPermission.auth.getAccessToken(), { code: 'no-id-token', todo: /id-token: write/ });
  await assert.rejects(googleCredentials({ RETRAIN_GOOGLE_WORKLOAD_IDENTITY_PROVIDER: 'github' }), {
    code: 'bad-google-setting',
    message: /expected projects\/NUMBER\/.*found "github"/,
  });
  await assert.rejects(googleCredentials({ ...tokens.env, RETRAIN_GOOGLE_SERVICE_ACCOUNT: 'retrain' }), { code: 'bad-google-setting' });

  // The library looks into the process's own environment.
  const home = await scratchFolder(context);
  const before = { ...process.env };
  context.after(() => Object.assign(process.env, before));
  Object.assign(process.env, { HOME: home, APPDATA: home, CLOUDSDK_CONFIG: home, METADATA_SERVER_DETECTION: 'none' });
  delete process.env.GOOGLE_APPLICATION_CREDENTIALS;
  await assert.rejects(googleCredentials({}), { code: 'no-google-credentials', fault: 'user', todo: /gcloud auth/ });
  process.env.GOOGLE_APPLICATION_CREDENTIALS = join(home, 'none.json');
  await assert.rejects(googleCredentials({ GOOGLE_APPLICATION_CREDENTIALS: join(home, 'none.json') }), {
    code: 'no-google-credentials',
    message: /GOOGLE_APPLICATION_CREDENTIALS/,
  });
});

test('Google credentials: where the machine’s own address answers oddly, or not at all, our sentence is all that is said; other warnings are kept', async (context) => {
  const home = await scratchFolder(context);
  const source = pathToFileURL(join(import.meta.dirname, '../../../src/providers/google/credentials.ts')).href;
  const program = `
    const { googleCredentials } = await import(${JSON.stringify(source)});
    const found = await googleCredentials({}).catch((error) => error.code);
    process.emitWarning('kept', 'OtherWarning');
    console.log(found);
  `;
  for (const odd of [true, false]) {
    const machine = createServer((_, reply) => {
      if (odd) reply.writeHead(403).end();
    });
    await new Promise<void>((resolve) => machine.listen(0, '127.0.0.1', resolve));
    const env = {
      PATH: process.env.PATH,
      HOME: home,
      APPDATA: home,
      CLOUDSDK_CONFIG: home,
      GCE_METADATA_HOST: `127.0.0.1:${(machine.address() as AddressInfo).port}`,
    };
    const asked = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { env, timeout: 60_000 });
    const { stdout, stderr } = await asked.finally(() => {
      machine.closeAllConnections();
      machine.close();
    });
    assert.equal(stdout, 'no-google-credentials\n');
    assert.doesNotMatch(stderr, /Metadata/);
    assert.match(stderr, /OtherWarning: kept/);
  }
});

test('Google credentials: a refused exchange and a refused impersonation say what to grant, and hold no token', async (context) => {
  const stranger = await googleTokens(context, { seconds: 60, repositoryId: '7' });
  const explained = async (env: Readonly<Record<string, string>>, tokens: typeof stranger) => {
    const { auth, principal } = await googleCredentials(env, tokens.services);
    const error: unknown = await auth.getAccessToken().catch((caught: unknown) => caught);
    return explainCredentialError(error, principal);
  };
  const refused = await explained(stranger.env, stranger);
  assert.equal(refused?.code, 'google-token-refused');
  assert.match(refused?.message ?? '', /attribute condition/);
  assert.ok(!stranger.minted.identity.some((token) => refused?.message.includes(token)));

  const tokens = await googleTokens(context, { seconds: 60 });
  tokens.refusals.push({
    path: /generateAccessToken/,
    status: 403,
    body: { error: { code: 403, status: 'PERMISSION_DENIED', message: 'denied' } },
  });
  const denied = await explained({ ...tokens.env, RETRAIN_GOOGLE_SERVICE_ACCOUNT: ACCOUNT }, tokens);
  assert.equal(denied?.code, 'google-impersonation-refused');
  assert.match(denied?.todo ?? '', /roles\/iam.workloadIdentityUser on retrain@acme-ml/);
});
