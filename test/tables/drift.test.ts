import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ksTest, Random, wassersteinNormed } from '../../src/statistics/index.ts';
import { categoryBins, numericBins } from '../../src/tables/drift/bins.ts';
import { chanceLimit, countsOf, measureColumn } from '../../src/tables/drift/column-drift.ts';
import { type CompareOptions, compareProfiles } from '../../src/tables/drift/compare-profiles.ts';
import { ksGapRange } from '../../src/tables/drift/distribution.ts';
import { driftSchema } from '../../src/tables/drift/drift-schema.ts';
import { tableOf } from '../../src/tables/memory-table.ts';
import { countOnEdges } from '../../src/tables/profile/count-on-edges.ts';
import { profile } from '../../src/tables/profile/profiler.ts';
import type { CategoricalProfile, NumericProfile, Profile } from '../../src/tables/profile-types.ts';

type Cells = Record<string, readonly (number | string | undefined)[]>;
const profileOf = (columns: Cells): Promise<Profile> => profile(tableOf(columns));
const numeric = async (x: readonly (number | undefined)[]) => (await profileOf({ x })).columns[0] as NumericProfile;
const categorical = async (x: readonly (string | undefined)[]) => (await profileOf({ x })).columns[0] as CategoricalProfile;
const repeat = <T>(...runs: readonly (readonly [T, number])[]): T[] => runs.flatMap(([value, times]) => Array<T>(times).fill(value));
const close = (found: number, expected: number, tolerance = 1e-9) =>
  assert.ok(Math.abs(found - expected) <= tolerance * Math.max(1, Math.abs(expected)), `${found} is not ${expected}`);
const measure = { limit: 0.1, columns: 1, secondOpinion: false } as const;

test('S17: bins lie between the distinct deciles of the reference, missing is a bin of its own', async () => {
  const pair = {
    kind: 'numeric',
    reference: await numeric([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]),
    current: await numeric([2, 7, 1, 8, undefined, 9, 9, 6]),
  } as const;
  const bins = numericBins(pair.reference, pair.current);
  assert.deepEqual(countsOf(bins), [
    [2, 1, 2, 1, 3, 1, 1, 1, 0],
    [1, 1, 0, 0, 0, 1, 2, 2, 1],
  ]);
  assert.deepEqual(
    bins.map(({ label }) => label),
    ['≤ 1', '1 … 2', '2 … 3', '3 … 4', '4 … 5', '5 … 6', '6 … 8', '> 8', '(missing)'],
  );
  close(measureColumn(pair, { ...measure, method: 'psi' }).distance, 0.796432282535);
});

test('S18: categories in the order of the reference, new and lost ones by name', async () => {
  const pair = {
    kind: 'categorical',
    reference: await categorical(repeat(['a', 60], ['b', 30], ['c', 10])),
    current: await categorical(repeat<string | undefined>(['a', 40], ['b', 35], ['d', 5], [undefined, 20])),
  } as const;
  const found = categoryBins(pair.reference, pair.current);
  assert.deepEqual(
    found.bins.map(({ label }) => label),
    ['a', 'b', 'c', 'd', '(missing)'],
  );
  assert.deepEqual([found.newCategories, found.lostCategories], [['d'], ['c']]);
  close(measureColumn(pair, { ...measure, method: 'psi' }).distance, 1.22431219371);
});

test('S18: above 50 values the rest is (other)', async () => {
  const values = Array.from({ length: 60 }, (_, i) => repeat([`v${String(i).padStart(2, '0')}`, 70 - i])).flat();
  const column = await categorical(values);
  const { bins } = categoryBins(column, column);
  assert.equal(bins.length, 51);
  assert.deepEqual(bins.at(-1), { label: '(other)', reference: 155, current: 155 });
});

