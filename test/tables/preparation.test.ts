import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyPreparation } from '../../src/tables/preparation/apply.ts';
import { type FitOptions, fitPreparation } from '../../src/tables/preparation/fit.ts';
import { describeFeatures, readPreparation, writePreparation } from '../../src/tables/preparation/preparation.ts';
import { preparationSchema } from '../../src/tables/preparation/preparation-schema.ts';
import type { Table } from '../../src/tables/table.ts';
import { cellsOf, tinyTable } from './tiny-table.ts';

const fit = (table: Table, spec: unknown = {}, options: FitOptions = {}) => fitPreparation(table, preparationSchema.parse(spec), options);

const train = tinyTable({
  id: ['a', 'b', 'c', 'd', 'e'],
  tenure: [1, 2, undefined, 4, 9],
  plan: ['x', 'y', 'y', undefined, 'z'],
  same: [7, 7, 7, 7, 7],
  never: [undefined, undefined, undefined, undefined, undefined],
  churn: ['no', 'yes', 'no', 'yes', 'no'],
});
const known = { key: 'id', target: 'churn' };

test('with nothing declared: median and standard scale, mode and one-hot; key and target are carried, empty and constant columns are left out', async () => {
  const preparation = await fit(train, {}, known);
  assert.deepEqual(
    preparation.dropped.map(({ column }) => column),
    ['same', 'never'],
  );
  assert.deepEqual(
    describeFeatures(preparation).map(({ name }) => name),
    ['tenure', 'plan=x', 'plan=y', 'plan=z'],
  );
  const cells = await cellsOf(applyPreparation(preparation, train));
  assert.deepEqual(Object.keys(cells), ['id', 'churn', 'tenure', 'plan=x', 'plan=y', 'plan=z']);
  // filled with the median 3: 1 2 3 4 9, mean 3.8, population variance 7.76
  const z = (x: number) => (x - 3.8) / Math.sqrt(7.76);
  cells.tenure!.forEach((value, row) => {
    assert.ok(Math.abs((value as number) - z([1, 2, 3, 4, 9][row]!)) < 1e-15);
  });
  assert.deepEqual(cells['plan=y'], [0, 1, 1, 1, 0]);
  assert.deepEqual(cells.churn, ['no', 'yes', 'no', 'yes', 'no']);
});

test('serving: unseen categories are all zeros and counted, missing cells are filled and counted, the target may be absent', async () => {
  const preparation = await fit(train, {}, known);
  const serving = tinyTable({ plan: ['new', 'x', undefined, 'newer'], tenure: [3.8, undefined, 3.8, 3.8], id: ['q', 'r', 's', 't'] });
  const applied = applyPreparation(preparation, serving);
  const cells = await cellsOf(applied);
  assert.deepEqual(
    [cells['plan=x'], cells['plan=y'], cells['plan=z']],
    [
      [0, 1, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 0],
    ],
  );
  assert.deepEqual(applied.counts(), {
    rows: 4,
    unseen: [{ feature: 'plan', rows: 2, examples: ['new', 'newer'] }],
    imputed: [
      { feature: 'tenure', rows: 1 },
      { feature: 'plan', rows: 1 },
    ],
  });
});

test('the same rows give the same bytes and digest in any batch size; writing and reading changes nothing', async () => {
  const columns = { x: [3, 1, undefined, 2, 8], c: ['b', 'a', 'b', undefined, 'c'] };
  const spec = { features: { y: 'x / mean(x)', m: 'group_mean(x, c)' }, outliers: { method: 'iqr' } };
  const one = await fit(tinyTable(columns, {}, 1), spec);
  const five = await fit(tinyTable(columns, {}, 5), spec);
  assert.equal(writePreparation(one), writePreparation(five));
  const read = readPreparation(writePreparation(one));
  assert.deepEqual(read, one);
  assert.deepEqual(await cellsOf(applyPreparation(read, tinyTable(columns))), await cellsOf(applyPreparation(five, tinyTable(columns))));
});

