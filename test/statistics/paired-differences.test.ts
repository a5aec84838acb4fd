import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bootstrapMeans } from '../../src/statistics/bootstrap.ts';
import { pairedT, signTest, wilcoxon } from '../../src/statistics/paired/differences.ts';
import { permutationP, permutationTest, signFlipSums, signFlipTest, swapReplicates } from '../../src/statistics/permutation.ts';
import { close } from './close.ts';

const D = [0.5, -0.1, 0.3, 0.3, -0.4, 0, 0.8, 0.2];
const DRAWS = { seed: 20240101, replicates: 500 };

test('paired t of D', () => {
  const t = pairedT(D);
  assert.ok('p' in t);
  close(t.p, 0.170470660787, 1e-11);
  assert.deepEqual(pairedT([1, 1]), { notComputable: 'constant', n: 2 });
  assert.deepEqual(pairedT([1]), { notComputable: 'too-few', n: 1 });
});

test('Wilcoxon of D for each treatment of zeros, enumerated and normal', () => {
  assert.equal(wilcoxon(D).statistic, 6);
  close(wilcoxon(D).p, 0.203125, 1e-14);
  close(wilcoxon(D, { method: 'asymptotic' }).p, 0.175523350812, 1e-11);
  close(wilcoxon(D, { zeros: 'pratt' }).p, 0.21875, 1e-14);
  close(wilcoxon(D, { zeros: 'pratt', method: 'asymptotic' }).p, 0.181816164605, 1e-11);
  close(wilcoxon(D, { zeros: 'zsplit' }).p, 0.21875, 1e-14);
  close(wilcoxon(D, { zeros: 'zsplit', method: 'asymptotic' }).p, 0.18289327758, 1e-11);
  assert.equal(wilcoxon([0, 0]).p, 1);
  assert.equal(wilcoxon([1, 2, 3]).p, 0.25);
});

test('sign test and sign-flip test of D', () => {
  close(signTest(D).p, 0.453125, 1e-14);
  const flip = signFlipTest(D, DRAWS);
  close(flip.p, 0.203125, 1e-14);
  assert.equal(flip.method, 'enumerated');
  assert.equal(signTest([0, 0]).p, 1);
});

test('explicit signs replace the generator; drawn signs come in pieces', () => {
  assert.deepEqual(
    [
      ...signFlipSums([1, 2], {
        signs: [
          [1, -1],
          [-1, -1],
        ],
      }),
    ],
    [-1, -3],
  );
  const whole = signFlipSums(D, DRAWS);
  const pieces = [...signFlipSums(D, { ...DRAWS, to: 200 }), ...signFlipSums(D, { ...DRAWS, from: 200 })];
  assert.deepEqual(pieces, [...whole]);
});

test('beyond 20,000 arrangements signs are drawn and p counts the observed one', () => {
  const many = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? 1 : 2));
  assert.deepEqual(signFlipTest(many, { seed: 1, replicates: 99 }), { statistic: 60, p: 0.01, method: 'drawn' });
});

test('swapping pairs by fair bits turns about half of the rows', () => {
  const swapped = swapReplicates(1000, (bits) => bits.reduce((total, bit) => total + bit, 0), { seed: 3, replicates: 200 });
  const centre = swapped.reduce((total, x) => total + x, 0) / 200;
  assert.ok(Math.abs(centre - 500) < 5, `${centre}`);
});

test('two-sample permutation: all C(5, 2) arrangements, one or two as far out', () => {
  const tested = permutationTest([1, 2], [3, 4, 5], DRAWS);
  assert.ok('p' in tested);
  assert.deepEqual([tested.statistic, tested.p, tested.method], [-2.5, 0.2, 'enumerated']);
  const less = permutationTest([1, 2], [3, 4, 5], DRAWS, 'less');
  assert.ok('p' in less);
  assert.equal(less.p, 0.1);
});

test('permutation p counts values within rounding of the observed one', () => {
  assert.equal(permutationP(0.3, [0.1 + 0.2, 0.1, -0.3, 0.2]), 3 / 5);
  assert.equal(permutationP(0.1 + 0.2, [0.3, 0.1, -0.3, 0.2]), 3 / 5);
  assert.equal(permutationP(0.3, [0.1 + 0.2, 0.1, -0.3, 0.2], { alternative: 'greater', enumerated: true }), 1 / 4);
});

test('a bootstrap of the differences of D is that of its rows', () => {
  assert.equal(bootstrapMeans(D, { seed: 1, replicates: 3 }).length, 3);
});
