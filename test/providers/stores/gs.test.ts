import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Crc32c } from '../../../src/providers/crc32c.ts';
import { googleCredentials } from '../../../src/providers/google/credentials.ts';
import { gsStore } from '../../../src/providers/stores/gs.ts';
import { openStore } from '../../../src/providers/stores/open-store.ts';
import { scratchFolder, patience as signal } from '../../contracts/scratch.ts';
import { storeContract } from '../../contracts/store.ts';
import { storeResumeContract } from '../../contracts/store-resume.ts';
import { type GcsStandIn, gcsStandIn } from '../../stand-ins/gcs.ts';
import { ACCOUNT, googleTokens } from '../../stand-ins/google-tokens.ts';

const log = () => undefined;
const quick = { tries: 4, pauseMs: 1, timeoutMs: 20_000, stallMs: 20_000 };
const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');

interface Given {
  readonly gcs: GcsStandIn;
  readonly store: ReturnType<typeof gsStore>;
  readonly folder: string;
}

async function given(context: TestContext, patience: Partial<typeof quick> = {}): Promise<Given> {
  const gcs = await gcsStandIn(context, 'models', 'my-bucket');
  return {
    gcs,
    store: gsStore({ endpoint: gcs.endpoint, log, patience: { ...quick, ...patience } }),
    folder: await scratchFolder(context),
  };
}

storeContract('gs, our stand-in', async (context) => {
  const { store, gcs } = await given(context);
  gcs.page = 2;
  return { store, prefix: 'gs://my-bucket/some/where/' };
});

storeResumeContract('gs, our stand-in', async (context) => {
  const gcs = await gcsStandIn(context, 'models');
  return {
    endpoint: gcs.endpoint,
    uri: 'gs://models/t5/model.safetensors',
    scheme: 'gs',
    replace: async (content) => void gcs.put('models', 't5/model.safetensors', content),
    open: (endpoint) => gsStore({ endpoint, log, patience: { ...quick, tries: 1 } }),
  };
});

test('CRC-32C of 123456789 is e3069283, in parts as well', () => {
  const expected = Buffer.from('e3069283', 'hex').toString('base64');
  assert.equal(new Crc32c().update(Buffer.from('123456789')).base64, expected);
  assert.equal(new Crc32c().update(Buffer.from('1234')).update(Buffer.from('56789')).base64, expected);
  assert.equal(new Crc32c().base64, 'AAAAAA==');
});

test('gs store: a download that is cut again and again goes on from where it was cut, at the same generation', async (context) => {
  const { gcs, store, folder } = await given(context);
  const content = Buffer.from(Array.from({ length: 300_000 }, (_, at) => at % 251));
  const { generation } = gcs.put('models', 'm', content);
  for (let cut = 0; cut < 6; cut++) gcs.faults.push({ on: /alt=media/, cutAfter: 40_000 });
  const got = await store.get('gs://models/m', join(folder, 'm'), { signal, sha256: sha256(content) });
  assert.deepEqual(got, { sha256: sha256(content), bytes: 300_000, generation: String(generation) });
  const downloads = gcs.requests.filter((line) => line.includes('alt=media'));
  assert.equal(downloads.length, 7);
  assert.match(downloads[6] as string, /generation=\d+ bytes=240000-$/);
});

test('gs store: an object replaced during a download ends it, with nothing left', async (context) => {
  const { gcs, store, folder } = await given(context);
  gcs.put('models', 'm', 'a'.repeat(1000));
  gcs.faults.push({ on: /alt=media/, cutAfter: 400 }, { on: /alt=media/, before: () => void gcs.put('models', 'm', 'b'.repeat(1000)) });
  await assert.rejects(store.get('gs://models/m', join(folder, 'in', 'm'), { signal }), { code: 'precondition-failed', fault: 'world' });
  assert.deepEqual(await readdir(join(folder, 'in')), []);
});

test('gs store: one bit turned on the way down is found, although nobody gave a digest', async (context) => {
  const { gcs, store, folder } = await given(context);
  gcs.put('models', 'm', 'content');
  gcs.faults.push({ on: /alt=media/, flip: true });
  await assert.rejects(store.get('gs://models/m', join(folder, 'm'), { signal }), {
    code: 'damaged-download',
    message: /CRC-32C .* expected, .* found/,
  });
  assert.deepEqual(await readdir(folder), []);
});

