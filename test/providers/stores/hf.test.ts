import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { keptObjects } from '../../../src/providers/kept-objects.ts';
import { baseModels } from '../../../src/providers/models/base-models.ts';
import { hfStore } from '../../../src/providers/stores/hf.ts';
import { openStore } from '../../../src/providers/stores/open-store.ts';
import { scratchFolder, patience as signal } from '../../contracts/scratch.ts';
import { storeResumeContract } from '../../contracts/store-resume.ts';
import { hubStandIn } from '../../stand-ins/hub.ts';
import { safetensors } from '../models/model-files.ts';

const log = () => undefined;
const quick = { tries: 4, pauseMs: 1, timeoutMs: 20_000, stallMs: 20_000 };
const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');
const WEIGHTS = safetensors({ w: { dtype: 'U8', shape: [50_000], data_offsets: [0, 50_000] } }, Buffer.alloc(50_000, 'abc'));

async function given(context: TestContext, patience: Partial<typeof quick> = {}) {
  const hub = await hubStandIn(context);
  const head = hub.push('acme/t5', {
    'config.json': '{"d_model":64}',
    'model.safetensors': WEIGHTS,
    'sub/vocab.txt': 'a\nb\n',
    'README.md': '# t5',
  });
  const store = (token?: string) =>
    hfStore({ endpoint: hub.endpoint, log, patience: { ...quick, ...patience }, ...(token !== undefined && { token }) });
  return { hub, head, store, folder: await scratchFolder(context) };
}
const listed = async (store: ReturnType<typeof hfStore>, prefix: string) => {
  const found: string[] = [];
  for await (const { uri } of store.list(prefix, signal)) found.push(uri);
  return found;
};

for (const [what, uri, name] of [
  ['a model', 'hf://acme/big/model.safetensors', 'acme/big'],
  ['a data set', 'hf://datasets/acme/rows/model.safetensors', 'datasets/acme/rows'],
] as const)
  storeResumeContract(`hf, ${what}`, async (context) => {
    const hub = await hubStandIn(context);
    return {
      endpoint: hub.endpoint,
      uri,
      scheme: 'hf',
      replace: async (content) => void hub.push(name, { 'model.safetensors': content }),
      open: (endpoint) => hfStore({ endpoint, log, patience: { ...quick, tries: 1 } }),
    };
  });

test('hf store: a list is of one commit, in pages, in order, with digests of large files', async (context) => {
  const { hub, head, store } = await given(context);
  hub.page = 2;
  const at = `hf://acme/t5@${head}/`;
  assert.deepEqual(
    await listed(store(), 'hf://acme/t5/'),
    ['README.md', 'config.json', 'model.safetensors', 'sub/vocab.txt'].map((name) => at + name),
  );
  assert.deepEqual(await listed(store(), 'hf://acme/t5/sub/'), [`${at}sub/vocab.txt`]);
  const weights = await store().stat('hf://acme/t5@main/model.safetensors', signal);
  assert.deepEqual(weights, {
    uri: `${at}model.safetensors`,
    bytes: WEIGHTS.length,
    generation: head,
    modified: '2026-11-20T12:00:00.000Z',
    sha256: sha256(WEIGHTS),
  });
  assert.equal(await store().stat('hf://acme/t5/none', signal), undefined);
});

test('hf store: a push between list and download mixes nothing', async (context) => {
  const { hub, head, store, folder } = await given(context);
  const one = store();
  const uris = await listed(one, 'hf://acme/t5/');
  const later = hub.push('acme/t5', { 'config.json': '{"d_model":128}', 'model.safetensors': Buffer.alloc(5000, 'new') });
  for (const uri of uris) await one.get(uri, join(folder, uri.slice(uri.lastIndexOf('/'))), { signal });
  assert.equal(await readFile(join(folder, 'config.json'), 'utf8'), '{"d_model":64}');
  assert.ok((await readFile(join(folder, 'model.safetensors'))).equals(WEIGHTS));
  // A branch is resolved once: the same name stays the same commit.
  await one.get('hf://acme/t5@main/config.json', join(folder, 'again'), { signal });
  assert.equal(await readFile(join(folder, 'again'), 'utf8'), '{"d_model":64}');
  await assert.rejects(store().get('hf://acme/t5/config.json', join(folder, 'x'), { signal, generation: head }), {
    code: 'precondition-failed',
    message: new RegExp(later),
  });
});

