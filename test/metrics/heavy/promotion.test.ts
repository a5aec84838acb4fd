import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ClassificationRows,
  classificationRows,
  compareModels,
  findMetric,
  isDifference,
  type Metric,
  type RegressionRows,
  type Rows,
  regressionRows,
} from '../../../src/metrics/index.ts';
import { Random, STREAMS } from '../../../src/statistics/random.ts';
import { normalCdf, normalQuantile } from '../../../src/statistics/special/normal.ts';

const PAIRS = 1_000;
const REACH = normalQuantile(0.975) + normalQuantile(0.8);

/** Two models on the same rows; `effect` 0 makes them equally good. */
interface World<R extends Rows> {
  readonly name: string;
  readonly metric: Metric;
  readonly method: string;
  /** True difference of the metric at an effect. */
  readonly truly: (effect: number) => number;
  readonly most: number;
  draw(random: Random, effect: number): [R, R];
}

/** Answers of two taggers of yes and no that err apart: `hits` and `alarms` are their true and false positive rates. */
function answers(
  random: Random,
  n: number,
  share: number,
  hits: readonly [number, number],
  alarm: number,
): [ClassificationRows, ClassificationRows] {
  const truth = Int32Array.from({ length: n }, () => Number(random.float() < share));
  const side = (hit: number): ClassificationRows =>
    classificationRows({
      truth,
      predicted: truth.map((y) => Number(random.float() < (y === 1 ? hit : alarm))),
      classes: [0, 1],
      positive: 1,
    });
  return [side(hits[0]), side(hits[1])];
}

const f1Of = (share: number, hit: number, alarm: number): number => (2 * share * hit) / (share * hit + (1 - share) * alarm + share);

const accuracy: World<ClassificationRows> = {
  name: 'accuracy, n 1,000, some 120 discordant rows',
  metric: findMetric('binary', 'accuracy'),
  method: 'wald-paired',
  truly: (effect) => effect,
  most: 0.1,
  draw(random, effect) {
    const n = 1_000;
    const truth = Int32Array.from({ length: n }, () => Number(random.float() < 0.4));
    const [first, second] = [truth.slice(), truth.slice()];
    for (let i = 0; i < n; i++) {
      const u = random.float();
      if (u < 0.2) {
        first[i] = 1 - truth[i]!;
        second[i] = 1 - truth[i]!;
      } else if (u < 0.2 + (0.12 + effect) / 2) second[i] = 1 - truth[i]!;
      else if (u < 0.32) first[i] = 1 - truth[i]!;
    }
    const rows = (predicted: Int32Array): ClassificationRows => classificationRows({ truth, predicted, classes: [0, 1], positive: 1 });
    return [rows(first), rows(second)];
  },
};

const f1: World<ClassificationRows> = {
  name: 'F1, n 400, some 110 discordant rows',
  metric: findMetric('binary', 'f1_score'),
  method: 'bca',
  truly: (effect) => f1Of(0.4, 0.7 + effect, 0.1) - f1Of(0.4, 0.7, 0.1),
  most: 0.29,
  draw: (random, effect) => answers(random, 400, 0.4, [0.7 + effect, 0.7], 0.1),
};

const auc: World<ClassificationRows> = {
  name: 'AUC, n 500',
  metric: findMetric('binary', 'auc_roc'),
  method: 'delong',
  truly: (effect) => normalCdf((1 + effect) / Math.SQRT2) - normalCdf(1 / Math.SQRT2),
  most: 2,
  draw(random, effect) {
    const truth = Int32Array.from({ length: 500 }, () => Number(random.float() < 0.3));
    const shared = Float64Array.from(truth, () => random.normal());
    const side = (gain: number): ClassificationRows => {
      const scores = Array.from(truth, (y, i) => normalCdf(gain * y + 0.8 * shared[i]! + 0.6 * random.normal()));
      return classificationRows({ truth, scores, classes: [0, 1], positive: 1 });
    };
    return [side(1 + effect), side(1)];
  },
};

