import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { run } from '../../src/hosts/run.ts';
import type { View } from '../../src/hosts/view.ts';
import type { StageEntry } from '../../src/kernel/flow.ts';
import { wired } from '../../src/kernel/inputs.ts';
import type { FileRef } from '../../src/kernel/record.ts';
import { runFolder } from '../../src/kernel/run-folder.ts';
import { defineStage, type Stage } from '../../src/kernel/stage.ts';
import { passed } from '../../src/kernel/verdict.ts';
import { scratchFolder, patience as signal } from '../contracts/scratch.ts';
import { gcsStandIn } from '../stand-ins/gcs.ts';

const train = defineStage({
  name: 'train',
  summary: 'Leaves a model and a note.',
  inputs: {},
  outputs: { model: 'A folder.', note: 'A file.' },
  keeps: ['model'],
  needs: {},
  async run(_inputs, _providers, { files }) {
    await files.write('model/weights', 'weights');
    return { verdict: passed, found: '', outputs: { model: files.adopt('model'), note: await files.write('note', 'x') } };
  },
});

const evaluate = defineStage({
  name: 'evaluate',
  summary: 'Reads the model.',
  inputs: { model: wired('train.model', z.string().describe('Folder.')) },
  outputs: { text: 'What it says.' },
  needs: {},
  run: async ({ model }) => ({ verdict: passed, found: '', outputs: { text: await readFile(join(model, 'weights'), 'utf8') } }),
});

const entries: readonly StageEntry[] = [
  { name: 'train', phase: 'train', load: async () => train as unknown as Stage },
  { name: 'evaluate', phase: 'assess', load: async () => evaluate as unknown as Stage },
];
const silent = new Proxy({}, { get: () => () => undefined }) as View;

test('run: with a store the outputs a stage names lie there, and a stage of another machine brings them back', async (context) => {
  const [home, gcs] = [await scratchFolder(context), await gcsStandIn(context, 'bucket')];
  const request = {
    model: 'sql',
    shared: { store: 'gs://bucket/kept' },
    stages: {},
    resolved: {},
    configuration: 'c'.repeat(64),
    policy: { retries: 0, delaySeconds: 0, timeoutSeconds: 60 },
    logicalDate: '2026-11-21',
    force: false,
    home,
    base: home,
    root: home,
    version: '1.0.0',
    env: { STORAGE_EMULATOR_HOST: gcs.endpoint },
    clock: () => new Date('2026-11-21T12:00:00Z'),
    entries,
  };
  const first = await run({ ...request, only: ['train'] }, silent, signal);
  const { model, note } = first.records[0]!.outputs as { model: FileRef; note: FileRef };
  assert.equal(model.stored?.files[0]?.uri, `gs://bucket/kept/${first.id}/train/model/weights`);
  assert.deepEqual([note.stored, gcs.buckets.get('bucket')?.size], [undefined, 1]);

  await rm(join(runFolder(home, first.id), 'files', 'train', 'model'), { recursive: true });
  const then = await run({ ...request, only: ['evaluate'], previous: first }, silent, signal);
  assert.deepEqual([then.outcome, then.records[1]?.outputs.text], ['passed', 'weights']);

  await rm(join(runFolder(home, first.id), 'files', 'train', 'model'), { recursive: true });
  gcs.put('bucket', `kept/${first.id}/train/model/weights`, 'poison');
  const env = { ...request.env, RETRAIN_CACHE: join(home, 'another cache') };
  const poisoned = await run({ ...request, env, only: ['evaluate'], previous: first }, silent, signal);
  assert.equal(poisoned.records[1]?.error?.code, 'digest-mismatch');
});
