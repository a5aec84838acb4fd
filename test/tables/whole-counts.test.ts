import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { Random } from '../../src/statistics/random.ts';
import { factsOfCounts, factsOfSorted } from '../../src/tables/profile/edges.ts';
import { NumericProfiler } from '../../src/tables/profile/numeric-profiler.ts';
import { WholeCounts } from '../../src/tables/profile/whole-counts.ts';

const drawn = (n: number, index: number, draw: (random: Random) => number): Float64Array<ArrayBuffer> => {
  const random = Random.of(11, 4, index);
  return Float64Array.from({ length: n }, () => draw(random));
};
const sorted = (...parts: readonly Float64Array[]): Float64Array =>
  Float64Array.from(parts.flatMap((part) => [...part]))
    .sort()
    .map((x) => x + 0);

function profilerOf(...batches: readonly Float64Array[]): NumericProfiler {
  const profiler = new NumericProfiler('x', 'number', 0);
  for (const values of batches) profiler.add({ kind: 'number', values }, values.length);
  return profiler;
}

test('whole counts: facts equal those of the sorted values, few and many different ones, decimals, negative ones and -0', () => {
  for (const [draw, n] of [
    [(random: Random) => random.below(60) - 30, 5_000],
    [(random: Random) => (random.below(40_000) - 20_000) / 100, 30_000],
    [(random: Random) => (random.below(4) === 0 ? -0 : random.below(12_345) / 1_000), 20_001],
    [() => 7, 3],
  ] as const) {
    const values = drawn(n, 1, draw);
    const counts = WholeCounts.of([values.subarray(0, 1), values.subarray(1)]);
    assert.deepEqual(counts && factsOfCounts(counts, 20), factsOfSorted(sorted(values), 20));
    assert.ok(counts && isDeepStrictEqual(counts.values(), sorted(values)));
  }
});

test('whole counts: what does not fit is refused and leaves no trace, what fits widens the range on either side', () => {
  const counts = WholeCounts.of([Float64Array.of(5, 6, 7, 8)]);
  assert.ok(counts);
  for (const odd of [6.5, Number.POSITIVE_INFINITY, 2 ** 60, 1_000]) assert.equal(counts.add(Float64Array.of(5, 9, odd)), false);
  assert.deepEqual([...counts.values()], [5, 6, 7, 8]);
  assert.ok(counts.add(Float64Array.of(9, 3)));
  assert.deepEqual([...counts.values()], [3, 5, 6, 7, 8, 9]);
  const others = WholeCounts.of([Float64Array.of(1, 2, 2)]);
  assert.ok(others && counts.merge(others.state()));
  assert.deepEqual([...counts.values()], [1, 2, 2, 3, 5, 6, 7, 8, 9]);
  const tenths = WholeCounts.of([Float64Array.of(0.5, 0.6)]);
  assert.equal(tenths && counts.merge(tenths.state()), false);
  for (const wide of [[1, 9], [0.1234567], [Number.NEGATIVE_INFINITY]]) assert.equal(WholeCounts.of([Float64Array.from(wide)]), undefined);
});

test('profile: a column that stops being countable, or is counted in one part and held in the other, is that of the sorted values', () => {
  const whole = drawn(70_000, 2, (random) => random.below(1_000));
  const late = drawn(10_000, 3, (random) => random.float());
  const facts = factsOfSorted(sorted(whole, late), 20);
  const expected = { distribution: facts.distribution, top: facts.top, distinct: { value: facts.distinct, exact: true, once: facts.once } };
  const given = (profiler: NumericProfiler) => {
    const { distribution, top, distinct } = profiler.finish();
    return { distribution, top, distinct };
  };
  assert.ok('counted' in profilerOf(whole).state());
  assert.deepEqual(given(profilerOf(whole, late)), expected);
  for (const [first, second] of [
    [whole, late],
    [late, whole],
  ] as const) {
    const merged = profilerOf(first);
    merged.merge(profilerOf(second));
    assert.deepEqual(given(merged), expected);
    const absorbing = new NumericProfiler('x', 'number', 0);
    absorbing.absorb(profilerOf(first).state());
    absorbing.absorb(profilerOf(second).state());
    assert.deepEqual(given(absorbing), expected);
  }
});
