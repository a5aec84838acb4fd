import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { providers, type Settings } from '../../src/catalog.ts';
import type { JobCache } from '../../src/providers/caches/job-cache.ts';
import { openJobCache } from '../../src/providers/caches/open-job-cache.ts';
import { type KeptObjects, keptObjects, keptPath, type WantedObject } from '../../src/providers/kept-objects.ts';
import type { Models } from '../../src/providers/models/models.ts';
import { gsStore } from '../../src/providers/stores/gs.ts';
import type { Store } from '../../src/providers/stores/store.ts';
import { root } from '../../tools/process.ts';
import { scratchFolder, patience as signal } from '../contracts/scratch.ts';
import { ArtifactService } from '../stand-ins/artifacts.ts';
import type { CacheScope } from '../stand-ins/cache.ts';
import { cuttingProxy } from '../stand-ins/cutting-proxy.ts';
import { type GcsStandIn, gcsStandIn } from '../stand-ins/gcs.ts';
import { hubStandIn } from '../stand-ins/hub.ts';
import { safetensors } from './models/model-files.ts';

const MB = 1024 * 1024;
const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
const filled = (letter: string, bytes = 2 * MB): Buffer => Buffer.alloc(bytes, letter);
const downloads = (gcs: GcsStandIn): number => gcs.requests.filter((line) => line.includes('alt=media')).length;

async function given(context: TestContext) {
  const [folder, gcs] = [await scratchFolder(context), await gcsStandIn(context, 'bkt')];
  const said: string[] = [];
  const log = (line: string) => void said.push(line);
  const cache = join(folder, 'cache');
  const storeAt = (endpoint: string) => gsStore({ endpoint, log, patience: { tries: 1, pauseMs: 1, timeoutMs: 20_000, stallMs: 20_000 } });
  const store = storeAt(gcs.endpoint);
  return { folder, gcs, said, log, cache, store, storeAt, bring: keptObjects({ store, cache, what: 'data', log }) };
}

async function listed(store: Store, prefix = 'gs://bkt/'): Promise<WantedObject[]> {
  const found: WantedObject[] = [];
  for await (const object of store.list(prefix, signal)) found.push(object);
  return found;
}

test('kept objects: what is here is not fetched again, whichever digest its store knows; what was spoiled is fetched anew', async (context) => {
  const { gcs, store, cache, bring, said } = await given(context);
  gcs.put('bkt', 'by-md5', filled('a', 100));
  gcs.put('bkt', 'by-sha256', filled('b', 100), { metadata: { metadata: { sha256: sha256(filled('b', 100)) } } });
  gcs.put('bkt', 'composed', filled('c', 100)).composed = true;
  const objects = await listed(store);
  assert.deepEqual(
    objects.map(({ md5, sha256, crc32c }) => [md5, sha256, crc32c].map((digest) => digest !== undefined)),
    [
      [true, false, false],
      [false, true, false],
      [false, false, true],
    ],
  );
  const first = await bring(objects, 'gs://bkt/', signal);
  assert.deepEqual(
    first.map(({ path, sha256, bytes }) => [path === keptPath(cache, 'data', sha256), sha256, bytes]),
    ['a', 'b', 'c'].map((letter) => [true, sha256(filled(letter, 100)), 100]),
  );
  assert.deepEqual([await bring(objects, 'gs://bkt/', signal), downloads(gcs)], [first, 3]);

  for (const { path } of first) await writeFile(path, filled('x', 100));
  assert.deepEqual([await bring(objects, 'gs://bkt/', signal), downloads(gcs)], [first, 6]);
  assert.equal(said.filter((line) => line.includes('thrown away')).length, 3);

  // A name that leads to other content, itself whole, leads nowhere.
  const names = join(cache, 'data', 'names');
  for (const name of await readdir(names)) await writeFile(join(names, name), first[1]!.sha256);
  assert.deepEqual([await bring(objects, 'gs://bkt/', signal), downloads(gcs)], [first, 8]);
});

test('kept objects: an object composed of parts that is replaced by another of the same checksum is another', async (context) => {
  const { gcs, store, bring } = await given(context);
  gcs.put('bkt', 'm', filled('a', 100)).composed = true;
  await bring(await listed(store), 'gs://bkt/m', signal);
  gcs.put('bkt', 'm', filled('a', 100)).composed = true;
  await bring(await listed(store), 'gs://bkt/m', signal);
  assert.equal(downloads(gcs), 2);
});

test('kept objects: one that is replaced after it was listed ends the fetch, and listing anew heals it', async (context) => {
  const { gcs, store, bring } = await given(context);
  gcs.put('bkt', 'm', filled('a', 100));
  const before = await listed(store);
  gcs.put('bkt', 'm', filled('b', 100));
  await assert.rejects(bring(before, 'gs://bkt/m', signal), { code: 'precondition-failed', fault: 'world' });
  const [file] = await bring(await listed(store), 'gs://bkt/m', signal);
  assert.equal(file?.sha256, sha256(filled('b', 100)));
});