test('an edited, damaged or newer preparation is refused', async () => {
  const text = writePreparation(await fit(train, {}, known));
  assert.throws(() => readPreparation(text.replace('"x"', '"w"')), { code: 'bad-preparation', message: /does not match its digest/ });
  assert.throws(() => readPreparation(text.slice(0, -9)), { code: 'bad-preparation', message: /not JSON/ });
  assert.throws(() => readPreparation('{"schema":"retrain/preparation/1"}'), { code: 'bad-preparation', message: /a problem at/ });
  assert.throws(() => readPreparation('{"schema":"retrain/preparation/2"}'), { code: 'newer-preparation' });
});

test('a number column with little memory is fitted in further passes, to the same result', async () => {
  const columns = Object.fromEntries(
    ['a', 'b', 'c', 'd'].map((name, k) => [name, Array.from({ length: 50 }, (_, i) => (i * (k + 3)) % 17)]),
  );
  const wide = await fit(tinyTable(columns), {});
  const narrow = await fit(tinyTable(columns), {}, { memory: 500 });
  assert.equal(narrow.digest, wide.digest);
});

test('fills: mean, mode (ties: smallest), constant, category, none', async () => {
  const columns = {
    mean: [1, undefined, 5, 6],
    mode: [5, 5, 2, 2],
    constant: [1, undefined, 2, 3],
    none: [1, undefined, 2, 3],
    category: ['b', undefined, 'a', 'b'],
    text: ['b', undefined, 'a', undefined],
  };
  const serving = {
    mean: [undefined],
    mode: [undefined],
    constant: [undefined],
    none: [undefined],
    category: [undefined],
    text: [undefined],
  };
  const preparation = await fit(tinyTable(columns), {
    numeric: { scale: 'none' },
    columns: {
      mean: { impute: 'mean' },
      mode: { impute: 'mode' },
      constant: { impute: { constant: -1 } },
      none: { impute: 'none' },
      category: { impute: 'category' },
    },
  });
  const types = { mean: 'number', mode: 'number', constant: 'number', none: 'number', category: 'text', text: 'text' } as const;
  const cells = await cellsOf(applyPreparation(preparation, tinyTable(serving, types)));
  assert.deepEqual([cells.mean, cells.mode, cells.constant, cells.none], [[4], [2], [-1], [undefined]]);
  assert.deepEqual([cells['category=(missing)'], cells['category=a'], cells['category=b']], [[1], [0], [0]]);
  assert.deepEqual([cells['text=a'], cells['text=b']], [[1], [0]]);
});

test('outliers are capped at the quartiles -/+ 1.5 ranges of the training rows; never where the quartiles are equal', async () => {
  const columns = { v: [1, 2, 3, 4, 100], flat: [0, 0, 0, 0, 5] };
  const preparation = await fit(tinyTable(columns), { outliers: { method: 'iqr' }, numeric: { scale: 'none' } });
  const cells = await cellsOf(applyPreparation(preparation, tinyTable({ v: [-50, 100, 3], flat: [0, 5, 9] })));
  assert.deepEqual(cells, { v: [-1, 7, 3], flat: [0, 5, 9] });
  assert.match(preparation.warnings.join(), /flat: not capped/);
});

test('minmax, ordinal with a declared order, frequency, a number column as categories', async () => {
  const columns = { v: [2, 4, 6], size: ['M', 'S', 'L'], city: ['a', 'b', 'a'], senior: [0, 1, 0] };
  const preparation = await fit(tinyTable(columns), {
    columns: {
      v: { scale: 'minmax' },
      size: { order: ['S', 'M', 'L'], scale: 'none' },
      city: { encode: 'frequency', scale: 'none' },
      senior: { encode: 'one-hot' },
    },
  });
  const applied = applyPreparation(
    preparation,
    tinyTable({ v: [2, 6, 8], size: ['L', 'S', 'XXL'], city: ['a', 'b', 'c'], senior: [1, 0, 2] }),
  );
  assert.deepEqual(await cellsOf(applied), {
    v: [0, 1, 1.5],
    size: [2, 0, -1],
    city: [2 / 3, 1 / 3, 0],
    'senior=0': [0, 1, 0],
    'senior=1': [1, 0, 0],
  });
  assert.deepEqual(
    applied.counts().unseen.map(({ feature, rows }) => [feature, rows]),
    [
      ['size', 1],
      ['city', 1],
      ['senior', 1],
    ],
  );
});

