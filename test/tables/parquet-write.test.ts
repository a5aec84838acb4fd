import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf } from '../../src/tables/byte-source.ts';
import { rowsOf, tableOf } from '../../src/tables/memory-table.ts';
import { tableFrom } from '../../src/tables/open-table.ts';
import { writeParquet } from '../../src/tables/write-parquet.ts';
import { allOf } from './all-of.ts';

const table = tableOf(
  {
    i: [1, undefined, -(2 ** 53), 2 ** 53],
    n: [0.1, Infinity, undefined, -1e300],
    b: [true, undefined, false, true],
    d: [new Date('1969-12-31'), undefined, new Date('2024-02-29'), new Date(0)],
    t: [new Date('2024-02-29T01:02:03.456Z'), new Date(-1), undefined, new Date(0)],
    s: ['', 'é😀', undefined, 'x'],
    e: [undefined, undefined, undefined, undefined],
  },
  { types: { i: 'integer', d: 'date' } },
);

for (const compression of ['none', 'snappy', 'zstd'] as const) {
  test(`parquet writing (${compression}): what is written reads back equal, and the bytes are the same each time`, async () => {
    const bytes = Buffer.concat(await allOf(writeParquet(table, { compression })));
    assert.ok(bytes.equals(Buffer.concat(await allOf(writeParquet(table, { compression })))));
    const back = await tableFrom('t.parquet', [bytesOf('t.parquet', bytes)]);
    assert.deepEqual(back.schema, table.schema);
    assert.deepEqual(await allOf(rowsOf(back)), await allOf(rowsOf(table)));
  });
}

test('parquet writing: several row groups keep the order of the rows', async () => {
  const rows = 300_000;
  const long = tableOf({
    k: Array.from({ length: rows }, (_, i) => `k${i % 1000}`),
    v: Array.from({ length: rows }, (_, i) => (i % 17 === 0 ? undefined : i)),
  });
  const pieces = await allOf(writeParquet(long, { columns: ['v', 'k'] }));
  assert.equal(pieces.length, 4);
  const back = await tableFrom('t.parquet', [bytesOf('t.parquet', Buffer.concat(pieces))]);
  let at = 0;
  for await (const { rows: count, columns } of back.batches()) {
    const [v, k] = columns;
    assert.ok(v.kind === 'number' && k.kind === 'text');
    for (let i = 0; i < count; i++, at++) {
      assert.ok(at % 17 === 0 ? v.missing?.[i] === 1 : v.values[i] === at);
      assert.ok(k.dictionary[k.codes[i]] === `k${at % 1000}`);
    }
  }
  assert.equal(at, rows);
});
