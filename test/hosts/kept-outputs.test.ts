import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { packRun } from '../../src/hosts/hand-over/envelope.ts';
import { bringBack, keepOutputs, leftInStore } from '../../src/hosts/kept-outputs.ts';
import { digestPath } from '../../src/kernel/digest.ts';
import { type FileRef, RECORD_SCHEMA, recordSchema, type StageRecord } from '../../src/kernel/record.ts';
import { keptObjects } from '../../src/providers/kept-objects.ts';
import { openStore } from '../../src/providers/stores/open-store.ts';
import { scratchFolder, patience as signal } from '../contracts/scratch.ts';
import { gcsStandIn } from '../stand-ins/gcs.ts';

/** A run whose stage `train` left a model of two files, predictions and a number. */
async function given(context: TestContext) {
  const [folder, gcs] = [await scratchFolder(context), await gcsStandIn(context, 'bucket')];
  const warnings: string[] = [];
  const log = {
    info: () => undefined,
    warn: (code: string, text: string) => void warnings.push(`${code}: ${text}`),
    progress: () => undefined,
  };
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  await write('files/train/fit/model/a/weights', 'weights');
  await write('files/train/fit/model/config', 'config');
  await write('files/train/test.csv', 'id,predicted\n1,yes\n');
  const ref = async (uri: string) => ({ uri, ...(await digestPath(join(folder, uri))) });
  const record: StageRecord = recordSchema.parse({
    schema: RECORD_SCHEMA,
    run: 'sql-20261121T120000Z-ab12',
    stage: 'train',
    attempt: 1,
    outcome: 'completed',
    started: '2026-11-21T12:00:00.000Z',
    seconds: 1,
    inputs: {},
    outputs: {
      part: await ref('files/train/fit/model/a'),
      model: await ref('files/train/fit/model'),
      test: await ref('files/train/test.csv'),
      algorithm: 't5',
    },
  });
  const store = async () => openStore({ base: folder, env: { STORAGE_EMULATOR_HOST: gcs.endpoint }, log: () => undefined });
  const keeping = { folder, place: 'gs://bucket/churn/', store, signal, log, redact: (text: string) => text };
  return { folder, gcs, record, store, keeping, warnings };
}
const uploads = (requests: readonly string[]) => requests.filter((line) => line.startsWith('PUT')).length;
const AT = 'gs://bucket/churn/sql-20261121T120000Z-ab12/train/';

test('kept outputs: what a stage names lies in the store, below run and stage; the record says where, and is still a record', async (context) => {
  const { gcs, record, keeping } = await given(context);
  const kept = recordSchema.parse(await keepOutputs(record, ['model', 'test'], keeping));
  assert.deepEqual(
    [...(gcs.buckets.get('bucket')?.keys() ?? [])].sort(),
    ['fit/model/a/weights', 'fit/model/config', 'test.csv'].map((name) => `${AT}${name}`.replace('gs://bucket/', '')),
  );
  const model = kept.outputs.model as FileRef;
  assert.deepEqual([model.stored?.uri, model.stored?.files.map(({ path }) => path)], [`${AT}fit/model/`, ['a/weights', 'config']]);
  assert.equal((kept.outputs.test as FileRef).stored?.uri, `${AT}test.csv`);
  assert.equal((kept.outputs.part as FileRef).stored, undefined);
});

test('kept outputs: the same bytes are sent once, however often the stage is repeated', async (context) => {
  const { gcs, record, keeping } = await given(context);
  const first = await keepOutputs(record, ['model', 'test'], keeping);
  assert.equal(uploads(gcs.requests), 3);
  assert.deepEqual(await keepOutputs(record, ['model', 'test'], keeping), first);
  assert.equal(uploads(gcs.requests), 3);
});

test('kept outputs: a large output is kept although nobody named it, a part of it not a second time', async (context) => {
  const { gcs, record, keeping } = await given(context);
  const kept = await keepOutputs(record, ['part'], { ...keeping, travels: 10 });
  assert.equal((kept.outputs.model as FileRef).stored?.uri, `${AT}fit/model/`);
  assert.deepEqual(
    (kept.outputs.part as FileRef).stored?.files.map(({ path, uri }) => [path, uri]),
    [['weights', `${AT}fit/model/a/weights`]],
  );
  assert.equal(uploads(gcs.requests), 3);
});

