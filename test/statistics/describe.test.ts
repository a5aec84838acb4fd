import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kendall, pearson, spearman } from '../../src/statistics/correlations.ts';
import { histogramEdges } from '../../src/statistics/histogram-rules.ts';
import { Moments } from '../../src/statistics/moments.ts';
import { mean, sum, variance } from '../../src/statistics/numbers.ts';
import { Random } from '../../src/statistics/random.ts';
import { entropy, giniImpurity, interquartileRange, medianDeviation, normalisedEntropy } from '../../src/statistics/spread.ts';
import { close } from './close.ts';

const V = [2, 4, 4, 5, 7, 9, 30];

test('sums keep what is lost by adding', () => {
  assert.equal(sum(new Array(10).fill(0.1)), 1);
  assert.equal(sum([1e300, 1, -1e300]), 1);
  assert.equal(mean([1e308, 1e308]), 1e308);
  assert.equal(sum([Infinity, 1]), Infinity);
});

test('moments of V', () => {
  const m = Moments.of(V);
  close(m.mean, 8.71428571429, 1e-11);
  close(m.variance(0), 79.9183673469, 1e-11);
  close(m.variance(), 93.2380952381, 1e-11);
  close(variance(V), 93.2380952381, 1e-11);
  close(m.skewness(), 1.81472539821, 1e-11);
  close(m.kurtosis(), 1.66357840493, 1e-11);
  close(m.adjustedSkewness(), 2.35215294892, 1e-11);
  close(m.adjustedKurtosis(), 5.79258817183, 1e-11);
  close(medianDeviation(V), 2);
  close(interquartileRange(V), 4);
});

test('moments of the first three and the last four merge to those of V', () => {
  const m = Moments.of(V.slice(0, 3));
  m.merge(Moments.of(V.slice(3)).state());
  close(m.m2, 559.428571429, 1e-11);
  close(m.m3, 9075.67346939, 1e-11);
  close(m.m4, 208502.145773, 1e-11);
});

test('moments of constants, of one value and of none', () => {
  const flat = Moments.of([0.1, 0.1, 0.1, 0.1]);
  assert.ok(Number.isNaN(flat.skewness()) && Number.isNaN(flat.kurtosis()));
  assert.deepEqual([flat.adjustedSkewness(), flat.adjustedKurtosis()], [0, 0]);
  assert.ok(Number.isNaN(Moments.of([3]).variance()));
  assert.equal(Moments.of([3]).variance(0), 0);
  assert.equal(new Moments().n, 0);
  assert.deepEqual(Moments.from(Moments.of(V).state()).state(), Moments.of(V).state());
});

test('moments in any cut are the moments of the whole', () => {
  const random = Random.of(8, 6);
  const values = Array.from({ length: 20_000 }, () => 1e6 + random.normal());
  const whole = Moments.of(values);
  for (const cut of [1, 777, 4096, 19_999]) {
    const parts = Moments.of(values.slice(0, cut));
    parts.merge(Moments.of(values.slice(cut)).state());
    close(parts.mean, whole.mean, 1e-14);
    close(parts.m2, whole.m2, 1e-12);
    close(parts.kurtosis(), whole.kurtosis(), 1e-8);
  }
});

test('entropy and Gini of 5 3 2 0', () => {
  const counts = [5, 3, 2, 0];
  close(entropy(counts), 1.02965301406, 1e-11);
  close(entropy(counts, 2), 1.48547529723, 1e-11);
  close(giniImpurity(counts), 0.62);
  close(normalisedEntropy(counts), 0.937230563216, 1e-11);
  assert.equal(normalisedEntropy([4, 0]), 0);
});

test('Pearson, Spearman and Kendall of the page', () => {
  const x = [1, 2, 3, 4, 5, 6];
  const y = [2, 1, 4, 4, 7, 5];
  for (const [tested, r, p] of [
    [pearson(x, y), 0.825430023485, 0.0430520332527],
    [spearman(x, y), 0.869656553479, 0.0243768916857],
    [kendall(x, y), 0.690065559342, 0.0557826087068],
  ] as const) {
    assert.ok('p' in tested);
    close(tested.statistic, r, 1e-11);
    close(tested.p, p, 1e-11);
  }
});

test('correlations leave out pairs with a missing value; a constant side is constant', () => {
  const tested = pearson([1, 2, Number.NaN, 3], [2, 4, 9, 6]);
  assert.ok('p' in tested);
  close(tested.statistic, 1);
  assert.ok(tested.p < 1e-7);
  assert.deepEqual(pearson([1, 1], [1, 2]), { notComputable: 'constant', n: 2 });
  assert.deepEqual(kendall([1, 1], [1, 2]), { notComputable: 'constant', n: 2 });
  assert.deepEqual(spearman([1], [2]), { notComputable: 'too-few', n: 1 });
});

test('histogram rules on V: 3 4 4 2 7 6 6 bins', () => {
  const bins = (['sqrt', 'sturges', 'rice', 'scott', 'fd', 'doane', 'auto'] as const).map((rule) => histogramEdges(V, rule).length - 1);
  assert.deepEqual(bins, [3, 4, 4, 2, 7, 6, 6]);
});

test('histograms of a constant, of none, and of data that asks for millions of bins', () => {
  assert.deepEqual([...histogramEdges([5, 5], 'fd')], [4.5, 5.5]);
  assert.deepEqual([...histogramEdges([], 'fd')], [0, 1]);
  const spread = [...Array.from({ length: 1000 }, (_, i) => i * 1e-6), 1e6];
  assert.equal(histogramEdges(spread, 'fd').length, 10_001);
});