test('gs store: one bit turned on the way up makes no object; the file is sent again', async (context) => {
  const { gcs, store, folder } = await given(context);
  await writeFile(join(folder, 'm'), 'content');
  gcs.faults.push({ on: /^PUT/, flip: true });
  const { generation } = await store.put(join(folder, 'm'), 'gs://models/m', { signal, ifGeneration: 'absent' });
  const stored = gcs.buckets.get('models')?.get('m');
  assert.deepEqual([stored?.content.toString(), String(stored?.generation)], ['content', generation]);
  for (let each = 0; each < 4; each++) gcs.faults.push({ on: /^PUT/, flip: true });
  await assert.rejects(store.put(join(folder, 'm'), 'gs://models/n', { signal }), {
    code: 'damaged-upload',
    fault: 'world',
    message: /crc32c/,
  });
  assert.equal(gcs.buckets.get('models')?.size, 1);
});

test('gs store: an upload that is cut is gone on with in the same session', async (context) => {
  const { gcs, store, folder } = await given(context);
  const content = Buffer.alloc(3_000_000, 'model');
  await writeFile(join(folder, 'm'), content);
  gcs.faults.push({ on: /^PUT/, cutAfter: 1_000_000 });
  const stored = await store.put(join(folder, 'm'), 'gs://models/m', { signal, ifGeneration: 'absent' });
  assert.equal(stored.sha256, sha256(content));
  assert.ok(gcs.buckets.get('models')?.get('m')?.content.equals(content));
  assert.equal(gcs.requests.filter((line) => line.startsWith('POST')).length, 1);
  assert.match(gcs.requests.at(-2) as string, /bytes \*\/3000000$/);
  assert.match(gcs.requests.at(-1) as string, /bytes 786432-2999999\/3000000$/);
});

test('gs store: an upload whose answer is lost is looked up, not made twice', async (context) => {
  const { gcs, store, folder } = await given(context);
  await writeFile(join(folder, 'm'), 'content');
  gcs.faults.push({ on: /^PUT/, loseAnswer: true });
  const stored = await store.put(join(folder, 'm'), 'gs://models/m', { signal, ifGeneration: 'absent' });
  assert.equal(stored.generation, String(gcs.buckets.get('models')?.get('m')?.generation));
  assert.equal(gcs.requests.filter((line) => line.startsWith('POST')).length, 1);
});

test('gs store: a lost race is told at once, not run again', async (context) => {
  const { gcs, store, folder } = await given(context);
  gcs.put('models', 'm', 'theirs');
  await writeFile(join(folder, 'm'), 'ours');
  await assert.rejects(store.put(join(folder, 'm'), 'gs://models/m', { signal, ifGeneration: 'absent' }), { code: 'precondition-failed' });
  assert.equal(gcs.requests.length, 1);
});

test('gs store: an upload session that the service has forgotten is opened anew', async (context) => {
  const { gcs, store, folder } = await given(context);
  await writeFile(join(folder, 'm'), 'content');
  gcs.faults.push({ on: /^PUT/, status: 410 });
  await store.put(join(folder, 'm'), 'gs://models/m', { signal });
  assert.equal(gcs.requests.filter((line) => line.startsWith('POST')).length, 2);
  assert.equal(gcs.buckets.get('models')?.get('m')?.content.toString(), 'content');
});

test('gs store: 503 and 429 heal by themselves, 400 does not', async (context) => {
  const { gcs, store, folder } = await given(context);
  await writeFile(join(folder, 'm'), 'content');
  gcs.faults.push(
    { on: /^POST/, status: 503 },
    { on: /^PUT/, status: 503 },
    { on: /^GET .*\/o\/m$/, status: 429 },
    { on: /alt=media/, status: 500 },
  );
  gcs.faults.push({ on: /prefix=/, status: 503 }, { on: /^DELETE/, status: 502 });
  await store.put(join(folder, 'm'), 'gs://models/m', { signal });
  await store.get('gs://models/m', join(folder, 'got'), { signal });
  assert.equal(await readFile(join(folder, 'got'), 'utf8'), 'content');
  for await (const { uri } of store.list('gs://models/', signal)) assert.equal(uri, 'gs://models/m');
  await store.remove('gs://models/m', signal);
  assert.equal(gcs.faults.length, 0);
  gcs.faults.push({ on: /m$/, status: 400, message: 'bad' });
  await assert.rejects(store.stat('gs://models/m', signal), { code: 'store-refused', fault: 'user' });
});

