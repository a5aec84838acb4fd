import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  basicInterval,
  bcaInterval,
  bootstrapError,
  bootstrapMeans,
  bootstrapRows,
  jackknifeMeans,
  jackknifeRows,
  percentileInterval,
} from '../../src/statistics/bootstrap.ts';
import { adjust, type Correction, combineFisher, combineStouffer } from '../../src/statistics/corrections.ts';
import { kendall, pearson, spearman } from '../../src/statistics/correlations.ts';
import type { Interval } from '../../src/statistics/estimate.ts';
import { type HistogramRule, histogramEdges } from '../../src/statistics/histogram-rules.ts';
import { agrestiCaffo, katz, newcombe, ratioScore, waldDifference } from '../../src/statistics/intervals/differences.ts';
import { type ShareMethod, shareEstimate } from '../../src/statistics/intervals/shares.ts';
import { Moments } from '../../src/statistics/moments.ts';
import { mean, variance } from '../../src/statistics/numbers.ts';
import { delongAuc, delongTest } from '../../src/statistics/paired/delong.ts';
import { pairedT, signTest, wilcoxon } from '../../src/statistics/paired/differences.ts';
import { type QuantileMethod, quantiles } from '../../src/statistics/quantiles.ts';
import { interquartileRange, medianDeviation } from '../../src/statistics/spread.ts';
import { chiSquareContingency, chiSquareFit, mutualInformation } from '../../src/statistics/tests/chi-square.ts';
import type { Alternative, Tested } from '../../src/statistics/tests/tested.ts';
import { barnardExact, binomialTest, fisherExact, type TwoByTwo } from '../../src/statistics/tests/two-by-two.ts';
import { allClose, close } from './close.ts';
import { golden, type SampleSpec, sampleOf } from './golden-samples.ts';

const SIDES: readonly Alternative[] = ['two-sided', 'less', 'greater'];
type Pair = [number, number];

function same(found: Tested, expected: Pair | null, what: string, tolerance = 1e-9): void {
  if (!expected) {
    assert.ok(!('p' in found), `${what}: expected none, found ${JSON.stringify(found)}`);
    return;
  }
  assert.ok('p' in found, `${what}: ${JSON.stringify(found)}`);
  close(found.statistic, expected[0], 1e-9, `${what} statistic`);
  close(found.p, expected[1], tolerance, `${what} p`);
}

interface Describing {
  readonly qs: number[];
  readonly cases: {
    readonly sample: SampleSpec;
    readonly mean: number;
    readonly var0: number;
    readonly skewness: number | null;
    readonly kurtosis: number | null;
    readonly mad: number;
    readonly iqr: number;
    readonly quantiles: Record<QuantileMethod, number[]>;
    readonly bins?: Record<HistogramRule, number>;
  }[];
  readonly pairs: {
    readonly a: SampleSpec;
    readonly b: SampleSpec;
    readonly mix: number;
    readonly pearson: Pair;
    readonly spearman: Pair;
    readonly kendall: Pair;
  }[];
}
const describing = golden<Describing>('describing');

for (const wanted of describing.cases) {
  test(`moments, quantiles and bins as numpy and scipy: ${JSON.stringify(wanted.sample)}`, () => {
    const x = sampleOf(wanted.sample);
    const moments = Moments.of(x);
    close(moments.mean, wanted.mean, 1e-14, 'mean');
    close(mean(x), wanted.mean, 1e-14, 'mean');
    close(moments.variance(0), wanted.var0, 1e-12, 'variance');
    close(variance(x, 0), wanted.var0, 1e-12, 'variance');
    for (const [name, found] of [
      ['skewness', moments.skewness()],
      ['kurtosis', moments.kurtosis()],
    ] as const) {
      if (wanted[name] === null) assert.ok(Number.isNaN(found), name);
      else if (Number.isFinite(moments.m4) && moments.m4 > 0) close(found, wanted[name], 1e-8, name);
    }
    close(medianDeviation(x), wanted.mad, 1e-9, 'MAD');
    close(interquartileRange(x), wanted.iqr, 1e-9, 'IQR');
    for (const [method, expected] of Object.entries(wanted.quantiles))
      allClose(quantiles(x, describing.qs, method as QuantileMethod), expected, 1e-13, method);
    for (const [rule, bins] of Object.entries(wanted.bins ?? {}))
      assert.equal(histogramEdges(x, rule as HistogramRule).length - 1, bins, rule);
  });
}

test('Pearson, Spearman and Kendall as scipy', () => {
  for (const { a, b, mix, ...wanted } of describing.pairs) {
    const x = sampleOf(a);
    const y = sampleOf(b).map((e, i) => mix * x[i]! + e);
    const what = `${a.n} ${a.kind}`;
    same(pearson(x, y), wanted.pearson, `${what} Pearson`);
    same(spearman(x, y), wanted.spearman, `${what} Spearman`);
    same(kendall(x, y), wanted.kendall, `${what} Kendall`);
  }
});

