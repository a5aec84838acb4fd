import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fScoreOf } from '../../src/metrics/count-scores.ts';
import {
  averagePrecisionStatistic,
  type ClassificationRows,
  classificationMetrics,
  classificationRows,
  estimateAll,
  findMetric,
  multiclassArea,
  regressionMetrics,
  regressionRows,
} from '../../src/metrics/index.ts';
import { cellStatistic, influenceError } from '../../src/metrics/row-statistic.ts';
import { Random } from '../../src/statistics/random.ts';
import { close } from './close.ts';

/** Truth and scores of a binary task, ties included. */
function draw(n: number, seed: number, weighted = false): ClassificationRows {
  const random = Random.of(seed, 6);
  const truth = Array.from({ length: n }, () => Number(random.float() < 0.4));
  const scores = truth.map((y) => Math.round((0.3 * y + 0.7 * random.float()) * 20) / 20);
  return classificationRows({
    truth,
    scores,
    positive: 1,
    classes: [0, 1],
    weights: weighted ? truth.map(() => random.float() + 0.5) : undefined,
  });
}
const leaveOut = (n: number, row: number): Uint32Array => Uint32Array.from({ length: n - 1 }, (_, i) => (i < row ? i : i + 1));

test('shares have Wilson intervals over their own denominators', async () => {
  const rows = classificationRows({
    truth: Array(20).fill(1),
    predicted: Array.from({ length: 20 }, (_, i) => Number(i < 7)),
    classes: [0, 1],
    positive: 1,
  });
  const found = await findMetric('binary', 'recall').estimate(rows);
  assert.ok('value' in found && found.interval?.method === 'wilson' && found.n === 20);
  close(found.interval.low, 0.181191824101, '', 1e-11);
  close(found.interval.high, 0.567145723315, '', 1e-11);
});

test('delta method: the worked F1 example', () => {
  const cells = Float64Array.of(130, 10, 20, 40);
  const codes = Int32Array.from([...Array(130).fill(0), ...Array(10).fill(1), ...Array(20).fill(2), ...Array(40).fill(3)]);
  const f1 = (counts: Float64Array): number => fScoreOf({ cells: counts, classes: ['0', '1'] }, 1);
  const statistic = cellStatistic(codes, cells, f1, () => 50);
  close(statistic.value, 0.727272727273, '', 1e-11);
  close(influenceError(statistic), 0.0479053776734, '', 1e-11);
});

test('jackknife of average precision equals leaving out each row in turn', () => {
  const rows = draw(60, 3);
  const fast = averagePrecisionStatistic(rows).jackknife();
  for (let row = 0; row < rows.n; row++) close(fast[row], averagePrecisionStatistic(rows.take(leaveOut(rows.n, row))).value, `row ${row}`);
});

test('influence of average precision is its derivative by weight', () => {
  const rows = draw(50, 4, true);
  const influence = averagePrecisionStatistic(rows).influence();
  const moved = (row: number, step: number): number => {
    const weights = Float64Array.from(rows.weights!);
    weights[row]! *= 1 + step;
    return averagePrecisionStatistic({ ...rows, weights }).value;
  };
  for (let row = 0; row < rows.n; row++)
    close(influence[row], (rows.n * (moved(row, 1e-5) - moved(row, -1e-5))) / 2e-5, `row ${row}`, 1e-5);
});

test('DeLong of one AUC by merging equals the influence of its rows', async () => {
  const rows = draw(300, 5);
  const found = await findMetric('binary', 'auc_roc').estimate(rows);
  const P = [Float64Array.from(rows.scores!, (s) => 1 - s), rows.scores!];
  const both = await findMetric('multiclass', 'auc_roc_ovr').estimate(
    classificationRows({ truth: rows.truth, probabilities: P, classes: [0, 1] }),
  );
  assert.ok('value' in found && 'value' in both && found.interval && both.interval);
  close(both.value, found.value);
  // The influence divides by n₁ and n₀, DeLong by one less.
  close(both.interval.high - both.value, found.interval.high - found.value, '', 1e-2);
  close(multiclassArea(classificationRows({ truth: rows.truth, probabilities: P, classes: [0, 1] }), 'ovo_macro'), found.value);
});

