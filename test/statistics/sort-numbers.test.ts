import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random, STREAMS } from '../../src/statistics/random.ts';
import { mergeSorted, sortNumbers, sortParts } from '../../src/statistics/sort-numbers.ts';

const N = 5_000;
const bySorting = (values: Float64Array): number[] => [...values.map((value) => value + 0).sort()];
const drawn = (draw: (random: Random, i: number) => number): Float64Array => {
  const random = Random.of(11, STREAMS.synthetic);
  return Float64Array.from({ length: N }, (_, i) => draw(random, i));
};

const COLUMNS: Readonly<Record<string, Float64Array>> = {
  'whole numbers with both signs and -0': drawn((random) => (random.below(9) === 0 ? -0 : random.below(200) - 100)),
  'decimals of two places': drawn((random) => (random.below(20_000) - 5_000) / 100),
  'decimals of six places': drawn((random) => random.below(1_000_000) / 1_000_000),
  'decimals with one value that is none': drawn((random, i) => (i === 777 ? 1 / 3 : random.below(100) / 10)),
  'decimals with infinities and NaN': drawn((random, i) => [Infinity, -Infinity, Number.NaN][i - 100] ?? random.below(100) / 10),
  'whole numbers of wide range': drawn((random) => random.u32() * 2 ** 20),
  'ascending already, from -0 on': drawn((_, i) => (i === 0 ? -0 : i / 7)),
  'nothing but NaN': drawn(() => Number.NaN),
  'every double': drawn((random) => (random.float() - 0.5) * 10 ** (random.below(600) - 300)),
};

for (const [name, values] of Object.entries(COLUMNS))
  test(`sorting ${name} gives what a comparison sort gives, and leaves the input alone`, () => {
    const before = values.slice();
    assert.deepEqual([...sortNumbers(values)], bySorting(values));
    assert.deepEqual([...sortParts([values.subarray(0, 17), values.subarray(17)])], bySorting(values));
    assert.ok(values.every((value, i) => Object.is(value, before[i])));
  });

test('two ascending arrays merge, empty ones too', () => {
  assert.deepEqual([...mergeSorted(Float64Array.of(1, 2, 2), Float64Array.of(0, 2, 3))], [0, 1, 2, 2, 2, 3]);
  assert.deepEqual([...mergeSorted(new Float64Array(0), Float64Array.of(4))], [4]);
  assert.deepEqual([...mergeSorted(Float64Array.of(4), new Float64Array(0))], [4]);
});