test('S16: the binned distances of the worked example, and S19: the distance that chance explains', async () => {
  const pair = {
    kind: 'categorical',
    reference: await categorical(repeat(['a', 40], ['b', 30], ['c', 20], ['d', 10])),
    current: await categorical(repeat(['a', 25], ['b', 35], ['c', 20], ['d', 20])),
  } as const;
  for (const [method, distance] of [
    ['psi', 0.141067442974],
    ['js', 0.134869495116],
    ['hellinger', 0.135328647468],
    ['tv', 0.15],
  ] as const) {
    close(measureColumn(pair, { ...measure, method }).distance, distance);
  }
  const chi2 = measureColumn(pair, { ...measure, method: 'chi2' });
  close(chi2.distance, 0.189466186686);
  close(chi2.p!, 0.066391696218);
  close(chanceLimit(4, 100, 100, 1), 0.325324723925);
  close(measureColumn(pair, { ...measure, method: 'psi' }).limit, 0.325324723925);
  close(measureColumn(pair, { ...measure, method: 'js' }).limit, Math.sqrt(0.325324723925 / 8));
  close(measureColumn(pair, { ...measure, method: 'tv' }).limit, Math.sqrt(0.325324723925) / 2);
  assert.ok(chanceLimit(4, 100, 100, 200) > chanceLimit(4, 100, 100, 50));
});

const X = [1.1, 2.3, 2.9, 3.6, 4.2, 5.8, 6.1];
const Z = [2, 2.9, 3.3, 5, 7.4, 8.8];

test('KS and Wasserstein from profiles equal those of the values, ties and infinities included', async () => {
  const random = Random.of(7, 4);
  const samples: readonly (readonly [number[], number[]])[] = [
    [X, Z],
    [
      [1, 1, 2, 2, 3],
      [2, 2, 2, 3, 3, 9],
    ],
    [Array.from({ length: 300 }, () => random.below(40)), Array.from({ length: 200 }, () => random.below(50))],
    [Array.from({ length: 300 }, () => random.normal()), Array.from({ length: 211 }, () => random.normal() * 1.4)],
  ];
  for (const [a, b] of samples) {
    const [reference, current] = [await numeric(a), await numeric(b)];
    const gap = ksGapRange(reference, current);
    assert.equal(gap.low, gap.high);
    const found = ksTest(a, b);
    assert.ok('p' in found);
    close(gap.low / (a.length * b.length), found.statistic);
    const ks = measureColumn({ kind: 'numeric', reference, current }, { ...measure, method: 'ks' });
    close(ks.p!, found.p);
    close(measureColumn({ kind: 'numeric', reference, current }, { ...measure, method: 'wasserstein' }).distance, wassersteinNormed(a, b));
  }
  const infinite = [Number.NEGATIVE_INFINITY, 1, 2, Number.POSITIVE_INFINITY];
  const gap = ksGapRange(await numeric(infinite), await numeric([1, 2, 3]));
  assert.deepEqual(gap, { low: 3, high: 3 });
});

test('against a stored profile of more than 10,000 different values KS lies between close bounds', async () => {
  const random = Random.of(11, 4);
  const a = Float64Array.from({ length: 40_000 }, () => random.normal());
  const b = Float64Array.from({ length: 30_000 }, () => random.normal() * 1.05);
  const reference = await profileOf({ x: [...a] });
  const current = await profileOf({ x: [...b] });
  const onEdges = await countOnEdges(tableOf({ x: [...b] }), reference);
  const truth = ksTest(a, b);
  assert.ok('p' in truth);
  for (const other of [current, onEdges]) {
    const { low, high } = ksGapRange(reference.columns[0] as NumericProfile, other.columns[0] as NumericProfile);
    const [dLow, dHigh] = [low / 12e8, high / 12e8];
    assert.ok(dLow <= truth.statistic + 1e-12 && truth.statistic <= dHigh + 1e-12, `${dLow} ${truth.statistic} ${dHigh}`);
    assert.ok(dHigh - dLow < 5e-4);
    const distance = measureColumn(
      { kind: 'numeric', reference: reference.columns[0] as NumericProfile, current: other.columns[0] as NumericProfile },
      { ...measure, method: 'wasserstein' },
    ).distance;
    close(distance, wassersteinNormed(a, b), 2e-3);
  }
  const exact = numericBins(reference.columns[0] as NumericProfile, onEdges.columns[0] as NumericProfile);
  const sorted = a.slice().sort();
  const edges = Array.from({ length: 9 }, (_, k) => sorted[Math.ceil((40_000 * (k + 1)) / 10) - 1]!);
  const expected = Array.from({ length: 10 }, (_, bin) => b.filter((x) => edges.filter((edge) => edge < x).length === bin).length);
  assert.deepEqual(countsOf(exact)[1], expected);
});

