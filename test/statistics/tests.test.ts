import assert from 'node:assert/strict';
import { test } from 'node:test';
import { energyDistance, mmd, wasserstein, wassersteinNormed } from '../../src/statistics/sample-distances.ts';
import { kolmogorovSf, kolmogorovSmirnovSf, smirnovSf } from '../../src/statistics/special/kolmogorov.ts';
import { andersonDarling } from '../../src/statistics/tests/anderson.ts';
import { cramerVonMises } from '../../src/statistics/tests/cramer-von-mises.ts';
import { eppsSingleton } from '../../src/statistics/tests/epps-singleton.ts';
import { ksTest } from '../../src/statistics/tests/ks.ts';
import { brunnerMunzel, mannWhitney } from '../../src/statistics/tests/ranks.ts';
import { cohenD, leveneTest, tTest } from '../../src/statistics/tests/samples.ts';
import type { Tested, TestResult } from '../../src/statistics/tests/tested.ts';
import { barnardExact, binomialTest, fisherExact, twoProportions } from '../../src/statistics/tests/two-by-two.ts';
import { close } from './close.ts';

const X = [1.1, 2.3, 2.9, 3.6, 4.2, 5.8, 6.1];
const Z = [2, 2.9, 3.3, 5, 7.4, 8.8];
const T = [
  [3, 9],
  [10, 4],
] as const;

function found<Result extends TestResult>(tested: Tested<Result>): Result {
  assert.ok('p' in tested, JSON.stringify(tested));
  return tested;
}

test('Kolmogorov laws', () => {
  close(kolmogorovSf(0.5), 0.963945243665, 1e-11);
  close(kolmogorovSf(1.2), 0.112249666671, 1e-10);
  close(kolmogorovSmirnovSf(0.3, 10), 0.2705355748, 1e-11);
  close(kolmogorovSmirnovSf(0.05, 500), 0.158662602238, 1e-11);
  close(kolmogorovSmirnovSf(0.004, 100_000), 0.0813014892022, 1e-11);
  assert.equal(kolmogorovSmirnovSf(0.01, 10), 1);
  assert.equal(kolmogorovSmirnovSf(1, 10), 0);
  assert.equal(smirnovSf(10, 0), 1);
});

test('Kolmogorov-Smirnov of X and Z: D exact, p exact and asymptotic, both sides and one', () => {
  const exact = found(ksTest(X, Z));
  assert.equal(exact.statistic, 1 / 3);
  close(exact.p, 0.780303030303, 1e-11);
  close(found(ksTest(X, Z, { alternative: 'greater' })).p, 0.416666666667, 1e-11);
  close(found(ksTest(X, Z, { method: 'asymptotic' })).p, 0.777777777778, 1e-11);
  close(found(ksTest(X, Z, { method: 'asymptotic', alternative: 'less' })).p, 0.902520294034, 1e-11);
  close(found(ksTest(X, Z, { method: 'asymptotic', alternative: 'greater' })).p, 0.352489289096, 1e-11);
});

test('Kolmogorov-Smirnov: same samples p 1, apart D 1, infinities are values, an empty side is empty, NaN names its row', () => {
  assert.deepEqual(found(ksTest(X, X)), { statistic: 0, p: 1, method: 'exact' });
  assert.equal(found(ksTest([1, 2], [3, 4])).statistic, 1);
  assert.equal(found(ksTest([-Infinity, 0], [0, Infinity])).statistic, 0.5);
  assert.equal(found(ksTest([-0], [0])).statistic, 0);
  assert.deepEqual(ksTest([], [1]), { notComputable: 'empty', n: 1 });
  assert.throws(() => ksTest([1], [1, Number.NaN]), /row 2: second sample/);
});

test('Kolmogorov-Smirnov: an exact p of 1e-27 keeps its digits', () => {
  const a = Array.from({ length: 50 }, (_, i) => i);
  const b = Array.from({ length: 40 }, (_, i) => 100 + i);
  // 2/C(90, 40)
  close(found(ksTest(a, b)).p, 2 / 5.98704308315352e25, 1e-12);
});

test('Kolmogorov-Smirnov: one side, 3000 rows each, is C(2n, n + h)/C(2n, n)', () => {
  const n = 3000;
  const a = Array.from({ length: n }, (_, i) => i);
  const h = 60;
  const b = Array.from({ length: n }, (_, i) => i + h - 0.5);
  const tested = found(ksTest(a, b, { alternative: 'greater' }));
  assert.equal(tested.statistic, h / n);
  let share = 1;
  for (let i = 1; i <= h; i++) share *= (n - h + i) / (n + i);
  close(tested.p, share, 1e-12);
  assert.equal(found(ksTest(a, b, { alternative: 'less' })).p, 1);
});

test('unbinned distances of X and Z', () => {
  close(wasserstein(X, Z), 1.24285714286, 1e-11);
  close(wassersteinNormed(X, Z), 0.739201792228, 1e-11);
  close(energyDistance(X, Z), 0.732157375001, 1e-11);
  close(mmd([0, 1, 3], [1, 2, 4], 1), -0.322069521339, 1e-11);
});

