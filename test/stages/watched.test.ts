import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watched } from '../../src/stages/watched.ts';
import { tableOf } from '../../src/tables/memory-table.ts';
import { allOf } from '../tables/all-of.ts';

test('watched: every pass tells its rows after each batch, and gives the batches as they are', async () => {
  const told: number[] = [];
  const plain = tableOf({ a: [1, 2, 3, 4, 5] }, { batchRows: 2 });
  const table = watched(plain, (rows) => told.push(rows));
  assert.deepEqual(await allOf(table.batches({ columns: ['a'] })), await allOf(plain.batches()));
  assert.deepEqual(told, [2, 4, 5]);
  await allOf(table.batches());
  assert.deepEqual(told, [2, 4, 5, 2, 4, 5]);
});
