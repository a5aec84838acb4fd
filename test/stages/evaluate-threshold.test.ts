import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluate } from '../../src/stages/evaluate/stage.ts';
import { SqlBench } from './sql-stage.ts';

/** 40 rows, half of them positive: the candidate gives positives 0.8, the champion 0.4; negatives have 0.1. */
const rows = (positive: number): string =>
  `id,label,score\n${Array.from({ length: 40 }, (_, i) => `${i},${i % 2 === 0 ? 'yes' : 'no'},${i % 2 === 0 ? positive : 0.1}`).join('\n')}\n`;
const ask = {
  task: 'classification',
  key: 'id',
  target: { column: 'label', positive: 'yes' },
  predictions: 'candidate.csv',
  primary: 'accuracy',
  'champion-predictions': 'champion.csv',
  'champion-version': 4,
};

test('evaluate: the champion is judged at the threshold kept with it, the candidate at its own', async () => {
  using bench = new SqlBench();
  bench.write('candidate.csv', rows(0.8));
  bench.write('champion.csv', rows(0.4));
  const accuracies = async (metadata: unknown) => {
    const given =
      metadata === undefined ? {} : { 'champion-metadata': bench.write('champion.json', JSON.stringify({ version: 4, metadata })) };
    const { result } = await bench.run(evaluate, { ...ask, ...given });
    const { primary } = result.comparison ?? {};
    return [primary?.candidate, primary?.champion, result.outputs?.threshold, result.outputs?.['champion-threshold']];
  };
  assert.deepEqual(await accuracies({ threshold: 0.3 }), [1, 1, 0.5, 0.3]);
  // Versions from before this was kept are held to the candidate's, as they were.
  assert.deepEqual(await accuracies({}), [1, 0.5, 0.5, 0.5]);
  assert.deepEqual(await accuracies(undefined), [1, 0.5, 0.5, 0.5]);
});

test('evaluate: without a champion there is no threshold of one', async () => {
  using bench = new SqlBench();
  bench.write('candidate.csv', rows(0.8));
  const { result } = await bench.run(evaluate, { ...ask, 'champion-predictions': undefined, 'champion-version': undefined });
  assert.equal('champion-threshold' in (result.outputs ?? {}), false);
});
