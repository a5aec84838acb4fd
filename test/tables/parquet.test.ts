import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Random } from '../../src/statistics/random.ts';
import { BadInput } from '../../src/tables/bad-input.ts';
import { bytesOf } from '../../src/tables/byte-source.ts';
import { type Cell, rowsOf } from '../../src/tables/memory-table.ts';
import { openTable, tableFrom } from '../../src/tables/open-table.ts';
import { allOf } from './all-of.ts';

const FIXTURES = new URL('fixtures/', import.meta.url).pathname;
const expected: Record<string, (number | string | boolean | null)[]> = JSON.parse(readFileSync(`${FIXTURES}expected.json`, 'utf8'));

/** A cell in the form of expected.json. */
const plain = (cell: Cell): number | string | boolean | null =>
  cell === undefined ? null : cell === Infinity || cell === -Infinity ? String(cell) : cell instanceof Date ? cell.getTime() : cell;

for (const name of ['none', 'snappy', 'gzip', 'zstd', 'v2-plain', 'encodings', 'int96']) {
  test(`parquet: ${name}.parquet is read as pyarrow reads it`, async () => {
    const table = await openTable(`${FIXTURES}${name}.parquet`);
    const rows = await allOf(rowsOf(table));
    for (const { name: column } of table.schema) {
      const found = rows.map((row) => plain(row[column]));
      // A Date holds whole milliseconds; the column itself keeps the fraction.
      const wanted =
        column === 'us' ? expected[column].map((value) => (value === null ? null : Math.trunc(value as number))) : expected[column];
      assert.deepEqual(found, wanted, column);
    }
  });
}

test('parquet: types come from the file', async () => {
  const table = await openTable(`${FIXTURES}zstd.parquet`);
  assert.equal(
    table.schema.map(({ name, type }) => `${name} ${type}`).join(', '),
    'i32 integer, i64 integer, u8 integer, u32 integer, few integer, f32 number, f64 number, inf number, flag boolean, word text, key text, day date, ms timestamp, us timestamp, ns timestamp, price number, none number, half number',
  );
});

test('parquet: microseconds keep their fraction, missing is NaN and marked', async () => {
  const table = await openTable(`${FIXTURES}snappy.parquet`);
  const values: (number | null)[] = [];
  for await (const { rows, columns } of table.batches({ columns: ['us'] })) {
    const [column] = columns;
    assert.equal(column.kind, 'number');
    for (let i = 0; i < rows; i++) {
      assert.equal(Number.isNaN(column.values[i]), column.missing?.[i] === 1);
      values.push(column.missing?.[i] === 1 ? null : column.values[i]);
    }
  }
  assert.deepEqual(values, expected.us);
});

test('parquet: columns in the order asked for, across row groups; declared types convert', async () => {
  const table = await openTable(`${FIXTURES}gzip.parquet`, { types: { few: 'text', day: 'timestamp' } });
  const rows = await allOf(rowsOf(table, { columns: ['word', 'few', 'day'] }));
  assert.deepEqual(
    rows.map((row) => plain(row.few)),
    expected.few.map((value) => (value === null ? null : String(value))),
  );
  assert.deepEqual(
    rows.map((row) => plain(row.word)),
    expected.word,
  );
  assert.deepEqual(Object.keys(rows[0]), ['word', 'few', 'day']);
});

test('parquet: within gzip, and from a source that cannot be read in places', async () => {
  const bytes = gzipSync(readFileSync(`${FIXTURES}snappy.parquet`));
  assert.ok(bytes.length > 0);
  const whole = bytesOf('x.parquet', readFileSync(`${FIXTURES}snappy.parquet`), 1000);
  const table = await tableFrom('x.parquet', [{ name: whole.name, open: whole.open }]);
  assert.equal((await allOf(rowsOf(table))).length, 400);
});

async function refusal(read: () => Promise<unknown>): Promise<BadInput> {
  try {
    await read();
  } catch (error) {
    if (error instanceof BadInput) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: 'was read without an error' });
}

test('parquet: nested columns, integers beyond 2^53, empty and foreign files are refused with a reason', async () => {
  const nested = await refusal(() => openTable(`${FIXTURES}nested.parquet`));
  assert.deepEqual([nested.code, nested.place.column], ['nested-column', 'tags']);
  const large = await refusal(async () => allOf((await openTable(`${FIXTURES}large.parquet`)).batches()));
  assert.deepEqual([large.code, large.place.row, large.place.column], ['number-too-large', 3, 'id']);
  assert.equal((await refusal(() => openTable(`${FIXTURES}empty.parquet`))).code, 'no-rows');
  assert.equal((await refusal(() => tableFrom('x.parquet', [bytesOf('x.parquet', '')]))).code, 'empty-file');
  assert.equal((await refusal(() => tableFrom('x.parquet', [bytesOf('x.parquet', 'a,b\n1,2\n')]))).code, 'bad-parquet');
});

test('parquet: damaged files are refused or read, never worse; 600 single damages', async () => {
  const random = Random.of(5, 6, 3);
  let refused = 0;
  for (let i = 0; i < 600; i++) {
    const bytes = new Uint8Array(readFileSync(`${FIXTURES}${['snappy', 'zstd', 'gzip', 'encodings', 'v2-plain'][i % 5]}.parquet`));
    for (let k = 0; k < 3; k++) bytes[random.below(bytes.length)] = random.below(256);
    const cut = i % 7 === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes;
    try {
      const table = await tableFrom('d.parquet', [bytesOf('d.parquet', cut)]);
      for await (const batch of table.batches()) assert.ok(batch.rows > 0);
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      refused++;
    }
  }
  assert.ok(refused > 120, `${refused} refused`);
});
