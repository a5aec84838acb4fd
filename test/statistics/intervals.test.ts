import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Interval } from '../../src/statistics/estimate.ts';
import { deltaStandardError, normalInterval } from '../../src/statistics/intervals/delta.ts';
import { agrestiCaffo, katz, miettinenNurminen, newcombe, ratioScore, waldDifference } from '../../src/statistics/intervals/differences.ts';
import { meanEstimate, rootMeanEstimate } from '../../src/statistics/intervals/means.ts';
import {
  agrestiCoull,
  clopperPearson,
  jeffreys,
  shareEstimate,
  wald,
  wilson,
  wilsonCorrected,
} from '../../src/statistics/intervals/shares.ts';
import { close } from './close.ts';

const ends = (found: Interval | undefined, low: number, high: number, tolerance = 1e-11): void => {
  assert.ok(found);
  close(found.low, low, tolerance, 'low');
  close(found.high, high, tolerance, 'high');
};

test('intervals for 7 of 20', () => {
  ends(wilson(7, 20), 0.181191824101, 0.567145723315);
  ends(wilsonCorrected(7, 20), 0.163086679716, 0.590510433849);
  ends(clopperPearson(7, 20), 0.153909204784, 0.592188534533);
  ends(jeffreys(7, 20), 0.172276213632, 0.567766093842);
  ends(agrestiCoull(7, 20), 0.179926361438, 0.568411185978);
  ends(wald(7, 20), 0.140962696905, 0.559037303095);
});

test('Wilson and its kin touch 0 and 1 exactly at the ends', () => {
  ends(wilson(0, 12), 0, 0.242494006655);
  assert.equal(wilson(0, 12).low, 0);
  assert.equal(wilson(12, 12).high, 1);
  assert.equal(clopperPearson(0, 3).low, 0);
  assert.equal(clopperPearson(3, 3).high, 1);
  assert.equal(wilsonCorrected(0, 5).low, 0);
  assert.equal(wilsonCorrected(5, 5).high, 1);
});

test('a share of no rows is empty, a share of more than all is misuse', () => {
  assert.deepEqual(shareEstimate(0, 0), { notComputable: 'empty', n: 0 });
  assert.throws(() => wilson(3, 2), RangeError);
  assert.throws(() => wilson(1, 2, 1), RangeError);
});

test('intervals for 15/40 against 8/45', () => {
  ends(newcombe(15, 40, 8, 45), 0.00750209783301, 0.373634612794);
  ends(waldDifference(15, 40, 8, 45), 0.0101748964428, 0.384269548002);
  ends(agrestiCaffo(15, 40, 8, 45), 0.00446679383385, 0.374459244667);
  ends(miettinenNurminen(15, 40, 8, 45), 0.0069670508807, 0.381082540957, 1e-10);
  ends(katz(15, 40, 8, 45), 1.00149188374, 4.44283469775);
  ends(ratioScore(15, 40, 8, 45), 1.02507818874, 4.45621161109, 1e-10);
});

test("Miettinen and Nurminen's own example: 56/70 against 48/80", () => {
  const { low, high } = miettinenNurminen(56, 70, 48, 80);
  assert.deepEqual([low.toFixed(4), high.toFixed(4)], ['0.0528', '0.3382']);
});

test('a ratio with an empty count is not computable by Katz, one-sided by score', () => {
  assert.equal(katz(0, 10, 3, 10), undefined);
  assert.equal(ratioScore(0, 10, 0, 10), undefined);
  assert.equal(ratioScore(0, 10, 3, 10)?.low, 0);
  assert.equal(ratioScore(3, 10, 0, 10)?.high, Number.POSITIVE_INFINITY);
});

test('delta method: F1 of tp 40 fp 10 fn 20 tn 130', () => {
  const f1 = (c: Float64Array) => (2 * c[0]!) / (2 * c[0]! + c[1]! + c[2]!);
  const counts = [40, 10, 20, 130];
  const error = deltaStandardError(counts, f1);
  close(error, 0.0479053776734, 1e-10);
  const tp2 = 110 ** 2;
  close(deltaStandardError(counts, f1, [(2 * 30) / tp2, -80 / tp2, -80 / tp2, 0]), 0.0479053776734, 1e-11);
  ends(normalInterval(f1(Float64Array.from(counts)), error), 0.633379912367, 0.821165542178, 1e-10);
});

test('delta method of a count is the deviation of a binomial', () => {
  close(
    deltaStandardError([30, 70], (counts) => counts[0]!),
    Math.sqrt(100 * 0.3 * 0.7),
    1e-10,
  );
});

test('t interval of a mean; the root of it for RMSE', () => {
  const estimate = meanEstimate([2, 4, 4, 5, 7, 9, 30]);
  assert.ok('value' in estimate && estimate.interval);
  close(estimate.value, 61 / 7);
  close(estimate.interval.high - estimate.value, 2.4469118511449692 * Math.sqrt(93.23809523809524 / 7));
  assert.deepEqual(meanEstimate([]), { notComputable: 'empty', n: 0 });
  assert.deepEqual(meanEstimate([3]), { value: 3, n: 1 });
  const root = rootMeanEstimate([0, 0, 9]);
  assert.ok('value' in root && root.interval);
  close(root.value, Math.sqrt(3));
  assert.equal(root.interval.low, 0);
});

test('a missing value in a mean names its row', () => {
  assert.throws(() => meanEstimate([1, Number.NaN]), /row 2: mean: expected a finite number, found NaN/);
});
