import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  basicInterval,
  bcaInterval,
  bootstrapCells,
  bootstrapMeans,
  jackknifeCells,
  jackknifeMeans,
  percentileInterval,
} from '../../../src/statistics/bootstrap.ts';
import type { Interval } from '../../../src/statistics/estimate.ts';
import { deltaStandardError, normalInterval } from '../../../src/statistics/intervals/delta.ts';
import {
  agrestiCaffo,
  katz,
  miettinenNurminen,
  newcombe,
  ratioScore,
  waldDifference,
} from '../../../src/statistics/intervals/differences.ts';
import { meanEstimate, rootMeanEstimate } from '../../../src/statistics/intervals/means.ts';
import { agrestiCoull, clopperPearson, jeffreys, wald, wilson, wilsonCorrected } from '../../../src/statistics/intervals/shares.ts';
import { delongAuc, delongTest } from '../../../src/statistics/paired/delong.ts';
import { newcombePaired, waldPaired } from '../../../src/statistics/paired/share-difference.ts';
import { Random, STREAMS } from '../../../src/statistics/random.ts';
import { normalCdf } from '../../../src/statistics/special/normal.ts';
import { tTest } from '../../../src/statistics/tests/samples.ts';

const SAMPLES = 4000;
const SEED = 20240101;

/** Share of samples whose interval holds the truth. */
function coverage(truth: number, draw: (random: Random) => Interval | undefined): number {
  let held = 0;
  for (let i = 0; i < SAMPLES; i++) {
    const interval = draw(Random.of(SEED, STREAMS.synthetic, i));
    if (interval && interval.low <= truth && truth <= interval.high) held++;
  }
  return held / SAMPLES;
}

function covers(
  name: string,
  truth: number,
  draw: (random: Random) => Interval | undefined,
  [least, most]: readonly [number, number] = [0.935, 0.965],
): void {
  test(`${name}: covers ${(100 * least).toFixed(1)}…${(100 * most).toFixed(1)} % of ${SAMPLES} samples`, (context) => {
    const share = coverage(truth, draw);
    context.diagnostic(`${name}: ${(100 * share).toFixed(2)} %`);
    assert.ok(share >= least && share <= most, `${name}: ${share}`);
  });
}

const hits = (random: Random, n: number, p: number): number => {
  let k = 0;
  for (let i = 0; i < n; i++) if (random.float() < p) k++;
  return k;
};

for (const [n, p] of [
  [100, 0.5],
  [200, 0.3],
  [500, 0.1],
] as const) {
  covers(`Wilson, n ${n}, p ${p}`, p, (random) => wilson(hits(random, n, p), n));
  covers(`Jeffreys, n ${n}, p ${p}`, p, (random) => jeffreys(hits(random, n, p), n));
  covers(`Agresti-Coull, n ${n}, p ${p}`, p, (random) => agrestiCoull(hits(random, n, p), n));
  covers(`Wald, n ${n}, p ${p}`, p, (random) => wald(hits(random, n, p), n));
}
// Exceptions, see docs/decisions/statistics.md: exact and corrected intervals are too wide by design, Wald too narrow near the ends.
covers('Clopper-Pearson, n 100, p .3 (at least 95 %)', 0.3, (random) => clopperPearson(hits(random, 100, 0.3), 100), [0.945, 0.985]);
covers('Wilson corrected, n 100, p .3 (at least 95 %)', 0.3, (random) => wilsonCorrected(hits(random, 100, 0.3), 100), [0.945, 0.985]);
covers('Wald, n 30, p .05 (far too narrow)', 0.05, (random) => wald(hits(random, 30, 0.05), 30), [0.7, 0.87]);

const twoShares = (f: (k1: number, n1: number, k2: number, n2: number) => Interval | undefined) => (random: Random) =>
  f(hits(random, 120, 0.35), 120, hits(random, 150, 0.25), 150);
covers('Newcombe, 120 at .35 and 150 at .25', 0.1, twoShares(newcombe));
covers('Wald difference, 120 at .35 and 150 at .25', 0.1, twoShares(waldDifference));
covers('Agresti-Caffo, 120 at .35 and 150 at .25', 0.1, twoShares(agrestiCaffo));
covers('Miettinen-Nurminen, 120 at .35 and 150 at .25', 0.1, twoShares(miettinenNurminen));
covers('Katz, 120 at .35 and 150 at .25', 1.4, twoShares(katz));
covers('ratio by score, 120 at .35 and 150 at .25', 1.4, twoShares(ratioScore));