async function compare(reference: Cells, current: Cells, options: CompareOptions = {}) {
  return compareProfiles(await profileOf(reference), await profileOf(current), options);
}
const rows = (n: number, of: (i: number) => number) => Array.from({ length: n }, (_, i) => of(i));
const same = rows(1000, (i) => (i * 7919) % 1000);
const moved = rows(1000, (i) => ((i * 7919) % 1000) + 600);

test('D20: the share of drifted feature columns against the threshold; target and prediction are apart', async () => {
  const reference = { a: same, b: same, c: same, y: same };
  const current = { a: moved, b: same, c: same, y: moved };
  const report = await compare(reference, current, { target: 'y' });
  assert.deepEqual([report.judged, report.driftedColumns, report.drifted], [3, 1, false]);
  assert.deepEqual(
    report.columns.map(({ column, role, verdict }) => [column, role, verdict]),
    [
      ['a', 'feature', 'drifted'],
      ['b', 'feature', 'stable'],
      ['c', 'feature', 'stable'],
      ['y', 'target', 'drifted'],
    ],
  );
  assert.equal((await compare(reference, current, { target: 'y', threshold: 0.3 })).drifted, true);
  assert.equal((await compare(reference, current, { target: 'y', rule: 'any-column' })).drifted, true);
  assert.equal((await compare(reference, { ...current, a: same }, { target: 'y', rule: 'any-column' })).drifted, false);
  const critical = await compare(reference, current, { target: 'y', critical: ['a'] });
  assert.deepEqual(critical.reasons, ['The critical column "a" drifted.']);
  assert.equal((await compare(reference, current, { target: 'y', ignore: ['a', 'b'], threshold: 0.3 })).drifted, false);
  await assert.rejects(compare(reference, current, { critical: ['z'] }), { code: 'unknown-column' });
});

test('max-distance: the threshold bounds the largest distance', async () => {
  const slightly = rows(1000, (i) => ((i * 7919) % 1000) + 150);
  const distance = (await compare({ a: same }, { a: slightly })).columns[0]!.distance!;
  assert.ok(distance > 0.1 && distance < 0.9);
  assert.equal((await compare({ a: same }, { a: slightly }, { rule: 'max-distance', threshold: distance - 0.01 })).drifted, true);
  assert.equal((await compare({ a: same }, { a: slightly }, { rule: 'max-distance', threshold: distance + 0.01 })).drifted, false);
});

for (const method of ['psi', 'ks', 'chi2', 'js', 'hellinger', 'tv', 'wasserstein', 'evidently'] as const) {
  test(`${method}: a shift of a number and of a category is seen, the same data is not`, async () => {
    const city = rows(1000, (i) => i % 4).map((i) => 'abcd'[i]!);
    const cityMoved = rows(1000, (i) => i % 8).map((i) => 'abcdaaaa'[i]!);
    const moves = await compare({ x: same, city }, { x: moved, city: cityMoved }, { method });
    assert.deepEqual(
      moves.columns.map(({ verdict }) => verdict),
      ['drifted', 'drifted'],
    );
    const stays = await compare({ x: same, city }, { x: same, city }, { method });
    assert.deepEqual(
      stays.columns.map(({ verdict, distance }) => [verdict, Math.round(distance! * 1e9)]),
      [
        ['stable', 0],
        ['stable', 0],
      ],
    );
  });
}

test('S21: a tiny shift in a million rows is significant but no drift', async () => {
  const n = 400_000;
  const random = Random.of(3, 4);
  const a = Float64Array.from({ length: n }, () => random.normal());
  const b = Float64Array.from({ length: n }, () => random.normal() + 0.02);
  const report = await compare({ x: [...a] }, { x: [...b] }, { method: 'ks' });
  assert.ok(report.columns[0]!.p! < 1e-6);
  assert.equal(report.columns[0]!.verdict, 'stable');
});