test('declared features may use each other and fitted values; they are fitted on training rows alone', async () => {
  const table = tinyTable({ spend: [10, 20, 60, 30], visits: [1, 2, 3, 0], tickets: [0, 1, 5, 2] });
  const preparation = await fit(table, {
    features: { per_visit: 'spend / visits', high_tickets: 'tickets > quantile(tickets, 0.75)', double: 'per_visit * 2' },
    numeric: { scale: 'none' },
    drop: ['spend', 'visits', 'tickets'],
  });
  assert.deepEqual(await cellsOf(applyPreparation(preparation, table)), {
    per_visit: [10, 10, 20, 10],
    high_tickets: [0, 0, 1, 0],
    double: [20, 20, 40, 20],
  });
  const serving = tinyTable({ spend: [0], visits: [1], tickets: [3] });
  assert.deepEqual((await cellsOf(applyPreparation(preparation, serving))).high_tickets, [1]);
});

test('a date becomes parts; the hour only of timestamps', async () => {
  const dates = { at: ['2024-02-29T13:00:00Z', '2023-03-04T10:00:00Z'], on: ['2024-02-29', '2023-03-04'] };
  const preparation = await fit(tinyTable(dates, { at: 'timestamp', on: 'date' }), { numeric: { scale: 'none' } });
  assert.deepEqual(
    describeFeatures(preparation).map(({ name }) => name),
    [
      ...['at.year', 'at.month', 'at.day', 'at.day_of_week', 'at.is_weekend', 'at.hour'],
      ...['on.year', 'on.month', 'on.day', 'on.day_of_week', 'on.is_weekend'],
    ],
  );
  const cells = await cellsOf(applyPreparation(preparation, tinyTable(dates, { at: 'timestamp', on: 'date' })));
  assert.deepEqual(
    [cells['at.hour'], cells['on.day_of_week'], cells['at.is_weekend']],
    [
      [13, 10],
      [3, 5],
      [0, 1],
    ],
  );
});

test('Telco: a column of numbers with blanks in it is reported with what to declare, and prepared once that is done', async () => {
  const TotalCharges = Array.from({ length: 60 }, (_, i) => (i === 20 || i === 40 ? ' ' : String(i * 1.5 + 0.25)));
  const table = tinyTable({ TotalCharges, other: TotalCharges.map((_, i) => i) });
  const before = await fit(table);
  assert.match(
    before.warnings.join('\n'),
    /TotalCharges: read as text, but 58 of its 59 different values are numbers; the others: " " \(2 rows\).*type: number, missing: \[" "\]/,
  );
  assert.match(before.warnings.join('\n'), /TotalCharges: left out, 59 different texts/);
  const after = await fit(table, { columns: { TotalCharges: { type: 'number', missing: [' '], scale: 'none' } } });
  const applied = applyPreparation(after, table);
  assert.equal((await cellsOf(applied)).TotalCharges![20], 44.5);
  assert.deepEqual(applied.counts().imputed, [{ feature: 'TotalCharges', rows: 2 }]);
});

test('declared as a number, other text is an error with its row', async () => {
  await assert.rejects(fit(tinyTable({ v: ['1', '2', 'three'] }), { columns: { v: { type: 'number' } } }), {
    code: 'not-a-number',
    place: { file: 'tiny', row: 3, column: 'v' },
  });
});

