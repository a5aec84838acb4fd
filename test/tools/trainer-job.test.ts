import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { trainerJobSchema } from '../../src/kernel/trainer-job.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'trainer-contract.md'), 'utf8');

test('the job shown in the trainer contract is one', () => {
  const shown = /## job\.json\s+```json\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  const job = JSON.parse(shown.replaceAll('"…"', `"${'0'.repeat(64)}"`));
  assert.equal(job.verb, 'fit');
  assert.deepEqual(trainerJobSchema.safeParse(job).error, undefined);
  const { search: _, base: __, ...both } = job;
  const predict = { ...both, verb: 'predict', model: 'model', parts: { predict: job.parts.train } };
  assert.deepEqual(trainerJobSchema.safeParse(predict).error, undefined);
  for (const wrong of [
    { ...job, contract: 2 },
    { ...job, verb: 'predict' },
    { ...job, extra: 1 },
    { ...job, seed: -1 },
    { ...predict, parts: { train: job.parts.train } },
  ]) {
    assert.equal(trainerJobSchema.safeParse(wrong).success, false);
  }
});
