import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type QuantileMethod, quantileSorted, quantiles } from '../../src/statistics/quantiles.ts';
import { Random } from '../../src/statistics/random.ts';
import { midranks, sortNumbers, sortOrder, tieTerm } from '../../src/statistics/sort.ts';
import { allClose } from './close.ts';

const V = [2, 4, 4, 5, 7, 9, 30];
const PAGE: Record<QuantileMethod, number[]> = {
  inverted_cdf: [4, 5, 30],
  averaged_inverted_cdf: [4, 5, 30],
  closest_observation: [4, 5, 9],
  interpolated_inverted_cdf: [3.5, 4.5, 15.3],
  hazen: [4, 5, 25.8],
  weibull: [4, 5, 30],
  linear: [4, 5, 17.4],
  median_unbiased: [4, 5, 28.6],
  normal_unbiased: [4, 5, 27.9],
};

for (const method of Object.keys(PAGE) as QuantileMethod[]) {
  test(`${method}: quartile, median and ninth decile of V`, () =>
    allClose(quantiles([...V].reverse(), [0.25, 0.5, 0.9], method), PAGE[method], 1e-12));
}

test('quantiles of one value, of none, with infinities, and outside 0…1', () => {
  assert.equal(quantileSorted([3], 0.7), 3);
  assert.ok(Number.isNaN(quantileSorted([], 0.5)));
  assert.equal(quantileSorted([-Infinity, 0, Infinity], 0.5), 0);
  assert.equal(quantileSorted([1, Infinity, Infinity], 0.75), Infinity);
  assert.throws(() => quantileSorted([1], 1.1), RangeError);
});

const HARD = [0, -0, 1, -1, 1e-300, -1e-300, 1e300, -1e300, 5e-324, -5e-324, Infinity, -Infinity, Number.NaN, 2 ** 53, Math.PI];

test('radix sort and order agree with a comparison sort on hard doubles', () => {
  const random = Random.of(5, 6);
  const bits = new DataView(new ArrayBuffer(8));
  const values = Float64Array.from({ length: 20_000 }, (_, i) => {
    if (i % 3 === 0) return HARD[random.below(HARD.length)]!;
    if (i % 3 === 1) return random.below(100) - 50;
    bits.setUint32(0, random.u32());
    bits.setUint32(4, random.u32());
    return bits.getFloat64(0);
  });
  // As plain arrays: typed ones are compared by bytes, and NaN has many.
  const expected = [...Float64Array.from(values, (x) => x + 0).sort()];
  assert.deepEqual([...sortNumbers(values)], expected);
  const order = sortOrder(values);
  assert.deepEqual(
    Array.from(order, (row) => values[row]! + 0),
    expected,
  );
  for (let i = 1; i < order.length; i++) {
    if (values[order[i]!] === values[order[i - 1]!]) assert.ok(order[i]! > order[i - 1]!);
  }
  assert.deepEqual([...sortNumbers(HARD)], [...Float64Array.from(HARD, (x) => x + 0).sort()]);
  assert.deepEqual(Array.from(sortOrder([2, -0, 0, 1])), [1, 2, 3, 0]);
});

test('midranks share the mean place among ties', () => {
  assert.deepEqual([...midranks([2, 1, 4, 4, 7, 5])], [2, 1, 3.5, 3.5, 6, 5]);
  assert.deepEqual([...midranks([1, 1, 1])], [2, 2, 2]);
  assert.deepEqual([...midranks([])], []);
  assert.equal(tieTerm([1, 1, 2, 3, 3, 3]), 6 + 24);
});