/** 300 rows, accuracies .8 and .75, both right .7. */
const pairedShares = (random: Random) => {
  const cells = { both: 0, onlyFirst: 0, onlySecond: 0, neither: 0 };
  for (let i = 0; i < 300; i++) {
    const u = random.float();
    if (u < 0.7) cells.both++;
    else if (u < 0.8) cells.onlyFirst++;
    else if (u < 0.85) cells.onlySecond++;
    else cells.neither++;
  }
  return cells;
};
covers('Wald paired, n 300, 15 % discordant', 0.05, (random) => waldPaired(pairedShares(random)).interval);
covers('Newcombe paired, n 300, 15 % discordant', 0.05, (random) => newcombePaired(pairedShares(random)));

const normals = (random: Random, n: number, shift = 0): Float64Array => Float64Array.from({ length: n }, () => random.normal() + shift);
const intervalOf = (estimate: object): Interval | undefined => ('interval' in estimate ? (estimate.interval as Interval) : undefined);
covers('t, n 20, normal', 0, (random) => intervalOf(meanEstimate(normals(random, 20))));
const squares = (random: Random, n: number): Float64Array => normals(random, n).map((z) => z * z);
covers('t, n 1000, squares of normals', 1, (random) => intervalOf(meanEstimate(squares(random, 1000))));
covers('RMSE, n 1000', 1, (random) => intervalOf(rootMeanEstimate(squares(random, 1000))));
// Exception: the skew of squared errors costs about one point at 200 rows.
covers('RMSE, n 200 (a little narrow)', 1, (random) => intervalOf(rootMeanEstimate(squares(random, 200))), [0.925, 0.955]);
covers('Welch difference, n 25 and 40, σ 1 and 2', -0.5, (random) =>
  intervalOf(
    tTest(
      normals(random, 25),
      normals(random, 40).map((z) => 2 * z + 0.5),
      { equalVariances: false },
    ),
  ),
);

const AUC = normalCdf(1 / Math.SQRT2);
const scored = (random: Random) => {
  const labels = Array.from({ length: 160 }, (_, i) => (i < 70 ? 1 : 0));
  const base = labels.map((label) => label + random.normal());
  return { labels, base };
};
covers('DeLong AUC, 70 positives, 90 negatives', AUC, (random) => {
  const { labels, base } = scored(random);
  return intervalOf(delongAuc(labels, base));
});
covers('DeLong difference, noisier second score', AUC - normalCdf(1 / Math.sqrt(4)), (random) => {
  const { labels, base } = scored(random);
  return intervalOf(
    delongTest(
      labels,
      base,
      base.map((s) => s + random.normal()),
    ),
  );
});

const MEAN_DRAWS = 1000;
covers('bootstrap percentile of a mean, n 100', 0, (random) =>
  percentileInterval(bootstrapMeans(normals(random, 100), { seed: random.u32(), replicates: MEAN_DRAWS })),
);
covers('bootstrap basic of a mean, n 100', 0, (random) => {
  const x = normals(random, 100);
  return basicInterval(x.reduce((total, v) => total + v, 0) / x.length, bootstrapMeans(x, { seed: random.u32(), replicates: MEAN_DRAWS }));
});
covers(
  'BCa of a mean, n 100, skewed',
  1,
  (random) => {
    const x = normals(random, 100).map((z) => z * z);
    const replicates = bootstrapMeans(x, { seed: random.u32(), replicates: MEAN_DRAWS });
    return bcaInterval(x.reduce((total, v) => total + v, 0) / x.length, replicates, jackknifeMeans(x));
  },
  [0.91, 0.965],
);

const f1 = (c: Float64Array): number => (2 * c[0]!) / (2 * c[0]! + c[1]! + c[2]!);
const SHARES = [0.3, 0.1, 0.12, 0.48];
const TRUE_F1 = 0.6 / (0.6 + 0.22);
const confusion = (random: Random, n: number): Uint8Array =>
  Uint8Array.from({ length: n }, () => {
    const u = random.float();
    return u < 0.3 ? 0 : u < 0.4 ? 1 : u < 0.52 ? 2 : 3;
  });
const countsOf = (codes: Uint8Array): Float64Array => {
  const counts = new Float64Array(SHARES.length);
  for (const code of codes) counts[code]!++;
  return counts;
};
covers('delta F1, n 400', TRUE_F1, (random) => {
  const counts = countsOf(confusion(random, 400));
  return normalInterval(f1(counts), deltaStandardError(counts, f1));
});
covers('BCa F1, n 300', TRUE_F1, (random) => {
  const codes = confusion(random, 300);
  const counts = countsOf(codes);
  return bcaInterval(f1(counts), bootstrapCells(codes, 4, f1, { seed: random.u32(), replicates: 1000 }), jackknifeCells(counts, f1));
});