test('kept outputs: a store that refuses is a warning that names the permission; the files stay with the run', async (context) => {
  const { gcs, record, keeping, warnings } = await given(context);
  gcs.denied.add('storage.objects.create');
  const kept = await keepOutputs(record, ['test'], keeping);
  assert.deepEqual([kept.outcome, kept.outputs.test], ['completed', record.outputs.test]);
  assert.match(kept.warnings[0]?.text ?? '', /storage\.objects\.create.*The files stay with the run/);
  assert.equal(warnings.length, 1);
});

test('kept outputs: a cancel while they are sent leaves the record as it was, with a word about it', async (context) => {
  const { gcs, record, keeping } = await given(context);
  const giveUp = new AbortController();
  gcs.faults.push({ on: /^PUT/, stall: true, before: () => giveUp.abort() });
  const kept = await keepOutputs(record, ['test'], { ...keeping, signal: giveUp.signal });
  assert.deepEqual([kept.outcome, kept.outputs.test, kept.warnings.length], ['completed', record.outputs.test, 1]);
});

test('kept outputs: large ones do not travel, and come back where they are missing, each compared with its digest', async (context) => {
  const { folder, gcs, record, store, keeping } = await given(context);
  const kept = await keepOutputs(record, ['model', 'test'], keeping);
  const left = leftInStore([kept], 10);
  assert.deepEqual(left, ['files/train/test.csv', 'files/train/fit/model']);
  const travelling = await packRun(folder, record.run, 'train', signal, left);
  assert.deepEqual(travelling, ['envelope.json']);
  assert.deepEqual(leftInStore([kept]), []);

  const model = kept.outputs.model as FileRef;
  const path = join(folder, model.uri);
  await rm(path, { recursive: true });
  const log = () => undefined;
  const from = (cache: string) => ({
    store,
    objects: async () => keptObjects({ store: await store(), cache: join(folder, cache), what: 'models', log }),
    signal,
    log,
  });
  await bringBack(model, path, from('cache'));
  assert.equal((await digestPath(path)).sha256, model.sha256);
  assert.equal(await readFile(join(path, 'a', 'weights'), 'utf8'), 'weights');

  await rm(path, { recursive: true });
  gcs.put('bucket', `${AT}fit/model/config`.replace('gs://bucket/', ''), 'poison');
  await assert.rejects(bringBack(model, path, from('another')), { code: 'digest-mismatch' });
});

test('kept outputs: a folder that was half brought back when that was broken off is brought back whole', async (context) => {
  const { folder, record, store, keeping } = await given(context);
  const model = (await keepOutputs(record, ['model'], keeping)).outputs.model as FileRef;
  const path = join(folder, model.uri);
  await rm(path, { recursive: true });
  const log = () => undefined;
  const bring = keptObjects({ store: await store(), cache: join(folder, 'cache'), what: 'models', log });
  const broken: typeof bring = async (...given) => [(await bring(...given))[0]!, { path: join(folder, 'gone'), sha256: '', bytes: 0 }];
  await assert.rejects(bringBack(model, path, { store, objects: async () => broken, signal, log }));
  await bringBack(model, path, { store, objects: async () => bring, signal, log });
  assert.equal((await digestPath(path)).sha256, model.sha256);
});

test('kept outputs: a part of a folder may be brought back before the folder itself', async (context) => {
  const { folder, record, store, keeping } = await given(context);
  const kept = (await keepOutputs(record, ['model', 'part'], keeping)).outputs;
  const [model, part] = [kept.model as FileRef, kept.part as FileRef];
  await rm(join(folder, model.uri), { recursive: true });
  const log = () => undefined;
  const bring = keptObjects({ store: await store(), cache: join(folder, 'cache'), what: 'models', log });
  for (const each of [part, model, part]) {
    await bringBack(each, join(folder, each.uri), { store, objects: async () => bring, signal, log });
    assert.equal((await digestPath(join(folder, each.uri))).sha256, each.sha256);
  }
});

test('kept outputs: what lies in a folder of this machine travels all the same', async (context) => {
  const { record, keeping } = await given(context);
  const kept = await keepOutputs(record, ['model', 'test'], { ...keeping, place: 'file:kept' });
  assert.match((kept.outputs.test as FileRef).stored?.uri ?? '', /^file:\/\/\/.*\/kept\/sql-.*\/train\/test\.csv$/);
  assert.deepEqual(leftInStore([kept], 10), []);
});
