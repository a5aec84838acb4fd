import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { Random } from '../../src/statistics/random.ts';
import { BadInput } from '../../src/tables/bad-input.ts';
import { compareProfiles } from '../../src/tables/drift/compare-profiles.ts';
import { type Cell, tableOf } from '../../src/tables/memory-table.ts';
import { countOnEdges } from '../../src/tables/profile/count-on-edges.ts';
import { quantileOf } from '../../src/tables/profile/edges.ts';
import { HyperLogLog } from '../../src/tables/profile/hyperloglog.ts';
import { KLL_RANK_ERROR } from '../../src/tables/profile/kll.ts';
import { profileFromJson, profileToJson } from '../../src/tables/profile/profile-json.ts';
import { Profiler, profile } from '../../src/tables/profile/profiler.ts';
import type { CategoricalProfile, NumericProfile, Profile } from '../../src/tables/profile-types.ts';

const near = (found: number | undefined, expected: number, tolerance = 1e-11): void => {
  assert.ok(
    found !== undefined && Math.abs(found - expected) <= tolerance * Math.max(1, Math.abs(expected)),
    `${found} should be ${expected}`,
  );
};

const numeric = async (values: readonly Cell[], options = {}): Promise<NumericProfile> => {
  const [column] = (await profile(tableOf({ x: values }, { types: { x: 'number' } }), options)).columns;
  assert.equal(column.kind, 'numeric');
  return column as NumericProfile;
};

test('profile: the moments of V', async () => {
  const { moments } = await numeric([2, 4, 4, 5, undefined, 7, 9, 30]);
  near(moments.mean, 8.71428571429);
  near(moments.m2, 559.428571429);
  near(moments.m3, 9075.67346939);
  near(moments.m4, 208502.145773);
});

test('profile: a small numeric column, by head', async () => {
  const found = await numeric([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, undefined]);
  assert.deepEqual([found.count, found.missing, found.min, found.max, found.infinite], [12, 1, 1, 9, 0]);
  assert.deepEqual(found.distinct, { value: 8, exact: true, once: 5 });
  assert.deepEqual(found.top.slice(0, 3), [
    { value: 5, count: 3 },
    { value: 1, count: 2 },
    { value: 3, count: 2 },
  ]);
  assert.deepEqual([...found.distribution.edges], [1, 2, 3, 4, 5, 6, 8, 9]);
  assert.deepEqual([...found.distribution.below], [0, 2, 3, 5, 6, 9, 10, 11]);
  assert.deepEqual([...found.distribution.atOrBelow], [2, 3, 5, 6, 9, 10, 11, 12]);
  assert.ok(found.distribution.complete);
});

test('profile: the deciles of S17 come out of the edges', async () => {
  const { distribution, count } = await numeric([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]);
  const deciles = Array.from({ length: 9 }, (_, k) => quantileOf(distribution, count, (k + 1) / 10));
  assert.deepEqual([...new Set(deciles)], [1, 2, 3, 4, 5, 6, 8]);
});

test('profile: infinities belong to order and range, not to moments; -0 is 0', async () => {
  const found = await numeric([Infinity, -Infinity, 1, 3, -0, 0]);
  assert.deepEqual([found.min, found.max, found.infinite, found.moments.n, found.moments.mean], [-Infinity, Infinity, 2, 4, 1]);
  assert.deepEqual([...found.distribution.edges], [-Infinity, 0, 1, 3, Infinity]);
  assert.deepEqual(found.distinct, { value: 5, exact: true, once: 4 });
});

test('profile: an empty column, an empty table', async () => {
  const found = await numeric([undefined, undefined]);
  assert.deepEqual([found.count, found.missing, found.min, found.distribution.edges.length], [0, 2, undefined, 0]);
  assert.equal((await profile(tableOf({ x: [] }))).rows, 0);
});

test('profile: text is counted, most frequent first, ties by UTF-8 bytes', async () => {
  const { columns } = await profile(
    tableOf({ t: ['b', '😀', '\uFFFD', 'b', undefined, '', 'a'], y: [true, false, true, true, undefined, true, false] }),
  );
  const text = columns[0] as CategoricalProfile;
  assert.deepEqual(text.values, [
    { value: 'b', count: 2 },
    { value: '', count: 1 },
    { value: 'a', count: 1 },
    { value: '\uFFFD', count: 1 },
    { value: '😀', count: 1 },
  ]);
  assert.deepEqual(
    [text.count, text.missing, text.distinct, text.length],
    [6, 1, { value: 5, exact: true, once: 4 }, { min: 0, max: 2, mean: 1 }],
  );
  assert.deepEqual((columns[1] as CategoricalProfile).values, [
    { value: 'true', count: 4 },
    { value: 'false', count: 2 },
  ]);
});