test('gs store: a service that stays broken is told as the world’s fault after so many tries', async (context) => {
  const { gcs, store, folder } = await given(context);
  gcs.put('models', 'm', 'content');
  for (let each = 0; each < 4; each++) gcs.faults.push({ on: /alt=media/, status: 503, message: 'backend' });
  await assert.rejects(store.get('gs://models/m', join(folder, 'm'), { signal }), {
    code: 'store-fault',
    fault: 'world',
    message: /gs:\/\/models\/m.*503.*backend/,
  });
  assert.equal(gcs.faults.length, 0);
});

test('gs store: a service that falls silent is waited for only so long', async (context) => {
  const { gcs, store, folder } = await given(context, { timeoutMs: 200, stallMs: 200, tries: 2 });
  gcs.put('models', 'm', 'content');
  const silent = [/\/o\/m$/, /alt=media/, /^PUT/];
  for (const on of silent) gcs.faults.push({ on, stall: true }, { on, stall: true });
  await assert.rejects(store.stat('gs://models/m', signal), { code: 'store-silent', fault: 'world' });
  await assert.rejects(store.get('gs://models/m', join(folder, 'm'), { signal }), { code: 'stalled', fault: 'world' });
  await writeFile(join(folder, 'up'), 'content');
  await assert.rejects(store.put(join(folder, 'up'), 'gs://models/up', { signal }), { code: 'store-silent', fault: 'world' });
});

test('gs store: a cancel ends a request nobody answers', async (context) => {
  const { gcs, store, folder } = await given(context);
  gcs.put('models', 'm', 'content');
  await writeFile(join(folder, 'up'), 'content');
  const calls: readonly (readonly [RegExp, (signal: AbortSignal) => Promise<unknown>])[] = [
    [/\/o\/m$/, (signal) => store.stat('gs://models/m', signal)],
    [/alt=media/, (signal) => store.get('gs://models/m', join(folder, 'm'), { signal })],
    [/^POST/, (signal) => store.put(join(folder, 'up'), 'gs://models/up', { signal })],
    [/^PUT/, (signal) => store.put(join(folder, 'up'), 'gs://models/up', { signal })],
    [/^DELETE/, (signal) => store.remove('gs://models/m', signal)],
  ];
  for (const [on, call] of calls) {
    const giveUp = new AbortController();
    gcs.faults.push({ on, stall: true, before: () => giveUp.abort() });
    await assert.rejects(call(giveUp.signal), { name: 'AbortError' }, String(on));
  }
  assert.equal(gcs.faults.length, 0);
});

test('gs store: each missing permission is named, with bucket, principal and role', async (context) => {
  const { gcs, store, folder } = await given(context);
  gcs.put('models', 'm', 'content');
  await writeFile(join(folder, 'up'), 'content');
  const calls = {
    'storage.objects.get': () => store.get('gs://models/m', join(folder, 'm'), { signal }),
    'storage.objects.list': async () => {
      for await (const _ of store.list('gs://models/', signal));
    },
    'storage.objects.create': () => store.put(join(folder, 'up'), 'gs://models/up', { signal }),
    'storage.objects.delete': () => store.remove('gs://models/m', signal),
  };
  for (const [permission, call] of Object.entries(calls)) {
    gcs.denied.add(permission);
    await assert.rejects(call(), (error: Error & { code: string; fault: string; todo: string }) => {
      assert.deepEqual([error.code, error.fault], ['not-permitted', 'user']);
      assert.match(error.message, new RegExp(`nobody has no ${permission} on bucket models`));
      assert.match(error.todo, /^Grant roles\/storage\.object(?:Viewer|User) on gs:\/\/models to nobody/);
      return true;
    });
    gcs.denied.clear();
  }
});