test('kept objects: a large one that was cut off is gone on with in the next call, and its remains are gone then', async (context) => {
  const { gcs, storeAt, log, cache } = await given(context);
  gcs.put('bkt', 'm', filled('a'));
  const proxy = await cuttingProxy(context, gcs.endpoint);
  const store = storeAt(proxy.endpoint);
  proxy.cutAfter(MB);
  const objects = await listed(store);
  const open = () => keptObjects({ store, cache, what: 'models', log });
  await assert.rejects(open()(objects, 'gs://bkt/m', signal), { fault: 'world' });
  const [partial] = await readdir(join(cache, 'partial'));
  assert.equal(partial, `md5-${objects[0]?.md5}`);
  const { size } = await stat(join(cache, 'partial', partial ?? ''));
  await open()(objects, 'gs://bkt/m', signal);
  // Of what went over the line, the end may have been lost with it.
  assert.deepEqual([size > 0, proxy.downloads[1]?.range, proxy.downloads[1]?.bytes], [true, `bytes=${size}-`, 2 * MB - size]);
  assert.deepEqual(await readdir(join(cache, 'partial')), []);
});

test('kept objects: after a process that was killed, the next takes over its lock and fetches just the rest', async (context) => {
  const { gcs, storeAt, log, said, cache } = await given(context);
  gcs.put('bkt', 'm', filled('a'));
  const proxy = await cuttingProxy(context, gcs.endpoint);
  const reached = proxy.stallAfter(MB);
  const program = join(import.meta.dirname, 'bring-program.ts');
  const child = spawn(process.execPath, [program, proxy.endpoint, 'gs://bkt/', cache], { stdio: 'ignore' });
  await reached;
  const partial = async () =>
    (await readdir(join(cache, 'partial'), { withFileTypes: true })).find(({ name }) => name.startsWith('md5-') && !name.endsWith('.lock'));
  const sizeNow = async () => (await stat(join(cache, 'partial', (await partial())?.name ?? ''))).size;
  for (let before = -1; (await sizeNow()) !== before || before === 0; ) {
    before = await sizeNow();
    await delay(50);
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
  const there = await sizeNow();
  assert.equal((await readdir(join(cache, 'partial'))).length, 2, 'its lock is still there');
  const store = storeAt(proxy.endpoint);
  const [file] = await keptObjects({ store, cache, what: 'data', log })(await listed(store), 'gs://bkt/', signal);
  assert.equal(file?.sha256, sha256(filled('a')));
  assert.deepEqual([proxy.downloads.at(-1)?.range, proxy.downloads.at(-1)?.bytes], [`bytes=${there}-`, 2 * MB - there]);
  assert.match(said.join('\n'), /Recovered the lock/);
  assert.deepEqual(await readdir(join(cache, 'partial')), []);
});

test('kept objects: of two that want the same, one fetches it and the other waits', async (context) => {
  const { gcs, storeAt, log, said, cache } = await given(context);
  gcs.put('bkt', 'm', filled('a'));
  const proxy = await cuttingProxy(context, gcs.endpoint);
  const reached = proxy.stallAfter(MB);
  const giveUp = new AbortController();
  const open = () => keptObjects({ store: storeAt(proxy.endpoint), cache, what: 'data', log });
  const objects = await listed(storeAt(gcs.endpoint));
  const first = open()(objects, 'gs://bkt/m', giveUp.signal);
  await reached;
  const second = open()(objects, 'gs://bkt/m', signal);
  while (!said.some((line) => line.includes('waiting for it'))) await delay(20);
  // The first gives up; the second, which has waited, goes on where it was.
  giveUp.abort();
  await assert.rejects(first, { name: 'AbortError' });
  assert.equal((await second)[0]?.sha256, sha256(filled('a')));
  assert.equal(proxy.downloads.length, 2);
  assert.match(proxy.downloads[1]?.range ?? '', /^bytes=\d{4,}-$/);
  assert.equal(proxy.downloads[1]!.bytes < 2 * MB, true);
});

test('kept objects: who has waited takes what has come meanwhile', async (context) => {
  const { gcs, store, log, said, cache } = await given(context);
  gcs.put('bkt', 'm', filled('a'));
  const objects = await listed(store);
  const slow: Store = {
    ...store,
    get: async (...asked) => {
      while (!said.some((line) => line.includes('waiting for it'))) await delay(20);
      return store.get(...asked);
    },
  };
  const bring = () => keptObjects({ store: slow, cache, what: 'data', log })(objects, 'gs://bkt/m', signal);
  const [[one], [other]] = await Promise.all([bring(), bring()]);
  assert.deepEqual([one, downloads(gcs)], [other, 1]);
});

test('kept objects: a lock that somebody on another machine left is waited for no longer than something happens', async (context) => {
  const { gcs, store, log, cache } = await given(context);
  gcs.put('bkt', 'm', filled('a'));
  const objects = await listed(store);
  const partials: (string | undefined)[] = [];
  const noting: Store = {
    ...store,
    get(uri, to, options) {
      partials.push(options.partial);
      return store.get(uri, to, options);
    },
  };
  const bring = keptObjects({ store: noting, cache, what: 'data', log });
  const lock = join(cache, 'partial', `md5-${objects[0]?.md5}.lock`);
  await mkdir(join(cache, 'partial'), { recursive: true });
  await writeFile(lock, JSON.stringify({ pid: 1, host: 'elsewhere', token: 't', since: '2026-11-21T00:00:00Z' }));
  const longAgo = new Date(Date.now() - 3_600_000);
  await utimes(lock, longAgo, longAgo);
  assert.equal((await bring(objects, 'gs://bkt/m', signal))[0]?.sha256, sha256(filled('a')));
  assert.deepEqual(partials, [undefined], 'what the other one may still write is left alone');
});

test('kept objects: remains that nobody went on with for a week are swept', async (context) => {
  const { bring, cache } = await given(context);
  await mkdir(join(cache, 'partial'), { recursive: true });
  for (const [name, days] of [
    ['old', 8],
    ['young', 6],
  ] as const) {
    await writeFile(join(cache, 'partial', name), 'x');
    const then = new Date(Date.now() - days * 86_400_000);
    await utimes(join(cache, 'partial', name), then, then);
  }
  await bring([], 'gs://bkt/', signal);
  assert.deepEqual(await readdir(join(cache, 'partial')), ['young']);
});

test('kept objects: the first failure stops the others', async (context) => {
  const { gcs, store, bring } = await given(context);
  for (let at = 0; at < 20; at++) gcs.put('bkt', `m${at}`, filled('a', 10 + at));
  const objects = await listed(store);
  gcs.denied.add('storage.objects.get');
  await assert.rejects(bring(objects, 'gs://bkt/', signal), { code: 'not-permitted' });
  assert.ok(gcs.requests.length < 8, `${gcs.requests.length}`);
});

const MAIN: readonly CacheScope[] = [{ ref: 'refs/heads/main', write: true }];

/** Jobs of GitHub, each on a machine of its own with an empty cache. */
async function jobs(context: TestContext) {
  const base = await given(context);
  const service = await ArtifactService.begin();
  context.after(() => service[Symbol.asyncDispose]());
  const job = async () => {
    await rm(base.cache, { recursive: true, force: true });
    const env = { PATH: process.env.PATH, GITHUB_ACTIONS: 'true', GITHUB_EVENT_NAME: 'push', ...service.env('r', 'j', MAIN) };
    const jobCache = await openJobCache({ env, root, bundled: false, log: base.log });
    return keptObjects({ store: base.store, cache: base.cache, what: 'models', log: base.log, ...(jobCache && { jobCache }) });
  };
  return { ...base, service, job };
}

test('kept objects on GitHub: a later job fetches nothing, and of a set that grew only what is new', async (context) => {
  const { gcs, store, job, service, cache } = await jobs(context);
  gcs.put('bkt', 'd/1', filled('1'));
  gcs.put('bkt', 'd/2', filled('2', 500));
  const first = await (await job())(await listed(store), 'gs://bkt/d/', signal);
  assert.deepEqual([downloads(gcs), service.cache.entries.length], [2, 1]);
  assert.deepEqual(await (await job())(await listed(store), 'gs://bkt/d/', signal), first);
  assert.deepEqual([downloads(gcs), service.cache.entries.length], [2, 1]);
  assert.deepEqual((await readdir(cache)).sort(), ['models', 'models-for-jobs']);

  gcs.put('bkt', 'd/3', filled('3'));
  const grown = await (await job())(await listed(store), 'gs://bkt/d/', signal);
  assert.deepEqual([grown.length, downloads(gcs), service.cache.entries.length], [3, 3, 2]);
});

test('kept objects on GitHub: what a job that was killed had laid ready for later jobs stops nobody', async (context) => {
  const { gcs, store, cache, log } = await given(context);
  gcs.put('bkt', 'd/1', filled('1'));
  const saved: string[][] = [];
  let laid = '';
  const jobCache: JobCache = {
    restore: async () => [],
    async save(_name, folder) {
      saved.push(await readdir(folder));
      laid = folder;
    },
  };
  const bring = keptObjects({ store, cache, what: 'data', log, jobCache });
  await bring(await listed(store), 'gs://bkt/d/', signal);
  await mkdir(laid, { recursive: true });
  for (const name of saved[0] ?? []) await writeFile(join(laid, name), 'half');
  gcs.put('bkt', 'd/2', filled('2', 500));
  assert.equal((await bring(await listed(store), 'gs://bkt/d/', signal)).length, 2);
  assert.deepEqual(
    saved.map(({ length }) => length),
    [1, 2],
  );
});

test('kept objects on GitHub: a base model is fetched by one job, and brought back by the next without asking the Hub', async (context) => {
  const [folder, hub, service] = [await scratchFolder(context), await hubStandIn(context), await ArtifactService.begin()];
  context.after(() => service[Symbol.asyncDispose]());
  const weights = safetensors({ w: { dtype: 'U8', shape: [2 * MB], data_offsets: [0, 2 * MB] } }, filled('w'));
  hub.push('acme/t5', { 'config.json': '{"d_model":64}', 'model.safetensors': weights });
  const cache = join(folder, 'cache');
  const github = { GITHUB_ACTIONS: 'true', GITHUB_EVENT_NAME: 'schedule', ...service.env('r', 'j', MAIN) };
  const settings: Settings = {
    ...{ home: folder, base: folder, cache, root, model: 'sql', shared: {}, inputs: {}, log: () => undefined },
    env: { PATH: process.env.PATH, HF_ENDPOINT: hub.endpoint, ...github },
  };
  const { files, uri } = await ((await providers.models!(settings)) as Models).fetch('hf://acme/t5', join(folder, 'base'), signal);
  const before = hub.requests.length;
  await rm(cache, { recursive: true });
  const bring = (await providers.objects!(settings)) as KeptObjects;
  const kept = await bring(files, uri, signal);
  assert.deepEqual([(await readFile(kept[1]!.path)).equals(weights), hub.seenElsewhere.length], [true, 1]);
  assert.equal(hub.requests.length, before);
  // What only a later job of the run wants is of use to nobody else.
  hub.push('acme/own', { 'model.safetensors': filled('o') });
  await bring([{ uri: 'hf://acme/own/model.safetensors', bytes: 2 * MB, sha256: sha256(filled('o')) }], 'hf://acme/own', signal);
  assert.deepEqual([service.cache.entries.length, service.cache.calls.filter((call) => call.startsWith('Create')).length], [1, 1]);
});

test('kept objects on GitHub: a poisoned entry with the right key is discarded (S26)', async (context) => {
  const { gcs, store, job, service, said } = await jobs(context);
  gcs.put('bkt', 'm', filled('m'));
  await (await job())(await listed(store), 'gs://bkt/m', signal);
  const honest = service.cache.entries[0]!.content;
  gcs.put('bkt', 'm', filled('n'));
  await (await job())(await listed(store), 'gs://bkt/m', signal);
  service.cache.entries[1]!.content = honest;
  const [file] = await (await job())(await listed(store), 'gs://bkt/m', signal);
  assert.equal(file?.sha256, sha256(filled('n')));
  assert.ok((await readFile(file!.path)).equals(filled('n')));
  assert.match(said.join('\n'), /Discarded .* from the cache/);
  assert.equal(downloads(gcs), 3);
});

test('kept objects on GitHub: a set of more bytes than an entry may have is not kept, and that is told', async (context) => {
  const { folder, said, log } = await given(context);
  const get: Store['get'] = async (_uri, to) => {
    await mkdir(dirname(to), { recursive: true });
    await writeFile(to, 'x');
    return { sha256: sha256(Buffer.from('x')), bytes: 1, generation: '1' };
  };
  const asked: string[] = [];
  const jobCache: JobCache = {
    async restore(name) {
      asked.push(name);
      return [];
    },
    save: async (name) => void asked.push(name),
  };
  const bring = keptObjects({ store: { get } as Store, cache: folder, what: 'models', log, jobCache });
  const big = (gib: number) => [{ uri: 'gs://bkt/m', bytes: gib * 1024 ** 3, generation: '1', md5: `${gib}`.repeat(32) }];
  await bring(big(5), 'gs://bkt/m', signal);
  assert.deepEqual(asked, []);
  assert.match(said.join('\n'), /gs:\/\/bkt\/m has 5\.37 GB; above 4\.29 GB nothing is kept for later jobs/);
  await bring(big(4), 'gs://bkt/m', signal);
  assert.equal(asked.length, 2);
});

test('kept objects on GitHub: what has a checksum alone, which is easily forged, is not kept; nor is what is too small', async (context) => {
  const { gcs, store, job, service } = await jobs(context);
  gcs.put('bkt', 'composed', filled('c')).composed = true;
  gcs.put('bkt', 'small', filled('s', 100));
  await (await job())(await listed(store), 'gs://bkt/', signal);
  assert.deepEqual(service.cache.calls, []);
});
