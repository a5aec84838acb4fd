import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ByteSource } from '../../src/tables/byte-source.ts';
import { tableFrom } from '../../src/tables/open-table.ts';
import { keepRows } from '../../src/tables/row-filter.ts';
import { rowPlace } from '../../src/tables/row-place.ts';
import type { Table } from '../../src/tables/table.ts';

const source = (name: string, text: string): ByteSource => ({
  name,
  async *open() {
    yield new TextEncoder().encode(text);
  },
});

async function places(table: Table): Promise<string[]> {
  const found: string[] = [];
  for await (const batch of table.batches())
    for (let row = 0; row < batch.rows; row++) {
      const { file, row: number } = rowPlace(batch, row, table.name);
      found.push(`${file}:${number}`);
    }
  return found;
}

test('rows know their file and the row in it: the header is row 1, empty lines and rows left out count', async () => {
  const table = await tableFrom(
    'data/*.csv',
    [source('1.csv', 'a,b\n\n1,2\n3\n\n\n4,5\n6,7\n'), source('2.csv', 'a,b\n8,9\n'), source('3.jsonl', '{"a":1,"b":2}\n{"a":3,"b":4}\n')],
    { onBadRow: 'count' },
  );
  assert.deepEqual(await places(table), ['1.csv:3', '1.csv:7', '1.csv:8', '2.csv:2', '3.jsonl:1', '3.jsonl:2']);
  assert.deepEqual(await places(keepRows(table, (row) => row === 1 || row === 3)), ['1.csv:7', '2.csv:2']);
});
