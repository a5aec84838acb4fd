import assert from 'node:assert/strict';
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { WorldError } from '../../../src/kernel/errors.ts';
import { keptObjects } from '../../../src/providers/kept-objects.ts';
import { storeRegistry } from '../../../src/providers/registries/store-registry.ts';
import { fileStore } from '../../../src/providers/stores/file.ts';
import { gsStore } from '../../../src/providers/stores/gs.ts';
import type { Store } from '../../../src/providers/stores/store.ts';
import { draftOf, registryContract } from '../../contracts/registry.ts';
import { scratchFolder, patience as signal } from '../../contracts/scratch.ts';
import { gcsStandIn } from '../../stand-ins/gcs.ts';

async function emptyRegistry(context: TestContext) {
  const folder = join(await scratchFolder(context), 'registry');
  const root = pathToFileURL(folder).href;
  const again = (store: Store = fileStore()) => storeRegistry({ store, root, pauseMs: 5 });
  return { root, folder, again: () => again(), over: again, registry: again() };
}

registryContract('store', emptyRegistry);

registryContract('gs', async (context) => {
  const { endpoint } = await gcsStandIn(context, 'models');
  const patience = { tries: 4, pauseMs: 1, timeoutMs: 20_000, stallMs: 20_000 };
  const store = gsStore({ endpoint, log: () => {}, patience });
  const again = () => storeRegistry({ store, root: 'gs://models/registry', pauseMs: 5 });
  return { again, registry: again() };
});

registryContract('gs, with files of versions kept', async (context) => {
  const { endpoint } = await gcsStandIn(context, 'models');
  const store = gsStore({ endpoint, log: () => {}, patience: { tries: 4, pauseMs: 1, timeoutMs: 20_000, stallMs: 20_000 } });
  const kept = keptObjects({ store, cache: await scratchFolder(context), what: 'models', log: () => {} });
  const again = () => storeRegistry({ store, root: 'gs://models/registry', pauseMs: 5, objects: async () => kept });
  return { again, registry: again() };
});

test('store registry: the files of a version are fetched from the bucket once', async (context) => {
  const { endpoint, requests } = await gcsStandIn(context, 'models');
  const store = gsStore({ endpoint, log: () => {} });
  const cache = await scratchFolder(context);
  const registry = storeRegistry({
    store,
    root: 'gs://models/registry',
    objects: async () => keptObjects({ store, cache, what: 'models', log: () => {} }),
  });
  const { version } = await registry.add('churn', await draftOf(context, 'a'), signal);
  const fetched = () => requests.filter((line) => line.includes('alt=media') && line.includes('_files/')).length;
  const one = await registry.version('churn', version, signal);
  await registry.fetch(one!, join(await scratchFolder(context), 'one'), { signal });
  const first = fetched();
  await registry.fetch(one!, join(await scratchFolder(context), 'two'), { signal });
  assert.deepEqual([first > 0, fetched()], [true, first]);
});

/** A store some of whose puts go wrong: before the object is there, or after (the answer is lost). */
function failing(match: RegExp, when: 'before' | 'after', times = 1): Store {
  const store = fileStore();
  let left = times;
  return {
    ...store,
    async put(from, uri, options) {
      const fails = match.test(uri) && left-- > 0;
      if (fails && when === 'before') throw new WorldError('store-unreachable', 'The connection broke before.');
      const stored = await store.put(from, uri, options);
      if (fails) throw new WorldError('store-unreachable', 'The connection broke after.');
      return stored;
    },
  };
}

const event = (text: string) => ({ at: '2026-11-21T10:00:00Z', event: 'promoted' as const, text });

test('store registry: the same draft added by many at once is one version', async (context) => {
  const { again, folder } = await emptyRegistry(context);
  const draft = await draftOf(context, 'a');
  const added = await Promise.all([1, 2, 3, 4].map(() => again().add('churn', draft, signal)));
  assert.deepEqual(
    added.map(({ version }) => version),
    [1, 1, 1, 1],
  );
  assert.equal((await readdir(join(folder, '_files', 'churn'))).length > 0, true);
  const version = await again().version('churn', 1, signal);
  await again().fetch(version, join(await scratchFolder(context), 'x'), { signal });
});

test('store registry: a change is made when the head is, and a writer killed before the rest leaves it to the next', async (context) => {
  const { over, registry, folder } = await emptyRegistry(context);
  for (const seed of ['a', 'b']) await registry.add('churn', await draftOf(context, seed), signal);
  await registry.move('churn', { champion: 1 }, 0, signal);
  const killed = over(failing(/churn\/aliases\.json$/, 'before'));
  assert.deepEqual(await killed.move('churn', { champion: 2 }, 1, signal), { generation: 2, versions: { champion: 2 } });
  const onDisk = async () => JSON.parse(await readFile(join(folder, 'churn', 'aliases.json'), 'utf8')).champion;
  assert.equal(await onDisk(), 1);
  assert.equal((await registry.find('churn', 'champion', signal))?.version, 2, 'a reader takes what the head says');
  await registry.append('churn', event('next'), signal);
  assert.equal(await onDisk(), 2, 'the next writer settled it');
});