test('profile: beyond 10,000 categories a column is high-cardinality and lists its 100 most frequent', async () => {
  const values = Array.from({ length: 30_000 }, (_, i) => `v${i < 20_000 ? i : i % 150}`);
  const [column] = (await profile(tableOf({ t: values }))).columns as CategoricalProfile[];
  assert.deepEqual([column.complete, column.distinct.value, column.distinct.exact, column.values.length], [false, 20_000, true, 100]);
  assert.equal(column.values[0].count, 68);
});

test('profile: beyond a million values distinct is estimated within 3 standard errors, counts of the listed stay exact', async () => {
  const profiler = new Profiler([{ name: 't', type: 'text' }]);
  for (let firstRow = 0; firstRow < 1_300_000; firstRow += 100_000) {
    const dictionary = Array.from({ length: 90_001 }, (_, i) => (i === 90_000 ? 'often' : `k${firstRow + i}`));
    const codes = Int32Array.from({ length: 100_000 }, (_, i) => Math.min(i, 90_000));
    profiler.add({ firstRow, rows: 100_000, schema: [{ name: 't', type: 'text' }], columns: [{ kind: 'text', codes, dictionary }] });
  }
  const [column] = profiler.finish().columns as CategoricalProfile[];
  assert.equal(column.distinct.exact, false);
  near(column.distinct.value, 1_170_001, 0.0243);
  assert.deepEqual(column.values[0], { value: 'often', count: 130_000 });
});

const random = (n: number, index: number): number[] => {
  const generator = Random.of(7, 6, index);
  return Array.from({ length: n }, () => Math.exp(generator.normal()));
};

test('profile: above 10,000 different values the edges are 10,001 quantiles, counts on them exact', async () => {
  const values = random(60_000, 1);
  const { distribution, distinct, count } = await numeric(values);
  const sorted = Float64Array.from(values).sort();
  assert.deepEqual([distinct?.value, distribution.complete, distribution.edges.length], [60_000, false, 10_001]);
  for (let i = 1; i <= 10_000; i++) {
    assert.equal(distribution.edges[i], sorted[6 * i - 1]);
    assert.equal(distribution.atOrBelow[i], 6 * i);
    assert.equal(distribution.below[i], 6 * i - 1);
  }
  for (let k = 1; k <= 9; k++) assert.equal(quantileOf(distribution, count, k / 10), sorted[6000 * k - 1]);
});

test('profile: the merge of parts is the profile of the whole, whatever the cut', async () => {
  const x = random(30_000, 2).map((value, i) => (i % 11 === 0 ? undefined : value));
  const n = x.map((_, i) => (i * 7919) % 1000);
  const t = n.map((value) => (value % 13 === 0 ? undefined : `c${value % 77}`));
  const table = tableOf({ x, n, t }, { batchRows: 1009 });
  const whole = await profile(table);
  const parts = Array.from({ length: 3 }, () => new Profiler(table.schema));
  let i = 0;
  for await (const batch of table.batches()) parts[i++ % 3].add(batch);
  parts[1].merge(parts[2]);
  parts[0].merge(parts[1]);
  const merged = parts[0].finish();
  for (const [index, column] of whole.columns.entries()) {
    const other = merged.columns[index];
    if (column.kind === 'numeric' && other.kind === 'numeric') {
      const deviation = Math.sqrt(column.moments.m2 / column.moments.n);
      for (const [power, key] of (['mean', 'm2', 'm3', 'm4'] as const).entries()) {
        const scale = power === 0 ? deviation : column.moments.n * deviation ** (power + 1);
        near(other.moments[key] / scale, column.moments[key] / scale, 1e-12);
      }
      assert.deepEqual({ ...other, moments: undefined }, { ...column, moments: undefined });
    } else assert.deepEqual(other, column);
  }
});

