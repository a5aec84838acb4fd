import assert from 'node:assert/strict';
import { test } from 'node:test';
import { correctMany, FAIRNESS_MEASURES, type GateAmongMany, type GroupCounts, judge, parseThreshold } from '../../src/metrics/index.ts';
import { twoProportions } from '../../src/statistics/index.ts';

/** Two groups of 200 rows with these numbers of positive predictions. */
const groups = (a: number, b: number): GroupCounts[] => [
  { group: 'a', n: 200, tp: a, fp: 0, fn: 0, tn: 200 - a },
  { group: 'b', n: 200, tp: b, fp: 0, fn: 0, tn: 200 - b },
];
const measure = FAIRNESS_MEASURES.demographic_parity_difference!;
const threshold = parseThreshold('<= 0.0', 'lower');
const gate = (a: number, b: number, judged: 'point' | 'interval' = 'interval'): GateAmongMany => ({
  judgement: judge(threshold, measure(groups(a, b)).estimate, judged),
  threshold,
  estimateAt: (level) => measure(groups(a, b), { level }).estimate,
});
const verdicts = (gates: readonly GateAmongMany[]): string[] => correctMany(gates).map(({ verdict }) => verdict);

test('one gate alone keeps its verdict', () => {
  assert.deepEqual(verdicts([gate(100, 78)]), ['failed']);
  assert.deepEqual(verdicts([gate(100, 95)]), ['incomparable']);
});

test('what lies outside at its own level alone is uncertain among many, what lies far outside still fails', () => {
  // p about .03 each: .03 × 6 is no proof; p below .0001 is one at any rank.
  const alone = twoProportions(100, 200, 78, 200);
  assert.ok('p' in alone && Math.abs(alone.p - 0.027) < 0.001);
  const many = [gate(100, 78), gate(140, 60), ...[1, 2, 3, 4].map(() => gate(100, 99))];
  const found = correctMany(many);
  assert.deepEqual(
    found.map(({ verdict }) => verdict),
    ['incomparable', 'failed', ...Array<string>(4).fill('incomparable')],
  );
  assert.equal(found[0]!.reason?.code, 'uncertain');
  assert.match(
    found[0]!.reason?.text ?? '',
    /is not <= 0\.0, but among 6 gates that may be chance \(p 0\.1\d\d after Holm's correction\)\.$/,
  );
});

test('Holm: the second smallest p has one test fewer to bear', () => {
  assert.deepEqual(verdicts([gate(140, 60), gate(100, 78)]), ['failed', 'failed']);
  assert.deepEqual(verdicts([gate(100, 78), gate(100, 78)]), ['incomparable', 'incomparable']);
});

test('gates on the point, and figures that could not be computed, are no tests and stay as they are', () => {
  const missing: GateAmongMany = { ...gate(100, 78), judgement: judge(threshold, { notComputable: 'too-few', n: 3 }, 'interval') };
  assert.deepEqual(verdicts([gate(100, 78), missing, gate(100, 78, 'point')]), ['failed', 'failed', 'failed']);
});
