import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  anomalyRows,
  bestF1,
  byHorizon,
  chunkLimits,
  chunksOf,
  classificationRows,
  countGroups,
  differenceToOverall,
  differentialFairness,
  disparityTo,
  expectedPerformance,
  findMetric,
  forecastRows,
  generalisedEntropy,
  groupAgainst,
  horizonMetrics,
  type MultilabelRows,
  metricsOf,
  multilabelRows,
  type Rows,
  rankedScoresOf,
  ratioToOverall,
  sharesOfSelected,
  sliceByValue,
  theilIndex,
  topOverlap,
} from '../../src/metrics/index.ts';
import { close, golden } from './close.ts';

const value = (name: string, rows: Rows): number => {
  const estimate = findMetric(rows.task, name).value(rows);
  return 'value' in estimate ? estimate.value : Number.NaN;
};

const B = { truth: [1, 0, 1, 1, 0, 0, 1, 0], scores: [0.9, 0.8, 0.8, 0.7, 0.6, 0.4, 0.4, 0.1] };

test('anomaly: worked example, ties at the cut by expectation', () => {
  const rows = anomalyRows(B);
  close(value('precision_at_4', rows), 0.75);
  close(value('precision_at_2', rows), 0.75);
  close(value('precision_at_true', rows), 0.75);
  assert.deepEqual(bestF1(rankedScoresOf(rows)), { threshold: 0.7, value: 0.75 });
  close(value('auc_roc', rows), 0.75);
  assert.deepEqual(findMetric('anomaly', 'precision_at_9').value(rows), { notComputable: 'one-class', n: 8 });
});

test('anomaly: scores of any size, flags from the threshold on', () => {
  const rows = anomalyRows({ truth: [true, false, true], scores: [-3, -200, 5e10], threshold: -3 });
  assert.deepEqual([value('precision', rows), value('recall', rows), value('f1_score', rows)], [1, 1, 1]);
  assert.equal(rows.take(Uint32Array.of(1)).task, 'anomaly');
  assert.throws(() => anomalyRows({ truth: [2], scores: [1] }), /row 1.*expected 1 for an anomaly or 0 and found 2/);
  assert.throws(() => anomalyRows({ truth: [1], scores: [Number.NaN] }), /row 1, column "score"/);
});

test('anomaly: overlap of the highest rows of two detectors', () => {
  close(topOverlap(Float64Array.of(9, 8, 1, 2), Float64Array.of(9, 1, 8, 2), 2), 1 / 3);
});

test('forecast by horizon: worked example', () => {
  const x = Float64Array.of(1, 2, 4, 3, 5);
  const h = Float64Array.of(1, 1, 2, 2, 3);
  const means = byHorizon(x, h, 0.6);
  assert.deepEqual(
    means.map(({ horizon }) => horizon),
    [2, 3],
  );
  close(means[0]!.value, 2.83333333333, '', 1e-11);
  close(means[1]!.value, 4);
  assert.deepEqual(byHorizon(x, h, 0.6, 'median'), [
    { horizon: 2, value: 3 },
    { horizon: 3, value: 4 },
  ]);
  assert.deepEqual(byHorizon(x, h, 0), [
    { horizon: 1, value: 1.5 },
    { horizon: 2, value: 3.5 },
    { horizon: 3, value: 5 },
  ]);
  assert.equal(byHorizon(x, h, -1).length, 5);
  assert.equal(byHorizon(x, h, 1).length, 1);
});

test('forecast by horizon: percentages only where no truth is next to 0', () => {
  const rows = forecastRows({ truth: [1, 2], predicted: [2, 2], lower: [0, 0], upper: [1, 1], horizons: [1, 2] });
  const found = horizonMetrics(rows, 0);
  assert.deepEqual(found.get('mape'), [
    { horizon: 1, value: 1 },
    { horizon: 2, value: 0 },
  ]);
  assert.deepEqual(
    found.get('coverage')?.map((point) => point.value),
    [1, 0],
  );
  assert.equal(horizonMetrics(forecastRows({ truth: [0, 2], predicted: [2, 2], horizons: [1, 2] })).has('mape'), false);
  assert.deepEqual(horizonMetrics(forecastRows({ truth: [], predicted: [], horizons: [] })).get('mae'), []);
  assert.throws(() => horizonMetrics(forecastRows({ truth: [1], predicted: [1] })), /need the horizon of every row/);
});

test('forecast: MASE by name divides by the step of the training series at its season', async () => {
  const series = { truth: [15, 14], predicted: [14, 15.5], train: [10, 12, 11, 13, 12, 14, 13] };
  const mase = findMetric('forecast', 'mase');
  assert.deepEqual(mase.value(forecastRows({ ...series, season: 2 })), { value: 1.25, n: 2 });
  const found = mase.value(forecastRows(series));
  close('value' in found ? found.value : Number.NaN, 0.833333333333, '', 1e-11);
  assert.deepEqual(mase.value(forecastRows({ ...series, train: [3, 3, 3] })), { notComputable: 'zero-denominator', n: 2 });
  assert.deepEqual(mase.value(forecastRows({ ...series, train: [3, 4], season: 2 })), { notComputable: 'too-few', n: 2 });
  assert.deepEqual(mase.value(forecastRows({ truth: [], predicted: [], train: [1, 2] })), { notComputable: 'empty', n: 0 });
  assert.equal(mase.applies(forecastRows({ truth: [1], predicted: [1] })), false);
  const weighted = mase.value(forecastRows({ ...series, weights: [3, 1] }));
  close('value' in weighted ? weighted.value : Number.NaN, (3 * 1 + 1.5) / 4 / 1.5);
  const estimate = await mase.estimate(forecastRows({ truth: [1, 2, 3, 4], predicted: [2, 2, 4, 4], train: [1, 2] }));
  assert.ok('value' in estimate && estimate.value === 0.5 && estimate.interval?.method === 't');
});

