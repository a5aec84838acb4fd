import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classificationRows, findMetric, type Metric, type Rows, regressionRows } from '../../../src/metrics/index.ts';
import { Random, STREAMS } from '../../../src/statistics/random.ts';
import { normalCdf } from '../../../src/statistics/special/normal.ts';

const SAMPLES = 4_000;

interface World {
  readonly name: string;
  readonly metric: Metric;
  readonly method: string;
  readonly draw: (random: Random) => Rows;
  readonly truth: number;
  /** 95 ± 1.5 % unless docs/decisions/statistics.md names it an exception. */
  readonly within?: readonly [number, number];
  readonly replicates?: number;
}

const scored = (n: number, weight?: (random: Random) => number) => (random: Random) => {
  const truth = Int32Array.from({ length: n }, () => Number(random.float() < 0.4));
  const scores = Array.from(truth, (y) => normalCdf(y + random.normal()));
  const weights = weight && Float64Array.from({ length: n }, () => weight(random));
  return classificationRows({ truth, scores, classes: [0, 1], positive: 1, weights });
};
/** P(a positive scores above a negative) where scores are normal, one deviation apart. */
const AUC = normalCdf(1 / Math.SQRT2);

/** Three classes, probabilities of their own class raised: each class against the rest has the same AUC, found by drawing once. */
const threeClasses = (n: number) => (random: Random) => {
  const truth = Int32Array.from({ length: n }, () => random.below(3));
  const raw = Array.from(truth, (y) => [0, 1, 2].map((k) => random.float() + (k === y ? 0.4 : 0)));
  const columns = [0, 1, 2].map((k) => Float64Array.from(raw, (row) => row[k]! / (row[0]! + row[1]! + row[2]!)));
  return classificationRows({ truth, probabilities: columns, classes: [0, 1, 2] });
};
const large = <R extends Rows>(metric: Metric, draw: (random: Random) => R): number => {
  const found = metric.value(draw(Random.of(5, STREAMS.synthetic, 1)));
  assert.ok('value' in found);
  return found.value;
};
const linear = (n: number) => (random: Random) => {
  const truth = Float64Array.from({ length: n }, () => 2 * random.normal());
  return regressionRows({ truth, predicted: truth.map((y) => y + random.normal()) });
};

const ovr = findMetric('multiclass', 'auc_roc_ovr');
const precision = findMetric('binary', 'average_precision');
const WORLDS: readonly World[] = [
  {
    name: 'AUC with weights, n 300',
    metric: findMetric('binary', 'auc_roc'),
    method: 'delta',
    draw: scored(300, (random) => 0.5 + random.float()),
    truth: AUC,
  },
  {
    name: 'one class against the rest, n 200',
    metric: ovr,
    method: 'delong',
    draw: threeClasses(200),
    truth: large(ovr, threeClasses(400_000)),
  },
  { name: 'R², n 200', metric: findMetric('regression', 'r2'), method: 'bca', draw: linear(200), truth: 0.75 },
  {
    name: 'average precision, n 200',
    metric: precision,
    method: 'bca',
    draw: scored(200),
    truth: large(precision, scored(1_000_000)),
    within: [0.91, 0.96],
    replicates: 250,
  },
];

for (const { name, metric, method, draw, truth, within: [least, most] = [0.935, 0.965], replicates = 500 } of WORLDS)
  test(`${name} (${method}): its interval covers ${least * 100} to ${most * 100} % of ${SAMPLES} samples`, async (t) => {
    let held = 0;
    for (let i = 0; i < SAMPLES; i++) {
      const found = await metric.estimate(draw(Random.of(20240101, STREAMS.synthetic, i)), { seed: BigInt(i), replicates });
      assert.ok('value' in found && found.interval?.method === method, `${name}: ${JSON.stringify(found)}`);
      if (found.interval.low <= truth && truth <= found.interval.high) held++;
    }
    t.diagnostic(`${name}: ${((100 * held) / SAMPLES).toFixed(2)} %`);
    assert.ok(held / SAMPLES >= least && held / SAMPLES <= most, `${held / SAMPLES}`);
  });
