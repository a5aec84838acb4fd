import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluate } from '../../src/stages/evaluate/stage.ts';
import { SqlBench } from './sql-stage.ts';

/** Predictions of two classes by turns, of which so many of ten are right. */
const predictions = (right: number): string => {
  const rows = Array.from({ length: 40 }, (_, row) => {
    const [truth, other] = row % 2 === 0 ? ['yes', 'no'] : ['no', 'yes'];
    return `${row},${truth},${Math.floor(row / 2) % 10 < right ? truth : other}`;
  });
  return `id,churn,predicted\n${rows.join('\n')}\n`;
};

test('test rows and out-of-time rows are both scored, and a gate is held against each', async () => {
  using bench = new SqlBench();
  const inputs = {
    task: 'classification',
    target: { column: 'churn', positive: 'yes' },
    key: 'id',
    primary: 'accuracy',
    metrics: ['accuracy'],
    predictions: bench.write('test.csv', predictions(9)),
    'oot-predictions': bench.write('oot.csv', predictions(6)),
  };
  const { result } = await bench.run(evaluate, { ...inputs, gates: { accuracy: '>= 0.8' } });
  const accuracy = result.metrics?.filter(({ name }) => name === 'accuracy').map(({ split, value }) => [split, value]);
  assert.deepEqual(accuracy, [
    ['test', 0.9],
    ['oot', 0.6],
  ]);
  assert.deepEqual(
    result.gates?.map(({ split, verdict }) => [split, verdict]),
    [
      ['test', 'passed'],
      ['oot', 'failed'],
    ],
  );
  assert.equal(result.verdict.kind, 'failed');
});