test('hf store: a download that is cut goes on from where it was cut; the other host never sees the token', async (context) => {
  const { hub, store, folder } = await given(context);
  hub.faults.push({ on: /\/cdn\//, cutAfter: 20_000 }, { on: /\/cdn\//, cutAfter: 10_000 });
  const got = await store('hf_reader').get('hf://acme/t5/model.safetensors', join(folder, 'm'), { signal, sha256: sha256(WEIGHTS) });
  assert.equal(got.sha256, sha256(WEIGHTS));
  assert.match(hub.requests.at(-1) as string, /bytes=30000-$/);
  assert.deepEqual(hub.seenElsewhere, [undefined, undefined, undefined]);
});

test('hf store: one bit turned is found in large files by their SHA-256, in small ones by their git id', async (context) => {
  const { hub, store, folder } = await given(context);
  hub.faults.push({ on: /\/cdn\//, flip: true }, { on: /resolve.*config/, flip: true });
  await assert.rejects(store().get('hf://acme/t5/model.safetensors', join(folder, 'm'), { signal }), {
    code: 'damaged-download',
    message: /SHA-256/,
  });
  await assert.rejects(store().get('hf://acme/t5/config.json', join(folder, 'm'), { signal }), {
    code: 'damaged-download',
    message: /git id/,
  });
  assert.deepEqual(await readdir(folder), []);
});

test('hf store: passing faults heal, lasting ones are the world’s', async (context) => {
  const { hub, store, folder } = await given(context);
  hub.faults.push(
    { on: /revision/, status: 503 },
    { on: /tree/, status: 429 },
    { on: /resolve/, status: 500 },
    { on: /\/cdn\//, status: 502 },
  );
  await store().get('hf://acme/t5/model.safetensors', join(folder, 'm'), { signal });
  assert.equal(hub.faults.length, 0);
  for (let each = 0; each < 4; each++) hub.faults.push({ on: /revision/, status: 429 });
  await assert.rejects(store().stat('hf://acme/t5/x', signal), { code: 'rate-limited', fault: 'world', todo: /HF_TOKEN/ });
});

test('hf store: silence and a cancel end a request', async (context) => {
  const { hub, store, folder } = await given(context, { timeoutMs: 200, stallMs: 200, tries: 2 });
  for (const on of [/revision/, /resolve/]) hub.faults.push({ on, stall: true }, { on, stall: true });
  await assert.rejects(store().stat('hf://acme/t5/x', signal), { code: 'hub-fault', fault: 'world' });
  await assert.rejects(store().get('hf://acme/t5/config.json', join(folder, 'm'), { signal }), { code: 'stalled', fault: 'world' });
  const giveUp = new AbortController();
  hub.faults.push({ on: /resolve/, stall: true, before: () => giveUp.abort() });
  await assert.rejects(store().get('hf://acme/t5/config.json', join(folder, 'm'), { signal: giveUp.signal }), { name: 'AbortError' });
});

test('hf store: private, gated, missing and mistyped are told apart, each with what to do', async (context) => {
  const { hub, store, folder } = await given(context);
  hub.push('acme/secret', { 'config.json': '{}' }, 'private');
  hub.push('acme/gated', { 'config.json': '{}' }, 'gated');
  const stat = (uri: string, token?: string) => store(token).stat(uri, signal);
  await assert.rejects(stat('hf://acme/secret/config.json'), { code: 'no-such-model', fault: 'user', todo: /set HF_TOKEN/ });
  assert.equal((await stat('hf://acme/secret/config.json', 'hf_reader'))?.bytes, 2);
  await assert.rejects(stat('hf://acme/gated/config.json'), { code: 'gated-model', todo: /Accept them/ });
  await assert.rejects(stat('hf://acme/none/config.json', 'hf_reader'), { code: 'no-such-model', todo: /read access/ });
  await assert.rejects(stat('hf://acme/t5@v9/config.json'), { code: 'no-such-revision' });
  await assert.rejects(store().get('hf://acme/t5/none', join(folder, 'x'), { signal }), { code: 'no-such-object' });
  for (const uri of ['hf://t5-large', 'hf://', 'hf://a/b/../c', 'hf://a/b@c d'])
    await assert.rejects(stat(uri), { code: 'bad-uri', fault: 'user' }, uri);
  hub.push('datasets/acme/gated', { 'a.csv': 'x' }, 'gated');
  await assert.rejects(stat('hf://datasets/acme/gated/a.csv'), { code: 'gated-dataset' });
  await assert.rejects(stat('hf://datasets/acme/none/a.csv', 'hf_reader'), { code: 'no-such-dataset', message: /no such data set/ });
  for (const uri of ['hf://datasets/acme', 'hf://datasets/', 'hf://datasets/a/b/../c'])
    await assert.rejects(stat(uri), { code: 'bad-uri' }, uri);
  assert.throws(
    () => store('secret-token'),
    (error: Error & { code: string }) => error.code === 'bad-token' && !error.message.includes('secret-token'),
  );
});

test('hf store: it is not written', async (context) => {
  const { store, folder } = await given(context);
  await assert.rejects(store().put(join(folder, 'x'), 'hf://acme/t5/x', { signal }), { code: 'read-only-store', fault: 'user' });
  await assert.rejects(store().remove('hf://acme/t5/x', signal), { code: 'read-only-store' });
});

test('models: of the Hub as base: the commit is the generation, and the second time every file comes from the cache', async (context) => {
  const { hub, head, folder } = await given(context);
  const open = () => {
    const store = openStore({ base: folder, env: { HF_ENDPOINT: hub.endpoint, HF_TOKEN: 'hf_reader' }, log });
    return baseModels({ store, base: folder, bring: keptObjects({ store, cache: join(folder, 'cache'), what: 'models', log }) });
  };
  const fetched = await open().fetch('hf://acme/t5@main', join(folder, 'a'), signal);
  assert.deepEqual(
    [fetched.generation, fetched.files.map(({ path }) => path)],
    [head, ['config.json', 'model.safetensors', 'sub/vocab.txt']],
  );
  assert.equal(fetched.files[1]?.uri, `hf://acme/t5@${head}/model.safetensors`);
  const again = await open().fetch('hf://acme/t5', join(folder, 'b'), signal);
  assert.equal(again.sha256, fetched.sha256);
  assert.equal(hub.requests.filter((line) => line.includes('/resolve/')).length, 3);
  assert.equal(hub.seenElsewhere.length, 1);
});