test('profile: the order of the rows changes no exact figure', async () => {
  const values = random(20_000, 3);
  const forward = await numeric(values);
  const backward = await numeric([...values].reverse());
  assert.deepEqual({ ...backward, moments: undefined }, { ...forward, moments: undefined });
});

test('profile: neither do several columns of several kinds, in batches of any size, nor the drift told from them', async () => {
  const n = 5_000;
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  Random.of(7, 6, 9).shuffle(order);
  const x = random(n, 8).map((value, i) => (i % 17 === 0 ? undefined : Math.round(value * 50)));
  const columns = {
    x,
    t: x.map((value, i) => (i % 23 === 0 ? undefined : `c${(value ?? 0) % 37}`)),
    b: x.map((value) => (value ?? 0) % 2 === 0),
  };
  const permuted = Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, [...order].map((at) => values[at])]));
  const [before, after] = [await profile(tableOf(columns)), await profile(tableOf(permuted, { batchRows: 317 }))];
  const withoutMoments = ({ columns: described }: Profile) => described.map((column) => ({ ...column, moments: undefined }));
  assert.deepEqual(withoutMoments(after), withoutMoments(before));
  const reference = await profile(tableOf({ ...columns, x: x.map((value) => (value === undefined ? undefined : value + 9)) }));
  for (const method of ['psi', 'ks', 'js', 'wasserstein'] as const)
    assert.deepEqual(compareProfiles(reference, after, { method }), compareProfiles(reference, before, { method }), method);
});

test('profile: beyond the memory a sketch finds the edges, within its rank error, and a second pass counts exactly', async () => {
  const values = random(400_000, 4);
  const found = await numeric(values, { memoryBytes: 1 << 20 });
  const sorted = Float64Array.from(values).sort();
  const { edges, atOrBelow, below, rankError } = found.distribution;
  assert.equal(rankError, 0);
  assert.deepEqual([edges[0], edges.at(-1)], [sorted[0], sorted.at(-1)]);
  for (let i = 0; i < edges.length; i++) assert.equal(atOrBelow[i] - below[i], 1);
  for (let k = 1; k <= 9; k++) {
    const quantile = quantileOf(found.distribution, found.count, k / 10) as number;
    const rank = sorted.findIndex((value) => value > quantile);
    assert.ok(Math.abs(rank / values.length - k / 10) <= KLL_RANK_ERROR, `decile ${k} has rank ${rank}`);
  }
  near(found.distinct?.value, 400_000, 0.0243);
});

test('profile: sketched profilers merge within the rank error', () => {
  const values = random(300_000, 5);
  const schema = [{ name: 'x', type: 'number' as const }];
  const parts = Array.from({ length: 3 }, () => new Profiler(schema, 1 << 18));
  for (let i = 0; i < 30; i++) {
    const part = Float64Array.from(values.slice(i * 10_000, (i + 1) * 10_000));
    parts[i % 3].add({ firstRow: i * 10_000, rows: 10_000, schema, columns: [{ kind: 'number', values: part }] });
  }
  parts[0].merge(parts[1]);
  parts[0].merge(parts[2]);
  const [column] = parts[0].finish().columns as NumericProfile[];
  const sorted = Float64Array.from(values).sort();
  const { edges, below, atOrBelow, rankError } = column.distribution;
  assert.equal(atOrBelow.at(-1), 300_000);
  for (let i = 0; i < edges.length; i++) {
    if (i > 0) assert.ok(below[i] >= atOrBelow[i - 1]);
    let low = 0;
    for (let high = sorted.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (sorted[middle] < edges[i]) low = middle + 1;
      else high = middle;
    }
    assert.ok(Math.abs(low - below[i]) <= rankError * 300_000 + 2, `edge ${i}: rank ${low}, sketched ${below[i]}`);
  }
});

test('hyperloglog: estimates numbers within 3 standard errors at several sizes', () => {
  for (const n of [100, 20_000, 60_000, 1_500_000]) {
    const sketch = new HyperLogLog();
    for (let i = 0; i < n; i++) sketch.addNumber(i * 0.25);
    near(sketch.estimate(), n, 0.0243);
  }
});