test('text tasks: columns pass through untouched', async () => {
  const table = tinyTable({ id: ['1', '2'], question: ['a <b>', undefined], sql: ['SELECT 1', 'SELECT 2'] });
  const preparation = await fit(table, { passthrough: ['*'] }, { key: 'id', target: 'sql' });
  assert.deepEqual(await cellsOf(applyPreparation(preparation, table)), {
    id: ['1', '2'],
    sql: ['SELECT 1', 'SELECT 2'],
    question: ['a <b>', undefined],
  });
  assert.throws(() => applyPreparation(preparation, tinyTable({ id: ['1'], asked: ['a'] })), {
    message: 'tiny: The column "question" is not there; the trainer was given question.',
    todo: 'There are id, asked.',
  });
});

test('serving data may be typed otherwise: codes read as numbers, numbers as text; nonsense is an error with its row', async () => {
  const preparation = await fit(tinyTable({ zip: ['10', '20', 'x1'], v: [1, 2, 3] }), { numeric: { scale: 'none' } });
  const cells = await cellsOf(applyPreparation(preparation, tinyTable({ zip: [10, 20], v: ['2', '7'] })));
  assert.deepEqual(
    [cells['zip=10'], cells['zip=20'], cells.v],
    [
      [1, 0],
      [0, 1],
      [2, 7],
    ],
  );
  await assert.rejects(cellsOf(applyPreparation(preparation, tinyTable({ zip: ['10', '10'], v: ['2', 'two'] }))), {
    code: 'wrong-type',
    place: { file: 'tiny', row: 2, column: 'v' },
  });
  assert.throws(() => applyPreparation(preparation, tinyTable({ zip: ['10'] })), { code: 'missing-column', message: /"v"/ });
});

test('only the columns asked for are made, in the order asked for', async () => {
  const applied = applyPreparation(await fit(train, {}, known), train);
  for await (const batch of applied.batches({ columns: ['plan=z', 'id'] })) {
    assert.deepEqual(
      batch.schema.map(({ name }) => name),
      ['plan=z', 'id'],
    );
  }
});

test('names from data are data: __proto__ and markup', async () => {
  const table = tinyTable({ __proto__x: ['__proto__', 'constructor', '</details><script>'], constructor: [1, 1, 1] });
  const preparation = readPreparation(writePreparation(await fit(table)));
  assert.equal(preparation.dropped[0]!.column, 'constructor');
  const cells = await cellsOf(applyPreparation(preparation, table));
  assert.deepEqual(cells['__proto__x=constructor'], [0, 1, 0]);
  assert.deepEqual(cells['__proto__x=__proto__'], [1, 0, 0]);
});

const refused: readonly [name: string, spec: unknown, expected: { code: string; message?: RegExp }][] = [
  ['a feature that reads the target', { features: { f: "churn = 'yes'" } }, { code: 'target-in-feature' }],
  ['a feature defined by itself', { features: { f: 'g + 1', g: 'f' } }, { code: 'bad-expression', message: /defined by itself/ }],
  ['a feature with the name of a column', { features: { tenure: 'tenure + 1' } }, { code: 'duplicate-feature' }],
  ['an unknown column', { drop: ['tenur'] }, { code: 'unknown-column', message: /Did you mean "tenure"/ }],
  ['a fill that does not suit the type', { columns: { plan: { impute: 'median' } } }, { code: 'bad-impute' }],
  ['an order that lacks a category', { columns: { plan: { order: ['x', 'y'] } } }, { code: 'unknown-category', message: /"z"/ }],
  ['nothing left', { drop: ['tenure', 'plan'] }, { code: 'no-features' }],
];
for (const [name, spec, expected] of refused) {
  test(`refused: ${name}`, async () => {
    await assert.rejects(fit(train, spec, known), expected);
  });
}

test('refused: an expression that does not parse, when the file is checked', () => {
  const found = preparationSchema.safeParse({ features: { f: 'a +' } });
  assert.match(found.error!.issues[0]!.message, /position 4: expected a column/);
});

test('refused: infinite values, with their row', async () => {
  await assert.rejects(fit(tinyTable({ v: [1, Number.POSITIVE_INFINITY] })), {
    code: 'infinite-value',
    place: { file: 'tiny', row: 2, column: 'v' },
  });
});