interface Tables {
  readonly cases: {
    readonly table: number[][];
    readonly pearson: [number, number, number];
    readonly yates: [number, number, number];
    readonly g: [number, number, number];
    readonly cramer: number;
    readonly mi: number;
    readonly fisher?: Record<Alternative, number>;
    /** scipy's statistic and p, and the supremum by the definition: scipy sometimes stops at a lower peak. */
    readonly barnard?: Record<Alternative, [number, number, number]>;
  }[];
  readonly fits: { readonly observed: number[]; readonly expected: number[]; readonly chi2: Pair; readonly g: Pair }[];
  readonly binomial: [number, number, number, Alternative, number][];
}
const tables = golden<Tables>('tables');

test('contingency tables as scipy: χ², Yates, G, V, mutual information, Fisher, Barnard', () => {
  for (const wanted of tables.cases) {
    const what = JSON.stringify(wanted.table);
    const plain = chiSquareContingency(wanted.table);
    same(plain, [wanted.pearson[0], wanted.pearson[1]], what);
    assert.ok('df' in plain);
    assert.equal(plain.df, wanted.pearson[2]);
    same(chiSquareContingency(wanted.table, { yates: true }), [wanted.yates[0], wanted.yates[1]], `${what} Yates`);
    same(chiSquareContingency(wanted.table, { statistic: 'g' }), [wanted.g[0], wanted.g[1]], `${what} G`);
    close(plain.cramerV, wanted.cramer, 1e-9, `${what} V`);
    close(mutualInformation(wanted.table), wanted.mi, 1e-9, `${what} mutual information`);
    const table = wanted.table as unknown as TwoByTwo;
    for (const side of SIDES) {
      if (wanted.fisher) close(fisherExact(table, side).p, wanted.fisher[side], 1e-9, `${what} Fisher ${side}`);
      if (!wanted.barnard) continue;
      const [statistic, p, supremum] = wanted.barnard[side];
      same(barnardExact(table, side), [statistic, supremum], `${what} Barnard ${side}`, 1e-5);
      assert.ok(supremum >= p * (1 - 1e-5), `${what} ${p} ${supremum}`);
    }
  }
});

test('goodness of fit and binomial tests as scipy', () => {
  for (const { observed, expected, chi2, g } of tables.fits) {
    same(chiSquareFit(observed, expected), chi2, 'fit');
    same(chiSquareFit(observed, expected, 'g'), g, 'fit G');
  }
  for (const [k, n, p0, side, p] of tables.binomial) close(binomialTest(k, n, p0, side).p, p, 1e-9, `${k}/${n} against ${p0} ${side}`);
});

interface Intervals {
  readonly shares: (Record<string, number[]> & { readonly k: number; readonly n: number; readonly level: number })[];
  readonly differences: (Record<string, number[]> & { readonly counts: [number, number, number, number] })[];
  readonly corrections: (Record<string, number[]> & { readonly p: number[]; readonly fisher: Pair; readonly stouffer: Pair })[];
}
const intervals = golden<Intervals>('intervals');
const ends = (interval: Interval | undefined): number[] => (interval ? [interval.low, interval.high] : []);

test('intervals of a share as statsmodels', () => {
  for (const { k, n, level, ...wanted } of intervals.shares) {
    for (const [method, expected] of Object.entries(wanted)) {
      const found = shareEstimate(k, n, { level, method: method as ShareMethod });
      allClose(ends('interval' in found ? found.interval : undefined), expected, 1e-9, `${k}/${n} ${level} ${method}`);
    }
  }
});

test('intervals of two shares as statsmodels', () => {
  for (const wanted of intervals.differences) {
    const counts = wanted.counts;
    for (const [name, f, tolerance] of [
      ['newcombe', newcombe, 1e-9],
      ['wald', waldDifference, 1e-9],
      ['agresti-caffo', agrestiCaffo, 1e-9],
      ['katz', katz, 1e-9],
      ['ratio score', ratioScore, 1e-5],
    ] as const) {
      if (wanted[name]) allClose(ends(f(...counts)), wanted[name], tolerance, `${counts} ${name}`);
    }
  }
});

test('corrections for many tests and combinations as statsmodels and scipy', () => {
  for (const { p, fisher, stouffer, ...wanted } of intervals.corrections) {
    for (const [method, expected] of Object.entries(wanted))
      allClose(adjust(p, method as Correction), expected, 1e-9, `${method} ${p.slice(0, 3)}`);
    for (const [found, expected] of [
      [combineFisher(p), fisher],
      [combineStouffer(p), stouffer],
    ] as const) {
      close(found.statistic, expected[0]);
      close(found.p, expected[1]);
    }
  }
});