test('forecast: rows keep horizon and scale when some are taken, and bring their usual figures', () => {
  const rows = forecastRows({ truth: [1, 2, 3], predicted: [1, 2, 5], horizons: [1, 2, 3], train: [1, 3] });
  const some = rows.take(Uint32Array.of(2, 0));
  assert.deepEqual([some.task, [...some.horizons!], some.trainStep, [...some.truth]], ['forecast', [3, 1], 2, [3, 1]]);
  assert.deepEqual(
    metricsOf(rows).map(({ name }) => name),
    ['rmse', 'mae', 'mase', 'wape', 'smape', 'bias'],
  );
  assert.throws(() => forecastRows({ truth: [1], predicted: [1], horizons: [1, 2] }), /column "horizon".*expected 1 rows.*found 2/);
  assert.throws(() => forecastRows({ truth: [1], predicted: [1], horizons: [Number.NaN] }), /row 1, column "horizon"/);
  assert.throws(() => forecastRows({ truth: [1], predicted: [1], train: [1, Number.NaN] }), /row 2, column "train"/);
  assert.throws(() => forecastRows({ truth: [1], predicted: [1], season: 0 }), /season is a whole number/);
});

test('performance expected without labels: worked example', () => {
  const found = expectedPerformance([0.9, 0.7, 0.4, 0.2], [1, 1, 0, 0]);
  const expected = { accuracy: 0.75, precision: 0.8, recall: 0.727272727273, f1_score: 0.761904761905 };
  for (const [name, figure] of Object.entries(expected)) close(found[name as keyof typeof expected], figure, name, 1e-11);
  assert.ok(found.auc_roc > 0.5 && found.auc_roc < 1);
  close(expectedPerformance([1, 1, 0, 0], [1, 1, 0, 0]).auc_roc, 1);
  assert.equal(expectedPerformance([0.2], [0]).precision, 0);
});

test('chunks and their limits', () => {
  assert.deepEqual(chunksOf(25, { count: 10 }).length, 13);
  assert.deepEqual(chunksOf(25, { size: 10 }), [
    [0, 10],
    [10, 20],
    [20, 25],
  ]);
  assert.deepEqual(chunkLimits([0.9, 0.9, Number.NaN], { low: 0, high: 1 }), { low: 0.9, high: 0.9 });
  close(chunkLimits([0.8, 1], { low: 0, high: 1 }).low, 0.6);
  assert.equal(chunkLimits([0.8, 1], { low: 0, high: 1 }).high, 1);
});

const multilabel = golden('multilabel') as { truth: string[][]; predicted: string[][]; labels: string[]; expected: Record<string, number> };
test('multilabel metrics equal scikit-learn', () => {
  const rows: MultilabelRows = multilabelRows(multilabel);
  for (const [name, figure] of Object.entries(multilabel.expected)) close(value(name, rows), figure, name);
  assert.throws(() => multilabelRows({ ...multilabel, labels: ['a'] }), /is not a declared label/);
});

const G = classificationRows({
  truth: [1, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0],
  predicted: [1, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0],
  positive: 1,
});
const groupsOfG = sliceByValue('group', [...'AAAAAABBBBB']);

test('group disparities: worked example G', () => {
  const [a, b] = countGroups(G, groupsOfG);
  assert.ok(a && b);
  close(differenceToOverall([a, b], 'selection_rate'), 0.163636363636, '', 1e-11);
  close(ratioToOverall([a, b], 'selection_rate'), 0.55);
  const found = groupAgainst(b, a);
  const expected = {
    statisticalParityDifference: -0.3,
    disparateImpact: 0.4,
    equalOpportunityDifference: -1 / 6,
    averageOddsDifference: -0.25,
    averageOddsError: 0.25,
    baseRateRatio: 0.8,
  };
  for (const [name, figure] of Object.entries(expected)) close(found[name as keyof typeof expected], figure, name);
  close(generalisedEntropy(G), 0.16);
  close(theilIndex(G), 0.233939615916, '', 1e-11);
  close(generalisedEntropy(G, groupsOfG), 0.006);
  close(differentialFairness([a, b]), Math.LN2, '', 1e-11);
  assert.deepEqual(disparityTo(b, a, 'selection_rate').fair, false);
  assert.equal(sharesOfSelected([a, b]).get('A'), 0.75);
  const none = { group: 'C', n: 2, tn: 1, fp: 1, fn: 0, tp: 0 };
  assert.ok(Number.isNaN(groupAgainst(none, a).equalOpportunityDifference));
  close(groupAgainst(none, a, { zeroDivision: 0 }).equalOpportunityDifference, -2 / 3);
});