test('gs store: a bucket that is not there is named; names and schemes that cannot be are refused', async (context) => {
  const { store, folder } = await given(context);
  await writeFile(join(folder, 'up'), 'content');
  const missing = { code: 'no-such-bucket', fault: 'user', message: /there is no bucket elsewhere/ };
  await assert.rejects(store.stat('gs://elsewhere/x', signal), missing);
  await assert.rejects(store.put(join(folder, 'up'), 'gs://elsewhere/x', { signal }), missing);
  await assert.rejects(async () => {
    for await (const _ of store.list('gs://elsewhere/', signal));
  }, missing);
  for (const uri of [
    'gs://',
    'gs:///x',
    'gs://A/x',
    'gs://models/a\nb',
    `gs://models/${'x'.repeat(1025)}`,
    's3://models/x',
    'gs://models/..',
  ])
    await assert.rejects(store.stat(uri, signal), { code: 'bad-uri', fault: 'user' }, uri);
  assert.equal(await store.stat('gs://models', signal), undefined);
  await assert.rejects(store.put(join(folder, 'up'), 'gs://models/folder/', { signal }), { code: 'bad-uri' });
});

test('gs store: a compressed object is refused, because its checksum is of other bytes', async (context) => {
  const { gcs, store, folder } = await given(context);
  gcs.put('models', 'm.csv', 'content', { metadata: { contentEncoding: 'gzip' } });
  await assert.rejects(store.get('gs://models/m.csv', join(folder, 'm'), { signal }), { code: 'content-encoding', fault: 'user' });
});

test('gs store: the digest is kept with the object; folders made in the console are no objects', async (context) => {
  const { gcs, store, folder } = await given(context);
  await writeFile(join(folder, 'm'), 'content');
  await store.put(join(folder, 'm'), 'gs://models/below/m', { signal });
  gcs.put('models', 'below/', '');
  const found: (string | undefined)[] = [];
  for await (const { uri, sha256 } of store.list('gs://models/below/', signal)) found.push(uri, sha256);
  assert.deepEqual(found, ['gs://models/below/m', sha256('content')]);
});

test('gs store: 2,500 objects come in three pages', async (context) => {
  const { gcs, store } = await given(context);
  for (let at = 0; at < 2500; at++) gcs.put('models', `p/${String(at).padStart(4, '0')}`, 'x');
  const found: string[] = [];
  for await (const { uri } of store.list('gs://models/p/', signal)) found.push(uri);
  assert.equal(found.length, 2500);
  assert.deepEqual(found, found.toSorted());
  assert.equal(gcs.requests.length, 3);
});

test('gs store: works with tokens that end while it works, and says who was refused', async (context) => {
  const { gcs, folder } = await given(context);
  const tokens = await googleTokens(context, { seconds: 2 });
  const credentials = await googleCredentials({ ...tokens.env, RETRAIN_GOOGLE_SERVICE_ACCOUNT: ACCOUNT }, tokens.services);
  // Requests go to the stand-in as they would to Google: with the token of the moment.
  const store = gsStore({ credentials, endpoint: gcs.endpoint, authenticated: true, log, patience: quick });
  gcs.mayEnter = (token) => tokens.minted.impersonated.at(-1) === token;
  await writeFile(join(folder, 'm'), 'content');
  for (let round = 0; round < 3; round++) {
    await store.put(join(folder, 'm'), 'gs://models/m', { signal });
    await store.get('gs://models/m', join(folder, 'got'), { signal });
  }
  assert.ok(tokens.minted.impersonated.length > 3);
  gcs.mayEnter = () => false;
  await assert.rejects(store.stat('gs://models/m', signal), { code: 'not-permitted', message: new RegExp(`does not know ${ACCOUNT}`) });
});

test('openStore: STORAGE_EMULATOR_HOST names an emulator, which wants no credentials', async (context) => {
  const { gcs, folder } = await given(context);
  gcs.put('models', 'm', 'content');
  const store = openStore({ base: folder, env: { STORAGE_EMULATOR_HOST: gcs.endpoint }, log });
  assert.equal((await store.stat('gs://models/m', signal))?.bytes, 7);
});
