import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hellinger, jensenShannon, kullbackLeibler, maxDifference, psi, totalVariation } from '../../src/statistics/distances.ts';
import { chiSquareContingency, chiSquareFit, mutualInformation } from '../../src/statistics/tests/chi-square.ts';
import { close } from './close.ts';

const K = [
  [40, 30, 20, 10],
  [25, 35, 20, 20],
] as const;
const K0 = [
  [50, 30, 20, 0],
  [40, 30, 25, 5],
] as const;
const T = [
  [3, 9],
  [10, 4],
];

test('PSI of K and K0, smoothed and in the variants', () => {
  close(psi(...K), 0.141067442974, 1e-11);
  close(psi(...K0), 0.14987703741, 1e-10);
  close(psi(...K, 'raw'), 0.147522796434, 1e-11);
  assert.equal(psi(...K0, 'raw'), Number.POSITIVE_INFINITY);
  close(psi(...K0, 1e-4), 0.343580476808, 1e-11);
  close(psi(...K0, 1e-6), 0.574449627139, 1e-11);
  close(psi(...K0, 'evidently'), 0.343580476808, 1e-11);
});

test('PSI with numeric bins of S17 and categories of S18', () => {
  close(psi([2, 1, 2, 1, 3, 1, 1, 1, 0], [1, 1, 0, 0, 0, 1, 2, 2, 1]), 0.796432282535, 1e-11);
  close(psi([60, 30, 10, 0, 0], [40, 35, 0, 5, 20]), 1.22431219471, 1e-11);
});

test('divergences of K and K0', () => {
  close(jensenShannon(...K), 0.134869495116, 1e-11);
  close(jensenShannon(...K, 2), 0.161994772846, 1e-11);
  close(jensenShannon(...K0), 0.146642293315, 1e-11);
  close(jensenShannon(...K0, 2), 0.176135344577, 1e-11);
  close(kullbackLeibler(...K), 0.0724415296941, 1e-11);
  assert.equal(kullbackLeibler([1, 1], [1, 0]), Number.POSITIVE_INFINITY);
  close(hellinger(...K), 0.135328647468, 1e-11);
  close(hellinger(...K0), 0.17082039325, 1e-10);
  close(totalVariation(...K), 0.15);
  close(totalVariation(...K0), 0.1);
  close(maxDifference(...K), 0.15);
});

test('distances refuse an empty side, bins that differ, and counts below 0', () => {
  assert.throws(() => psi([0, 0], [1, 1]), /reference counts: expected at least one row/);
  assert.throws(() => psi([1, 2], [1, 2, 3]), /length|same rows/);
  assert.throws(() => psi([1, -2], [1, 2]), /expected a count/);
});

test('chi-square of independence on K and T, with V, G and Yates', () => {
  const k = chiSquareContingency(K);
  assert.ok('p' in k);
  close(k.statistic, 7.17948717949, 1e-11);
  close(k.p, 0.066391696218, 1e-11);
  close(k.cramerV, 0.189466186686, 1e-11);
  close(k.cramerVCorrected, 0.144662437859, 1e-11);
  const g = chiSquareContingency(K, { statistic: 'g' });
  assert.ok('p' in g);
  close(g.statistic, 7.27591228514, 1e-11);
  const t = chiSquareContingency(T);
  const yates = chiSquareContingency(T, { yates: true });
  assert.ok('p' in t && 'p' in yates);
  close(t.statistic, 5.57142857143, 1e-11);
  close(yates.statistic, 3.86904761905, 1e-11);
});

test('cells with an expected count below 5 are counted', () => {
  // Expected: 4.2 7.8 2.8 5.2
  const small = chiSquareContingency([
    [3, 9],
    [4, 4],
  ]);
  assert.ok('p' in small);
  assert.equal(small.smallCells, 2);
});

test('empty rows and columns are dropped first; nothing left to compare is p 1', () => {
  const s18 = chiSquareContingency([
    [60, 30, 10, 0, 0, 0],
    [40, 35, 0, 5, 20, 0],
  ]);
  assert.ok('p' in s18);
  close(s18.statistic, 39.3846153846, 1e-11);
  assert.equal(s18.df, 4);
  const one = chiSquareContingency([[1, 2, 3]]);
  assert.ok('p' in one);
  assert.deepEqual([one.statistic, one.p, one.df], [0, 1, 0]);
  assert.deepEqual(chiSquareContingency([[0, 0]]), { notComputable: 'empty', n: 0 });
});

test('goodness of fit', () => {
  const fit = chiSquareFit([18, 22, 30, 30]);
  assert.ok('p' in fit);
  close(fit.statistic, 4.32, 1e-11);
  close(fit.p, 0.228918864336, 1e-11);
  const g = chiSquareFit([18, 22, 30, 30], undefined, 'g');
  assert.ok('p' in g);
  close(g.statistic, 4.42777205785, 1e-11);
  assert.throws(() => chiSquareFit([10, 20], [10, 21]), /expected counts sum to 31, observed to 30/);
  assert.deepEqual(chiSquareFit([3]), { notComputable: 'constant', n: 3 });
  assert.deepEqual(chiSquareFit([3, 0], [3, 0]), { notComputable: 'zero-denominator', n: 3 });
});

test('mutual information of T in nats', () => close(mutualInformation(T), 0.111462719959, 1e-11));