interface Pairs {
  readonly cases: (Record<string, Pair | null> & {
    readonly sample: SampleSpec;
    readonly t: Record<Alternative, Pair | null>;
    readonly sign: number;
  })[];
  readonly boots: {
    readonly sample: SampleSpec;
    readonly statistic: 'mean' | 'variance' | 'ratio';
    readonly replicates: number;
    readonly estimate: number;
    readonly first: number[];
    readonly error: number;
    readonly percentile: Pair;
    readonly basic: Pair;
    readonly BCa: Pair;
  }[];
  readonly delongs: {
    readonly kind: SampleSpec['kind'];
    readonly positives: number;
    readonly negatives: number;
    readonly index: number;
    readonly auc: Pair;
    readonly roc_auc_score: Pair;
    readonly errors: [number, number, number];
    readonly z: number;
    readonly p: number;
  }[];
}
const pairs = golden<Pairs>('pairs');

test('paired t, Wilcoxon and sign test as scipy', () => {
  for (const wanted of pairs.cases) {
    const d = sampleOf(wanted.sample);
    const what = `${wanted.sample.n} ${wanted.sample.kind}`;
    for (const alternative of SIDES) {
      same(pairedT(d, alternative), wanted.t[alternative], `${what} t`);
      for (const zeros of ['wilcox', 'pratt', 'zsplit'] as const) {
        same(wilcoxon(d, { zeros, alternative }), wanted[`wilcoxon ${zeros} ${alternative}`]!, `${what} ${zeros} ${alternative}`);
      }
    }
    for (const zeros of ['wilcox', 'pratt', 'zsplit'] as const) {
      same(wilcoxon(d, { zeros, method: 'asymptotic' }), wanted[`wilcoxon ${zeros} asymptotic`]!, `${what} ${zeros} normal`);
    }
    close(signTest(d).p, wanted.sign, 1e-9, `${what} sign`);
  }
});

test('bootstrap replicates as numpy on the same rows, intervals as scipy', () => {
  for (const wanted of pairs.boots) {
    const x = sampleOf(wanted.sample);
    const of = {
      mean: (rows: Uint32Array) => mean(Float64Array.from(rows, (i) => x[i]!)),
      variance: (rows: Uint32Array) =>
        variance(
          Float64Array.from(rows, (i) => x[i]!),
          0,
        ),
      ratio: (rows: Uint32Array) => mean(Float64Array.from(rows, (i) => x[i]! ** 2)) / mean(Float64Array.from(rows, (i) => x[i]!)),
    }[wanted.statistic];
    const replicates = bootstrapRows(x.length, of, { seed: 20240101, replicates: wanted.replicates });
    const estimate = of(Uint32Array.from(x, (_, i) => i));
    close(estimate, wanted.estimate);
    allClose(replicates.slice(0, 5), wanted.first);
    close(bootstrapError(replicates), wanted.error);
    allClose(ends(percentileInterval(replicates)), wanted.percentile, 1e-9, 'percentile');
    allClose(ends(basicInterval(estimate, replicates)), wanted.basic, 1e-9, 'basic');
    allClose(ends(bcaInterval(estimate, replicates, jackknifeRows(x.length, of))), wanted.BCa, 1e-9, `BCa ${wanted.statistic}`);
    if (wanted.statistic !== 'mean') continue;
    allClose(bootstrapMeans(x, { seed: 20240101, replicates: wanted.replicates }), replicates, 1e-12);
    allClose(ends(bcaInterval(estimate, replicates, jackknifeMeans(x))), wanted.BCa, 1e-9, 'BCa of means');
  }
});

test('DeLong by midranks is DeLong by its definition; the AUC is that of scikit-learn', () => {
  for (const { kind, positives, negatives, index, ...wanted } of pairs.delongs) {
    const n = positives + negatives;
    const labels = Array.from({ length: n }, (_, i) => (i < positives ? 1 : 0));
    const one = sampleOf({ kind, n, index }).map((s, i) => s + 0.5 * labels[i]!);
    const two = sampleOf({ kind, n, index: index + 1 }).map((s, i) => s + one[i]!);
    const found = delongTest(labels, one, two);
    const alone = delongAuc(labels, two);
    assert.ok('p' in found && 'auc' in alone);
    allClose([found.first, found.second], wanted.auc);
    allClose([found.first, found.second], wanted.roc_auc_score);
    close(alone.standardError, wanted.errors[1]);
    close(found.standardError, wanted.errors[2]);
    close(found.z, wanted.z);
    close(found.p, wanted.p);
  }
});
