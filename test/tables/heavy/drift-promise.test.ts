import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../../src/statistics/index.ts';
import { compareProfiles } from '../../../src/tables/drift/compare-profiles.ts';
import { tableOf } from '../../../src/tables/memory-table.ts';
import { profile } from '../../../src/tables/profile/profiler.ts';
import { type NumericProfile, PROFILE_SCHEMA, type Profile } from '../../../src/tables/profile-types.ts';

const COLUMNS = 200;
const RUNS = 1000;

/** The profile of up to 10,000 different numbers without missing ones, as far as drift reads it. */
function columnOf(name: string, values: Float64Array): NumericProfile {
  const sorted = values.sort();
  const n = sorted.length;
  const below = Float64Array.from(sorted, (_, i) => i);
  const distribution = { edges: sorted, below, atOrBelow: below.map((i) => i + 1), complete: true, rankError: 0 };
  const moments = { n, mean: 0, m2: n, m3: 0, m4: 0 };
  return {
    kind: 'numeric',
    name,
    type: 'number',
    count: n,
    missing: 0,
    distinct: { value: n, exact: true },
    min: sorted[0]!,
    max: sorted[n - 1]!,
    infinite: 0,
    moments,
    distribution,
    top: [],
  };
}
const profileOf = (rows: number, columns: readonly NumericProfile[]): Profile => ({ schema: PROFILE_SCHEMA, rows, columns });

/** Distances of bins know ranks alone: uniform numbers stand for any continuous distribution. */
function uniform(random: Random, n: number): Float64Array {
  const values = new Float64Array(n);
  for (let i = 0; i < n; i++) values[i] = random.float();
  return values;
}

test('the short cut to a profile of this file equals the profile of the rows where drift reads it', async () => {
  const values = uniform(Random.of(1, 4), 500);
  const [whole] = (await profile(tableOf({ c: [...values] }))).columns as [NumericProfile];
  const short = columnOf('c', values);
  assert.deepEqual(whole.distribution, short.distribution);
  assert.deepEqual([whole.count, whole.min, whole.max], [short.count, short.min, short.max]);
});

// The tails are heaviest where rows are few; a thousand rows take most of the time, so that one method has to do there.
for (const [n, methods] of [
  [100, ['psi', 'js', 'tv', 'ks']],
  [1000, ['psi']],
] as const) {
  test(`${methods.join(' and ')}, any-column: ${COLUMNS} stable columns of ${n} rows alarm in at most 5 % of ${RUNS} runs`, (t) => {
    const alarms: Record<string, number> = {};
    for (let run = 0; run < RUNS; run++) {
      const random = Random.of(20_240_101, 4, run);
      const [reference, current] = [[], []] as [NumericProfile[], NumericProfile[]];
      for (let column = 0; column < COLUMNS; column++) {
        reference.push(columnOf(String(column), uniform(random, n)));
        current.push(columnOf(String(column), uniform(random, n)));
      }
      for (const method of methods) {
        if (compareProfiles(profileOf(n, reference), profileOf(n, current), { method, rule: 'any-column', secondOpinion: false }).drifted)
          alarms[method] = (alarms[method] ?? 0) + 1;
      }
    }
    for (const method of methods) {
      const found = alarms[method] ?? 0;
      t.diagnostic(`${method} at ${n} rows: ${found} alarms`);
      assert.ok(found <= 0.05 * RUNS, `${method}: ${found} alarms in ${RUNS} runs`);
    }
  });
}

for (const method of ['psi', 'ks', 'js', 'tv', 'wasserstein'] as const) {
  test(`${method}, any-column: one of ${COLUMNS} columns shifted by half a standard deviation at n = 1,000 is found in at least 95 % of ${RUNS} runs`, () => {
    const n = 1000;
    const still = Random.of(5, 4);
    const stable = Array.from({ length: COLUMNS - 1 }, (_, column) => columnOf(String(column), uniform(still, n)));
    let found = 0;
    for (let run = 0; run < RUNS; run++) {
      const random = Random.of(42, 4, run);
      const before = columnOf(
        'shifted',
        Float64Array.from({ length: n }, () => random.normal()),
      );
      const after = columnOf(
        'shifted',
        Float64Array.from({ length: n }, () => random.normal() + 0.5),
      );
      const options = { method, rule: 'any-column', secondOpinion: false } as const;
      // The stable columns do not change: the first run compares them all, later ones only let them count.
      const others = run === 0 ? stable : stable.map((column) => ({ ...column, distribution: CONSTANT }));
      const report = compareProfiles(profileOf(n, [...others, before]), profileOf(n, [...others, after]), options);
      if (report.columns.at(-1)!.drifted && report.drifted) found++;
    }
    assert.ok(found >= 0.95 * RUNS, `found in ${found} of ${RUNS} runs`);
  });
}

/** All rows in one value: cheap to compare, and never drifted. */
const CONSTANT = { edges: Float64Array.of(0), below: Float64Array.of(0), atOrBelow: Float64Array.of(1000), complete: true, rankError: 0 };
