import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beside, bytes, count, difference, duration, estimate, instant, number, percent, pValue } from '../../src/report/numbers.ts';

const interval = (low: number, high: number) => ({ low, high, level: 0.95, method: 'wilson' });
const all = <T>(write: (value: T) => string, expected: readonly (readonly [T, string])[]) => {
  for (const [value, text] of expected) assert.equal(write(value), text, `${value}`);
};

test('number: the digits that make sense, thousands grouped, a true minus', () => {
  all(number, [
    [0, '0'],
    [-0, '0'],
    [3, '3'],
    [1409, '1,409'],
    [-1409, '−1,409'],
    [0.8463, '0.846'],
    [-0.0152, '−0.015'],
    [12.3456, '12.35'],
    [123.456, '123.5'],
    [1234.5, '1,235'],
    [1234567.8, '1,234,568'],
    [0.00042, '0.00042'],
    [0.0000021, '0.000002'],
    [0.00000021, '2.1e-7'],
    [-0.00000021, '−2.1e-7'],
    [1e21, '1e+21'],
    [Number.NaN, 'not a number'],
    [Number.NEGATIVE_INFINITY, '−∞'],
  ]);
});

test('number: what is not 0 or 1 is never written as 0 or 1', () => {
  all(number, [
    [0.9996, '0.9996'],
    [0.999999, '0.999999'],
    [0.9999999, '0.999999…'],
    [-0.99999999, '−0.999999…'],
    [0.0004, '0.00040'],
    [1, '1'],
  ]);
  assert.equal(estimate(0.9997, interval(0.99, 1)), '0.9997 [0.990, 1.000]');
});

test('estimate: as many decimals as the interval makes sense of', () => {
  assert.equal(estimate(0.84312, interval(0.82091, 0.8642)), '0.843 [0.821, 0.864]');
  assert.equal(estimate(0.84312, interval(0.84271, 0.84353)), '0.84312 [0.84271, 0.84353]');
  assert.equal(estimate(1234.56, interval(1180.2, 1290.9)), '1,235 [1,180, 1,291]');
  assert.equal(estimate(12.345, interval(11.9, 12.8)), '12.35 [11.90, 12.80]');
  assert.equal(estimate(0.5, interval(0.5, 0.5)), '0.500 [0.500, 0.500]');
  assert.equal(estimate(0.84312), '0.843');
});

test('difference: always with its sign, except nothing', () => {
  assert.equal(difference(0.0152, interval(0.0041, 0.0263)), '+0.015 [+0.004, +0.026]');
  assert.equal(difference(-0.004, interval(-0.019, 0.011)), '−0.004 [−0.019, +0.011]');
  assert.equal(difference(0), '0');
  assert.equal(difference(0.0152), '+0.015');
});

test('beside: a value never looks like the threshold it misses', () => {
  assert.equal(beside(0.7996, '>= 0.80'), '0.7996');
  assert.equal(beside(0.79999, '>= 0.80'), '0.79999');
  assert.equal(beside(0.8, '>= 0.80'), '0.800');
  assert.equal(beside(0.8463, '>= 0.80'), '0.846');
  assert.equal(beside(0.0501, '<= 5 %'), '0.0501');
  assert.equal(beside(0.8004, '>= 0.80', interval(0.78, 0.82)), '0.8004 [0.7800, 0.8200]');
  assert.equal(beside(11, '<= 10'), '11');
});

test('percent: of a share, never all or nothing of what is neither', () => {
  all(percent, [
    [0.1234, '12.3 %'],
    [0.25, '25 %'],
    [0, '0 %'],
    [1, '100 %'],
    [0.0001, '<0.1 %'],
    [0.99999, '>99.9 %'],
    [0.9995, '>99.9 %'],
  ]);
});

test('p-values, counts, bytes, times, instants', () => {
  all(pValue, [
    [0.0321, 'p = 0.032'],
    [0.0002, 'p < 0.001'],
    [1, 'p = 1.000'],
  ]);
  assert.equal(count(7043), '7,043');
  all(bytes, [
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [61_200, '61 kB'],
    [1_843_212, '1.8 MB'],
    [999_960, '1.0 MB'],
    [2_147_483_648, '2.1 GB'],
  ]);
  all(duration, [
    [0, '0.0 s'],
    [0.42, '0.4 s'],
    [9.97, '10 s'],
    [59.6, '1 min 00 s'],
    [185, '3 min 05 s'],
    [3_725, '1 h 02 min'],
    [7_199, '2 h 00 min'],
  ]);
  assert.equal(instant('2026-11-21T10:04:59.999Z'), '2026-11-21 10:04 UTC');
  assert.equal(instant('yesterday'), 'yesterday');
});