test('count on edges: equals counting one by one, outside values included', async () => {
  const reference = await profile(tableOf({ x: random(25_000, 6), t: random(25_000, 6).map((value) => (value > 1 ? 'a' : 'b')) }));
  const current = random(7_000, 7).map((value, i) => (i % 5 === 0 ? undefined : i % 7 === 0 ? value * 50 : i % 3 === 0 ? -value : value));
  const table = tableOf(
    { x: [...current, Infinity, -Infinity, 1e300], t: [...current, 1, 1, 1].map(() => 'c') },
    { types: { x: 'number' } },
  );
  const { columns, rows } = await countOnEdges(table, reference);
  const [x, t] = columns as [NumericProfile, CategoricalProfile];
  assert.equal(rows, 7_003);
  const present = current.filter((value) => value !== undefined).concat([Infinity, -Infinity, 1e300]);
  assert.deepEqual([x.count, x.missing, x.infinite], [present.length, 1400, 2]);
  for (let i = 0; i < x.distribution.edges.length; i += 97) {
    const edge = x.distribution.edges[i];
    assert.equal(x.distribution.below[i], present.filter((value) => value < edge).length);
    assert.equal(x.distribution.atOrBelow[i], present.filter((value) => value <= edge).length);
  }
  assert.deepEqual(t.values, [{ value: 'c', count: 7_003 }]);
});

test('count on edges: a constant reference, one far outlier, and a column of another kind', async () => {
  const reference = await profile(tableOf({ c: [5, 5, 5], o: [1, 2, 1e308], k: ['a', 'b', 'c'] }));
  const { columns } = await countOnEdges(tableOf({ c: [4, 5, 6], o: [1.5, -1e308, 1e308], k: [1, 2, 3] }), reference);
  const [c, o, k] = columns as NumericProfile[];
  assert.deepEqual([k.name, k.kind, k.count, k.min, k.max, k.distribution.edges.length], ['k', 'numeric', 3, 1, 3, 0]);
  assert.deepEqual([[...c.distribution.below], [...c.distribution.atOrBelow]], [[1], [2]]);
  assert.deepEqual(
    [[...o.distribution.below], [...o.distribution.atOrBelow]],
    [
      [1, 2, 2],
      [1, 2, 3],
    ],
  );
});

test('profile json: reads back equal, infinities included, and writes the same bytes again', async () => {
  const found = await profile(
    tableOf(
      {
        x: [...random(15_000, 8), Infinity, -Infinity],
        t: Array.from({ length: 15_002 }, (_, i) => `ü${i % 9}`),
        b: Array.from({ length: 15_002 }, (_, i) => i % 2 === 0),
        d: Array.from({ length: 15_002 }, (_, i) => (i === 3 ? undefined : new Date(i * 1e9))),
      },
      { types: { x: 'number' } },
    ),
  );
  const json = profileToJson(found);
  assert.ok(isDeepStrictEqual(profileFromJson(json), found));
  assert.ok(profileToJson(profileFromJson(json)) === json);
});

test('profile json: what is no profile, or cannot be one, is refused', async () => {
  const good = JSON.parse(profileToJson(await profile(tableOf({ x: [1, 2, 2], t: ['a', 'b', undefined] }))));
  const broken: [string, (value: typeof good) => unknown][] = [
    ['schema', (value) => ({ ...value, schema: 'retrain/profile/2' })],
    ['rows', (value) => ({ ...value, rows: 7 })],
    ['extra', (value) => ({ ...value, more: 1 })],
    ['twice', (value) => ({ ...value, columns: [value.columns[0], value.columns[0]] })],
    ['order', (value) => change(value, (column) => column.distribution.edges.reverse())],
    ['runs', (value) => change(value, (column) => column.distribution.ties.push(1, 1_000_000_000))],
    [
      'sum',
      (value) =>
        change(value, (column) => {
          column.distribution.ties[0] = 9;
        }),
    ],
    [
      'min',
      (value) =>
        change(value, (column) => {
          delete column.min;
        }),
    ],
  ];
  const change = (value: typeof good, edit: (column: typeof good) => void): unknown => {
    const copy = structuredClone(value);
    edit(copy.columns[0]);
    return copy;
  };
  for (const [what, edit] of broken) {
    assert.throws(
      () => profileFromJson(JSON.stringify(edit(good))),
      (error) => error instanceof BadInput && error.code === 'bad-profile',
      what,
    );
  }
  assert.throws(() => profileFromJson('{"schema"'), /no JSON/);
  assert.throws(() => profileFromJson('[]'), /schema none/);
});