test('store registry: a file that was touched but not changed is no reason to take a change for made', async (context) => {
  const { over, registry, folder } = await emptyRegistry(context);
  for (const seed of ['a', 'b']) await registry.add('churn', await draftOf(context, seed), signal);
  await registry.move('churn', { champion: 1 }, 0, signal);
  await over(failing(/churn\/aliases\.json$/, 'before')).move('churn', { champion: 2 }, 1, signal);
  await utimes(join(folder, 'churn', 'aliases.json'), new Date(0), new Date(0));
  await registry.append('churn', event('next'), signal);
  assert.deepEqual(await registry.aliases('churn', signal), { generation: 2, versions: { champion: 2 } });
});

test('store registry: a writer who comes back late writes nothing over what others have done since', async (context) => {
  const { over, registry, folder } = await emptyRegistry(context);
  for (const seed of ['a', 'b']) await registry.add('churn', await draftOf(context, seed), signal);
  await registry.move('churn', { champion: 1 }, 0, signal);
  const store = fileStore();
  let wake = () => {};
  const asleep = new Promise<void>((resolve) => (wake = resolve));
  let reached = () => {};
  const sleeping = new Promise<void>((resolve) => (reached = resolve));
  const sleepy = over({
    ...store,
    async put(from, uri, options) {
      if (uri.endsWith('churn/aliases.json')) {
        reached();
        await asleep;
      }
      return store.put(from, uri, options);
    },
  });
  const late = sleepy.move('churn', { champion: 2 }, 1, signal);
  await sleeping;
  await registry.move('churn', { champion: 1 }, 2, signal);
  wake();
  await late;
  assert.equal(JSON.parse(await readFile(join(folder, 'churn', 'aliases.json'), 'utf8')).champion, 1);
  assert.deepEqual(await registry.aliases('churn', signal), { generation: 3, versions: { champion: 1 } });
});

test('store registry: a lost answer is found again, not given twice', async (context) => {
  const { over, registry } = await emptyRegistry(context);
  const unsure = over(failing(/_heads\/churn\.json$/, 'after', 4));
  assert.equal((await unsure.add('churn', await draftOf(context, 'a'), signal)).version, 1);
  await unsure.append('churn', event('one'), signal);
  assert.deepEqual(await unsure.move('churn', { champion: 1 }, 0, signal), { generation: 1, versions: { champion: 1 } });
  assert.deepEqual(await registry.history('churn', signal), [event('one')]);
  await registry.fetch(await registry.version('churn', 1, signal), join(await scratchFolder(context), 'x'), { signal });
});

test('store registry: a head that cannot be written changes nothing; an upload cut short goes at once', async (context) => {
  const { over, registry, folder } = await emptyRegistry(context);
  const cut = over(failing(/profile\.json$/, 'before'));
  await assert.rejects(cut.add('churn', await draftOf(context, 'a'), signal), { code: 'store-unreachable' });
  assert.deepEqual(await filesUnder(folder), []);
  const broken = over(failing(/_heads\/churn\.json$/, 'before', 99));
  await assert.rejects(broken.add('churn', await draftOf(context, 'a'), signal), { code: 'store-unreachable', fault: 'world' });
  assert.deepEqual(await registry.versions('churn', signal), []);
  assert.equal((await registry.add('churn', await draftOf(context, 'a'), signal)).version, 1);
});

test('store registry: a version that is removed takes its files along, and with it uploads nobody points to for a week', async (context) => {
  const { registry, folder } = await emptyRegistry(context);
  for (const seed of ['a', 'b']) await registry.add('churn', await draftOf(context, seed), signal);
  const young = join(folder, '_files', 'churn', (await readdir(join(folder, '_files', 'churn')))[0] as string, '..', 'young');
  const old = `${young}-old`;
  for (const name of [young, old]) await writeFile(name, 'left');
  await utimes(old, new Date(0), new Date(0));
  await registry.remove('churn', 1, signal);
  const left = await filesUnder(folder);
  assert.deepEqual(
    left.filter((path) => path.startsWith('_files')).map((path) => path.replace(/[0-9a-f]{16}/, '*')),
    ['_files/churn/*/model/weights.bin', '_files/churn/*/profile.json', '_files/churn/young'],
  );
  assert.deepEqual(
    left.filter((path) => path.startsWith('churn')),
    ['churn/versions/1.removed', 'churn/versions/2/files.json', 'churn/versions/2/metadata.json'],
  );
});

test('store registry: a changed model file stops the fetch and is named where it lies', async (context) => {
  const { registry, folder } = await emptyRegistry(context);
  const version = await registry.add('churn', await draftOf(context, 'a'), signal);
  const [path] = (await filesUnder(folder)).filter((each) => each.endsWith('weights.bin'));
  await writeFile(join(folder, path as string), 'weights b');
  await assert.rejects(registry.fetch(version, join(await scratchFolder(context), 'x'), { signal }), (error: Error & { code: string }) => {
    assert.equal(error.code, 'digest-mismatch');
    assert.ok(error.message.includes(path as string), error.message);
    return true;
  });
});

test('store registry: a damaged head is refused and named', async (context) => {
  const { registry, folder, root } = await emptyRegistry(context);
  await registry.append('churn', event('one'), signal);
  await writeFile(join(folder, '_heads', 'churn.json'), '{"schema":"retrain/head/2"}');
  assert.equal(fileURLToPath(root), folder);
  await assert.rejects(registry.history('churn', signal), { code: 'registry-corrupted', message: /_heads\/churn\.json/ });
});

async function filesUnder(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((each) => each.isFile() && !each.name.startsWith('.'))
    .map((each) => join(each.parentPath, each.name).slice(folder.length + 1))
    .sort();
}
