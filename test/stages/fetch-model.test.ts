import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { z } from 'zod';
import { digestPath } from '../../src/kernel/digest.ts';
import { openStageFiles } from '../../src/kernel/stage-files.ts';
import type { Models } from '../../src/providers/models/models.ts';
import { fileRegistry } from '../../src/providers/registries/file.ts';
import { openData } from '../../src/providers/sources/data.ts';
import { fetchData } from '../../src/stages/fetch-data/stage.ts';
import { fetchModel } from '../../src/stages/fetch-model/stage.ts';
import { scratchFolder, patience as signal } from '../contracts/scratch.ts';

const log = { info: () => undefined, warn: () => undefined, progress: () => undefined };
const run = { id: 'r', model: 'm', logicalDate: '2026-11-21', seed: '0'.repeat(16) };

/** Models by URI; each is one file that holds its URI. */
const shelf = (newest?: string): Models => ({
  newest: async () => newest,
  async fetch(uri, to) {
    await openStageFiles(to);
    await writeFile(join(to, 'config.json'), JSON.stringify({ uri }));
    return { ...(await digestPath(to)), uri, generation: '7', files: [] };
  },
});

async function bench(context: TestContext, { champion = false, newest }: { champion?: boolean; newest?: string } = {}) {
  const folder = await scratchFolder(context);
  const registry = fileRegistry({ root: join(folder, 'registry'), log: () => undefined });
  if (champion) {
    await writeFile(join(folder, 'weights'), 'the champion');
    const draft = { files: { 'model/weights': join(folder, 'weights') }, metadata: { algorithm: 't5' }, created: '2026-11-21T00:00:00Z' };
    const { version } = await registry.add('sql', draft, signal);
    await registry.move('sql', { champion: version }, 0, signal);
  }
  const files = await openStageFiles(join(folder, 'files'));
  return {
    folder,
    registry,
    async fetch(given: Readonly<Record<string, unknown>>) {
      const inputs = z.strictObject(fetchModel.inputs).parse({ name: 'sql', ...given });
      return fetchModel.run(inputs, { registry, models: shelf(newest) }, { files, signal, log, now: new Date(0), run });
    },
  };
}

test('fetch-model: without champion and base the first version starts from nothing', async (context) => {
  const { verdict, outputs } = await (await bench(context)).fetch({});
  assert.deepEqual([verdict.kind, outputs], ['skipped', undefined]);
});

test('fetch-model: base champion is the champion, even where `initial` is named; before it is there, `initial`', async (context) => {
  const later = await (await bench(context, { champion: true })).fetch({ initial: 'hf://google-t5/t5-small' });
  assert.deepEqual(later.outputs?.base, { file: 'champion/model' });
  assert.deepEqual([later.outputs?.['base-uri'], later.outputs?.['base-generation'], later.outputs?.version], ['registry:sql/1', '1', 1]);
  const first = await (await bench(context)).fetch({ initial: 'hf://google-t5/t5-small' });
  assert.deepEqual(
    [first.verdict.kind, first.outputs?.base, first.outputs?.['base-uri']],
    ['passed', { file: 'base', stored: { uri: 'hf://google-t5/t5-small', files: [] } }, 'hf://google-t5/t5-small'],
  );
  assert.equal(first.outputs?.champion, undefined);
});

test('fetch-model: the digest of the champion as base is that of its folder', async (context) => {
  const { fetch, folder } = await bench(context, { champion: true });
  const { outputs } = await fetch({});
  assert.equal(outputs?.['base-digest'], (await digestPath(join(folder, 'files', 'champion', 'model'))).sha256);
});

test('fetch-model: base latest is the newest below the prefix, `initial` while there is none, and an error without either', async (context) => {
  const given = { base: 'latest', prefix: 'gs://b/t5' };
  const there = await (await bench(context, { champion: true, newest: 'gs://b/t5/v9/' })).fetch(given);
  assert.deepEqual([there.outputs?.['base-uri'], there.outputs?.version], ['gs://b/t5/v9/', 1]);
  const none = await (await bench(context)).fetch({ ...given, initial: 'hf://google-t5/t5-small' });
  assert.equal(none.outputs?.['base-uri'], 'hf://google-t5/t5-small');
  await assert.rejects((await bench(context)).fetch(given), { code: 'no-such-model', message: /gs:\/\/b\/t5/ });
});

test('fetch-model: base original is always `initial`, and must name one', async (context) => {
  const { fetch } = await bench(context, { champion: true, newest: 'gs://b/t5/v9/' });
  assert.equal((await fetch({ base: 'original', initial: 't5-small' })).outputs?.['base-uri'], 't5-small');
  const inputs = (given: object) => z.strictObject(fetchModel.inputs).parse({ name: 'sql', ...given });
  assert.deepEqual(
    fetchModel.check?.(inputs({ base: 'original' })).map(({ path }) => path),
    ['initial'],
  );
  assert.deepEqual(
    fetchModel.check?.(inputs({ base: 'latest' })).map(({ path }) => path),
    ['prefix'],
  );
});

test('fetch-data: the base is part of the key, unless it is the champion', async (context) => {
  const { folder, registry } = await bench(context);
  await writeFile(join(folder, 'a.csv'), 'x\n1\n');
  const data = openData({ base: folder, cache: join(folder, 'cache') });
  const keyOf = async (given: Readonly<Record<string, unknown>>) => {
    const inputs = z.strictObject(fetchData.inputs).parse({ name: 'sql', source: 'a.csv', read: {}, ...given });
    const context = { files: await openStageFiles(join(folder, 'data')), signal, log, now: new Date(0), run };
    return (await fetchData.run(inputs, { data, registry }, context)).outputs?.key;
  };
  const plain = await keyOf({});
  assert.equal(await keyOf({ base: 'champion', 'base-digest': 'a' }), plain);
  assert.equal(await keyOf({ base: 'champion', 'base-digest': 'b' }), plain);
  const [a, b, c] = [
    await keyOf({ base: 'latest', 'base-digest': 'a' }),
    await keyOf({ base: 'latest', 'base-digest': 'b' }),
    await keyOf({ base: 'original', 'base-digest': 'a' }),
  ];
  assert.deepEqual([a === plain, a === b, a === c], [false, false, true]);
});
