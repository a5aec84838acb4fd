import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tableOf } from '../../src/tables/memory-table.ts';
import { applyPreparation } from '../../src/tables/preparation/apply.ts';
import { fitPreparation } from '../../src/tables/preparation/fit.ts';
import { describeFeatures } from '../../src/tables/preparation/preparation.ts';
import { preparationSchema } from '../../src/tables/preparation/preparation-schema.ts';
import { cellsOf } from './tiny-table.ts';

type Cell = number | string | null;
interface Golden {
  readonly train: Readonly<Record<string, readonly Cell[]>>;
  readonly serve: Readonly<Record<string, readonly Cell[]>>;
  readonly expected: Readonly<Record<string, readonly (number | null)[]>> & {
    readonly city: { readonly categories: string[]; readonly columns: number[][] };
  };
}
// Made by tools/golden/prep.py with scikit-learn.
const golden: Golden = JSON.parse(readFileSync(join(import.meta.dirname, 'golden/preparation.json'), 'utf8'));
const tableFor = (columns: Golden['train'], name: string) =>
  tableOf({ [name]: columns[name]!.map((cell) => cell ?? undefined) }, { batchRows: 64 });

async function prepare(name: string, spec: unknown) {
  const preparation = await fitPreparation(tableFor(golden.train, name), preparationSchema.parse(spec));
  return { preparation, cells: await cellsOf(applyPreparation(preparation, tableFor(golden.serve, name))) };
}

/** 1e-12, relative to the size of the raw numbers over their deviation: what subtracting a mean can lose. */
function close(found: readonly (number | string | undefined)[], expected: readonly (number | null)[], tolerance: number): void {
  assert.equal(found.length, expected.length);
  expected.forEach((value, row) => {
    if (value === null) assert.equal(found[row], undefined);
    else
      assert.ok(
        Math.abs((found[row] as number) - value) <= tolerance * Math.max(1, Math.abs(value)),
        `row ${row}: ${found[row]} is not ${value}`,
      );
  });
}

const NUMBERS = ['plain', 'huge', 'tiny', 'skewed', 'counts'];
const tolerance = (name: string) => (name === 'huge' ? 1e-6 : 1e-12);

for (const name of NUMBERS) {
  for (const [ours, theirs] of [
    ['median', 'median'],
    ['mean', 'mean'],
    ['mode', 'most_frequent'],
  ]) {
    for (const scale of ['standard', 'minmax']) {
      test(`${name}: SimpleImputer(${theirs}) and ${scale} scaling as scikit-learn has them`, async () => {
        const { cells } = await prepare(name, { numeric: { impute: ours, scale } });
        close(cells[name]!, golden.expected[`${name} ${theirs} ${scale}`]!, tolerance(name));
      });
    }
  }
  test(`${name}: capped at the IQR fences, and missing left missing`, async () => {
    close((await prepare(name, { outliers: { method: 'iqr' } })).cells[name]!, golden.expected[`${name} capped`]!, tolerance(name));
    close((await prepare(name, { numeric: { impute: 'none' } })).cells[name]!, golden.expected[`${name} none`]!, tolerance(name));
  });
}

test('one-hot as OneHotEncoder(handle_unknown="ignore") after the most frequent category', async () => {
  const { preparation, cells } = await prepare('city', {});
  assert.deepEqual(
    describeFeatures(preparation).map(({ name }) => name),
    golden.expected.city.categories.map((category) => `city=${category}`),
  );
  golden.expected.city.categories.forEach((category, position) => {
    assert.deepEqual(cells[`city=${category}`], golden.expected.city.columns[position]);
  });
});