/** Errors of two regressors with half of their variance in common. */
function errors(random: Random, n: number, spread: readonly [number, number]): [RegressionRows, RegressionRows] {
  const truth = Float64Array.from({ length: n }, () => 10 * random.float());
  const shared = Float64Array.from(truth, () => random.normal());
  const side = (size: number): RegressionRows =>
    regressionRows({ truth, predicted: truth.map((y, i) => y + size * Math.SQRT1_2 * (shared[i]! + random.normal())) });
  return [side(spread[0]), side(spread[1])];
}

const rmse: World<RegressionRows> = {
  name: 'RMSE, n 300',
  metric: findMetric('regression', 'rmse'),
  method: 'bca',
  truly: (effect) => effect,
  most: 0.9,
  draw: (random, effect) => errors(random, 300, [1 - effect, 1]),
};

const mae: World<RegressionRows> = {
  name: 'MAE, n 300',
  metric: findMetric('regression', 'mae'),
  method: 't',
  truly: (effect) => effect * Math.sqrt(2 / Math.PI),
  most: 0.9,
  draw: (random, effect) => errors(random, 300, [1 - effect, 1]),
};

/** The effect whose true difference is the smallest visible one, by its standard error over 60 pairs. */
async function visibleEffect<R extends Rows>(world: World<R>): Promise<number> {
  const excess = async (effect: number): Promise<number> => {
    let total = 0;
    for (let i = 0; i < 60; i++) {
      const [candidate, champion] = world.draw(Random.of(99n, STREAMS.synthetic, i), effect);
      const found = await world.metric.compare!(candidate, champion, { replicates: 400, seed: BigInt(i) });
      assert.ok(isDifference(found) && found.interval.method === world.method);
      total += found.standardError / 60;
    }
    return world.truly(effect) - REACH * total;
  };
  let [low, high] = [0, world.most];
  for (let step = 0; step < 8; step++) {
    const middle = (low + high) / 2;
    if ((await excess(middle)) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

async function promoted<R extends Rows>(world: World<R>, effect: number, seed: bigint): Promise<number> {
  let count = 0;
  let differing = 0;
  for (let i = 0; i < PAIRS; i++) {
    const [candidate, champion] = world.draw(Random.of(seed, STREAMS.synthetic, i), effect);
    const found = await compareModels({ primary: world.metric, candidate, champion, seed: BigInt(i) });
    if (found.verdict === 'better') count++;
    const { discordant } = found.primary!;
    if (discordant !== undefined) differing += discordant.candidateOnly + discordant.championOnly;
  }
  if (differing > 0) assert.ok(differing >= 100 * PAIRS, `only ${differing / PAIRS} discordant rows a pair`);
  return count / PAIRS;
}

for (const world of [accuracy, auc, mae, f1, rmse] as readonly World<Rows>[]) {
  test(`${world.name}: of 1,000 equal pairs at most 3.5 % are promoted`, async (t) => {
    const share = await promoted(world, 0, 1n);
    t.diagnostic(`${world.metric.name} null: ${(share * 100).toFixed(1)} %`);
    assert.ok(share <= 0.035, `${share}`);
  });

  test(`${world.name}: of 1,000 pairs that differ by the smallest visible difference 75 to 85 % are promoted`, async (t) => {
    const effect = await visibleEffect(world);
    const share = await promoted(world, effect, 2n);
    t.diagnostic(`${world.metric.name} at ${world.truly(effect).toFixed(4)}: ${(share * 100).toFixed(1)} %`);
    assert.ok(share >= 0.75 && share <= 0.85, `${share} at ${effect}`);
  });
}

test('few discordant rows: of 1,000 equal pairs with some 8 of them at most 3.5 % are promoted', async (t) => {
  const metric = findMetric('binary', 'accuracy');
  let count = 0;
  for (let i = 0; i < PAIRS; i++) {
    const random = Random.of(3n, STREAMS.synthetic, i);
    const truth = Int32Array.from({ length: 100 }, () => Number(random.float() < 0.4));
    const rows = (): ClassificationRows =>
      classificationRows({ truth, predicted: truth.map((y) => (random.float() < 0.04 ? 1 - y : y)), classes: [0, 1], positive: 1 });
    if ((await compareModels({ primary: metric, candidate: rows(), champion: rows() })).verdict === 'better') count++;
  }
  t.diagnostic(`few: ${count} of 1,000`);
  assert.ok(count <= 35, `${count}`);
});