test('distances: weights are repeated rows, a constant reference has no norm, an empty side no distance', () => {
  close(wasserstein([1, 2], [3, 5], { a: [2, 1], b: [1, 3] }), wasserstein([1, 1, 2], [3, 5, 5, 5]), 1e-12);
  close(energyDistance([1, 2], [3, 5], { a: [2, 1], b: [1, 3] }), energyDistance([1, 1, 2], [3, 5, 5, 5]), 1e-12);
  assert.ok(Number.isNaN(wassersteinNormed([3, 3], [1, 2])));
  assert.ok(Number.isNaN(wasserstein([], [1])));
  assert.ok(Number.isNaN(mmd([1], [1, 2])));
  close(mmd([0, 0, 0], [0, 0, 0]), 0);
  close(
    mmd(
      [
        [0, 0],
        [1, 0],
        [3, 0],
      ],
      [
        [1, 0],
        [2, 0],
        [4, 0],
      ],
      1,
    ),
    -0.322069521339,
    1e-11,
  );
});

test('Cramér-von Mises of X and Z', () => {
  close(found(cramerVonMises(X, Z)).statistic, 0.0718864468864, 1e-11);
  close(found(cramerVonMises(X, Z)).p, 0.823426573427, 1e-11);
  close(found(cramerVonMises(X, Z, 'asymptotic')).p, 0.852544256499, 1e-11);
  assert.deepEqual(cramerVonMises([1], [1, 2]), { notComputable: 'too-few', n: 3 });
});

test('Mann-Whitney of X and Z', () => {
  const both = found(mannWhitney(X, Z));
  assert.equal(both.statistic, 16.5);
  close(both.p, 0.567176244087, 1e-11);
  close(found(mannWhitney(X, Z, { alternative: 'less' })).p, 0.283588122044, 1e-11);
  // 1 of C(5, 2) arrangements, twice
  assert.deepEqual(found(mannWhitney([1, 2], [3, 4, 5])), { statistic: 0, p: 0.2, method: 'exact' });
  assert.deepEqual(mannWhitney(new Array(9).fill(1), new Array(9).fill(1)), { notComputable: 'constant', n: 18 });
});

test('Student, Welch, Levene, Cohen d, Brunner-Munzel of X and Z', () => {
  close(found(tTest(X, Z)).p, 0.366102366633, 1e-11);
  const welch = found(tTest(X, Z, { equalVariances: false }));
  close(welch.statistic, -0.913217127964, 1e-11);
  close(welch.df, 8.55814950251, 1e-11);
  close(welch.p, 0.386132205664, 1e-11);
  close(welch.interval.low, -4.14616144915, 1e-11);
  close(welch.interval.high, 1.77473287772, 1e-11);
  close(found(leveneTest(X, Z)).statistic, 1.17297433498, 1e-11);
  close(found(leveneTest(X, Z)).p, 0.301960123928, 1e-11);
  close(cohenD(X, Z), -0.524442489227, 1e-11);
  const munzel = found(brunnerMunzel(X, Z));
  close(munzel.statistic, 0.613509618543, 1e-11);
  close(munzel.p, 0.554712100539, 1e-11);
});

test('t, Levene and Brunner-Munzel without spread are constant, of nothing empty', () => {
  assert.deepEqual(tTest([1, 1], [1, 1]), { notComputable: 'constant', n: 4 });
  assert.deepEqual(tTest([], [1, 1]), { notComputable: 'empty', n: 2 });
  assert.deepEqual(tTest([1], [1, 2], { equalVariances: false }), { notComputable: 'too-few', n: 3 });
  assert.deepEqual(leveneTest([1, 1, 1], [2, 2]), { notComputable: 'constant', n: 5 });
  assert.deepEqual(brunnerMunzel([1, 2], [3, 4]), { notComputable: 'constant', n: 4 });
  assert.throws(() => tTest([1, Infinity], [1, 2]), /row 2: first sample: expected a finite number/);
});

test('Anderson-Darling and Epps-Singleton of X and Z', () => {
  close(found(andersonDarling(X, Z)).statistic, -0.682727944676, 1e-11);
  assert.equal(found(andersonDarling(X, Z)).p, 0.25);
  close(found(eppsSingleton(X, Z)).statistic, 1.78591843331, 1e-11);
  close(found(eppsSingleton(X, Z)).p, 0.775057631666, 1e-11);
  assert.deepEqual(andersonDarling([1, 1], [1, 1]), { notComputable: 'constant', n: 4 });
  assert.deepEqual(eppsSingleton([1, 2], Z), { notComputable: 'too-few', n: 8 });
});

test('2×2: Fisher and Barnard on T', () => {
  close(fisherExact(T).p, 0.0471799703863, 1e-11);
  close(fisherExact(T, 'less').p, 0.0235899851932, 1e-11);
  close(fisherExact(T).oddsRatio, 12 / 90);
  close(found(barnardExact(T)).p, 0.0290359854698, 1e-9);
  assert.equal(
    fisherExact([
      [0, 0],
      [3, 4],
    ]).p,
    1,
  );
});

test('binomial test of 7 of 20 against ½; its mirror is the same', () => {
  close(binomialTest(7, 20).p, 0.263175964356, 1e-11);
  close(binomialTest(13, 20).p, 0.263175964356, 1e-11);
  assert.equal(binomialTest(10, 20).p, 1);
  assert.equal(binomialTest(0, 0).p, 1);
});

test('two proportions 15/40 and 8/45', () => {
  const z = found(twoProportions(15, 40, 8, 45));
  close(z.statistic, 2.0428750324, 1e-10);
  close(z.p, 0.0410648104958, 1e-11);
  assert.deepEqual(twoProportions(0, 5, 0, 6), { notComputable: 'constant', n: 11 });
});
