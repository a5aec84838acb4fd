import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delongAuc, delongTest } from '../../src/statistics/paired/delong.ts';
import { mcnemarChiSquare, mcnemarExact, mcnemarMidP } from '../../src/statistics/paired/mcnemar.ts';
import { newcombePaired, waldPaired } from '../../src/statistics/paired/share-difference.ts';
import { rowsNeeded, rowsPerSide, smallestDifference, smallestShareDifference } from '../../src/statistics/paired/smallest-difference.ts';
import { close } from './close.ts';

test('McNemar with 9 and 3 discordant rows', () => {
  close(mcnemarExact(9, 3).p, 0.14599609375, 1e-13);
  close(mcnemarMidP(9, 3).p, 0.09228515625, 1e-13);
  close(mcnemarChiSquare(9, 3).statistic, 3);
  close(mcnemarChiSquare(9, 3).p, 0.0832645166636);
  close(mcnemarChiSquare(9, 3, true).statistic, 2.08333333333, 1e-11);
  close(mcnemarChiSquare(9, 3, true).p, 0.148914673179);
});

test('McNemar without discordant rows, or with as many on both sides, finds nothing', () => {
  assert.equal(mcnemarExact(0, 0).p, 1);
  assert.equal(mcnemarMidP(0, 0).p, 1);
  assert.equal(mcnemarMidP(4, 4).p, 1);
  assert.equal(mcnemarChiSquare(0, 0).p, 1);
  assert.throws(() => mcnemarExact(1.5, 2), RangeError);
});

test('Wald and Newcombe intervals of a paired difference', () => {
  const cells = { both: 50, onlyFirst: 9, onlySecond: 3, neither: 38 };
  const { difference, interval } = waldPaired(cells);
  close(difference, 0.06);
  close(interval.low, -0.00686896191274, 1e-11);
  close(interval.high, 0.126868961913, 1e-11);
  const newcombe = newcombePaired(cells);
  close(newcombe.low, -0.00924844835746, 1e-11);
  close(newcombe.high, 0.127811100883, 1e-11);
});

test('Newcombe paired: an empty margin makes φ 0, a small positive cross product too', () => {
  assert.ok(Number.isFinite(newcombePaired({ both: 10, onlyFirst: 0, onlySecond: 0, neither: 0 }).low));
  const cells = { both: 3, onlyFirst: 2, onlySecond: 2, neither: 3 };
  const independent = newcombePaired(cells);
  close(independent.low, -Math.hypot(0.5 - 0.236593090512564, 0.763406909487436 - 0.5));
});

const LABELS = [1, 0, 1, 1, 0, 0, 1, 0];
const FIRST = [0.9, 0.8, 0.8, 0.7, 0.6, 0.4, 0.4, 0.1];
const SECOND = [0.8, 0.5, 0.7, 0.6, 0.65, 0.3, 0.55, 0.2];

test('DeLong on eight rows', () => {
  const found = delongTest(LABELS, FIRST, SECOND);
  assert.ok('p' in found);
  close(found.first, 0.75);
  close(found.second, 0.875);
  close(found.z, -0.612372435696, 1e-11);
  close(found.p, 0.540291374607, 1e-11);
  close(found.interval.high + 0.125, 0.40007597303, 1e-10);
  const one = delongAuc(LABELS, FIRST);
  assert.ok('auc' in one);
  close(one.standardError ** 2, 0.0364583333333, 1e-10);
  assert.equal(one.interval.high, 1);
});

test('DeLong: equal scores have p 1, a class of one row is too few, of none one class', () => {
  const same = delongTest(LABELS, FIRST, FIRST);
  assert.ok('p' in same);
  assert.deepEqual([same.p, same.difference, same.standardError], [1, 0, 0]);
  assert.deepEqual(delongTest([1, 0, 0], [1, 2, 3], [1, 2, 3]), { notComputable: 'too-few', n: 3 });
  assert.deepEqual(delongAuc([1, 1], [1, 2]), { notComputable: 'one-class', n: 2 });
  assert.deepEqual(delongAuc([], []), { notComputable: 'empty', n: 0 });
  assert.throws(() => delongAuc([1, 2], [1, 2]), /row 2: labels: expected 0 or 1, found 2/);
});

test('smallest visible difference and rows needed', () => {
  close(smallestShareDifference(240, 2000), 0.0217009857855, 1e-11);
  close(smallestDifference(1), 1.9599639845400545 + 0.8416212335729143, 1e-12);
  close(rowsNeeded(Math.sqrt(0.12), 0.0217009857855), 2000, 1e-10);
  close(rowsPerSide(0.8, 0.75), 1091.89615872, 1e-11);
});