test('an AUC without spread has no interval rather than one of width 0', async () => {
  for (const scores of [
    [0.1, 0.2, 0.8, 0.9],
    [0.5, 0.5, 0.5, 0.5],
  ]) {
    const found = await findMetric('binary', 'auc_roc').estimate(classificationRows({ truth: [0, 0, 1, 1], scores, positive: 1 }));
    assert.ok('value' in found && found.interval === undefined);
  }
  const P = [
    [0.8, 0.7, 0.1, 0.1, 0.1, 0.1],
    [0.1, 0.2, 0.8, 0.7, 0.1, 0.1],
    [0.1, 0.1, 0.1, 0.2, 0.8, 0.8],
  ];
  const found = await findMetric('multiclass', 'auc_roc_ovr').estimate(classificationRows({ truth: [0, 0, 1, 1, 2, 2], probabilities: P }));
  assert.ok('value' in found && found.value === 1 && found.interval === undefined);
});

test('every metric with an interval holds its own value, whatever the weights', async () => {
  for (const rows of [draw(80, 1), draw(80, 2, true)]) {
    const found = await estimateAll(
      classificationMetrics.filter(({ tasks }) => tasks.includes('binary')),
      rows,
      { replicates: 400, seed: 3n },
    );
    for (const [name, estimate] of found) {
      assert.ok('value' in estimate, name);
      if (['ks_statistic', 'ece', 'mce'].includes(name)) continue;
      assert.ok(estimate.interval !== undefined, name);
      assert.ok(estimate.interval.low <= estimate.value && estimate.value <= estimate.interval.high, name);
      assert.ok(estimate.interval.low < estimate.interval.high, name);
    }
  }
  const random = Random.of(9, 6);
  const truth = Array.from({ length: 60 }, () => 5 + random.normal());
  const rows = regressionRows({ truth, predicted: truth.map((y) => y + random.normal() / 2) });
  for (const [name, estimate] of await estimateAll(regressionMetrics, rows, { replicates: 400, seed: 3n })) {
    if (['median_absolute_error', 'max_error', 'd2_absolute_error'].includes(name)) continue;
    assert.ok('value' in estimate && estimate.interval !== undefined, name);
    assert.ok(estimate.interval.low < estimate.value && estimate.value < estimate.interval.high, name);
  }
});

test('the delta method above 100,000 rows agrees with the bootstrap below', async () => {
  const random = Random.of(11, 6);
  const n = 100_001;
  const truth = Array.from({ length: n }, () => Number(random.float() < 0.3));
  const scores = truth.map((y) => 0.3 * y + 0.7 * random.float());
  const rows = classificationRows({ truth, scores, positive: 1 });
  const part = rows.take(Uint32Array.from({ length: n - 1 }, (_, i) => i));
  for (const name of ['f1_score', 'mcc', 'average_precision']) {
    const large = await findMetric('binary', name).estimate(rows);
    const small = await findMetric('binary', name).estimate(part, { replicates: 300 });
    assert.ok('value' in large && 'value' in small && large.interval && small.interval);
    assert.deepEqual([large.interval.method, small.interval.method], ['delta', 'bca']);
    const width = (one: { low: number; high: number }): number => one.high - one.low;
    close(width(small.interval) / width(large.interval), 1, name, 0.15);
  }
});

test('average precision of many rows: the short way to the standard error equals the influence of the rows', async () => {
  const random = Random.of(21, 6);
  const truth = Array.from({ length: 100_001 }, () => Number(random.float() < 0.3));
  const scores = truth.map((y) => Math.round(1000 * (0.3 * y + 0.7 * random.float())) / 1000);
  const rows = classificationRows({ truth, scores, positive: 1 });
  const found = await findMetric('binary', 'average_precision').estimate(rows);
  assert.ok('value' in found && found.interval);
  close((found.interval.high - found.interval.low) / 2 / 1.959963984540054, influenceError(averagePrecisionStatistic(rows)));
});

test('a figure that cannot vary has no interval rather than one of width 0', async () => {
  const perfect = classificationRows({ truth: [0, 1, 1, 0], predicted: [0, 1, 1, 0], positive: 1 });
  const found = await findMetric('binary', 'f1_score').estimate(perfect);
  assert.deepEqual(found, { value: 1, n: 4 });
});

test('a long bootstrap reports progress and obeys the signal', async () => {
  const rows = draw(20_000, 12);
  const controller = new AbortController();
  const shares: number[] = [];
  const run = findMetric('binary', 'mcc').estimate(rows, {
    signal: controller.signal,
    progress: (share) => {
      shares.push(share);
      if (share > 0.3) controller.abort();
    },
  });
  await assert.rejects(run, { name: 'AbortError' });
  assert.ok(shares.length > 1 && shares.at(-1)! < 1);
});