test('S21: a large distance that few rows explain by chance is no drift', async () => {
  const few = rows(40, (i) => i);
  for (const method of ['ks', 'chi2', 'wasserstein'] as const) {
    const [column] = (await compare({ a: few }, { a: few.map((x) => x + 6) }, { method })).columns;
    assert.ok(column!.distance! >= column!.limit! && column!.adjustedP! > 0.01);
    assert.equal(column!.verdict, 'stable');
  }
});

test('the missing share is tested apart and alarms on its own, without entering the column share', async () => {
  const holes = same.map((x, i) => (i % 10 === 0 ? undefined : x));
  const report = await compare({ a: same, b: same }, { a: holes, b: same }, { method: 'ks' });
  assert.equal(report.columns[0]!.missing.drifted, true);
  assert.deepEqual(report.reasons, ['Missing cells of "a" went from 0 % to 10 %.']);
  const few = same.map((x, i) => (i % 25 === 0 ? undefined : x));
  assert.equal((await compare({ a: same }, { a: few })).columns[0]!.missing.drifted, false);
});

test('too few rows are not judged and not counted; empty, absent and retyped columns are errors, not drift', async () => {
  const small = [...rows(29, (i) => i), ...Array<undefined>(971).fill(undefined)];
  const reference = { few: small, gone: same, empty: same, retyped: same, ok: same };
  const current = { few: small, empty: Array<number | undefined>(1000).fill(undefined), retyped: same.map(String), ok: same, fresh: same };
  const report = compareProfiles(await profileOf(reference), await profile(tableOf(current, { types: { empty: 'number' } })));
  assert.deepEqual(
    report.columns.map(({ column, verdict }) => [column, verdict]),
    [
      ['few', 'too-few'],
      ['gone', 'error'],
      ['empty', 'error'],
      ['retyped', 'error'],
      ['ok', 'stable'],
    ],
  );
  assert.deepEqual([report.judged, report.newColumns], [1, ['fresh']]);
});

test('a constant column is one bin and never drifts; a constant that changes does', async () => {
  const seven = rows(100, () => 7);
  assert.equal((await compare({ a: seven }, { a: seven })).columns[0]!.verdict, 'stable');
  assert.equal((await compare({ a: seven }, { a: rows(100, () => 8) })).columns[0]!.verdict, 'drifted');
});

test('small samples of the same distribution do not drift although PSI passes .1', async () => {
  const random = Random.of(1, 4);
  const draw = () => Array.from({ length: 100 }, () => random.normal());
  const { distance, limit, verdict, size } = (await compare({ a: draw() }, { a: draw() })).columns[0]!;
  assert.ok(distance! > 0.1 && limit! > 0.3);
  assert.deepEqual([verdict, size], ['stable', 'moderate']);
});

test('evidently: 2 values by z test, 3 to 5 by chi-square, more by KS up to 1,000 rows; Wasserstein and Jensen-Shannon above', async () => {
  const methods = async (n: number) => {
    const report = await compare(
      {
        two: rows(n, (i) => i % 2),
        four: rows(n, (i) => i % 4),
        many: rows(n, (i) => i % 97),
        c: rows(n, (i) => i % 3).map(String),
        d: rows(n, (i) => i % 2).map((i) => `v${i}`),
      },
      {
        two: rows(n, (i) => i % 2),
        four: rows(n, (i) => i % 4),
        many: rows(n, (i) => i % 97),
        c: rows(n, (i) => i % 3).map(String),
        d: rows(n, (i) => i % 2).map((i) => `v${i}`),
      },
      { method: 'evidently' },
    );
    return report.columns.map(({ method }) => method);
  };
  assert.deepEqual(await methods(1000), ['z', 'chi2', 'ks', 'chi2', 'z']);
  assert.deepEqual(await methods(1001), ['js', 'js', 'wasserstein', 'js', 'js']);
});

test('the schema fills in the defaults', () => {
  assert.deepEqual(driftSchema.parse({}), { method: 'psi', rule: 'column-share', threshold: 0.5, critical: [], ignore: [] });
});
