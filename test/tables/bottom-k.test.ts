import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BottomK, sampleRows } from '../../src/tables/bottom-k.ts';
import { rowsOf, tableOf } from '../../src/tables/memory-table.ts';
import { allOf } from './all-of.ts';

test('bottom-k: keeps the smallest, whatever the order and however parts are merged', () => {
  const us = Array.from({ length: 500 }, (_, i) => ((i * 7919) % 499) / 499);
  const expected = us
    .map((u, place) => ({ u, place }))
    .sort((a, b) => a.u - b.u || a.place - b.place)
    .slice(0, 20)
    .map((entry) => entry.place)
    .sort((a, b) => a - b);
  const forward = new BottomK<number>(20);
  for (const [place, u] of us.entries()) forward.offer(u, place, place);
  const [left, right] = [new BottomK<number>(20), new BottomK<number>(20)];
  for (let place = us.length - 1; place >= 0; place--) (place % 3 === 0 ? left : right).offer(us[place], place, place);
  left.merge(right);
  assert.deepEqual(forward.items(), expected);
  assert.deepEqual(left.items(), expected);
  assert.throws(() => new BottomK(0), RangeError);
});

test('sample: the same rows are drawn by key in any order of the table; fewer rows than asked for are all', async () => {
  const n = 5000;
  const keys = Array.from({ length: n }, (_, i) => `k${i}`);
  const values = keys.map((_, i) => (i % 10 === 0 ? undefined : i));
  const drawn = await allOf(rowsOf(await sampleRows(tableOf({ k: keys, v: values }, { batchRows: 333 }), 100, { key: ['k'] })));
  const backward = await allOf(
    rowsOf(await sampleRows(tableOf({ k: [...keys].reverse(), v: [...values].reverse() }), 100, { key: ['k'] })),
  );
  assert.equal(drawn.length, 100);
  assert.deepEqual([...backward].reverse(), drawn);
  const mean = drawn.reduce((sum, row) => sum + Number(String(row.k).slice(1)), 0) / 100;
  assert.ok(Math.abs(mean - n / 2) < 500, `mean place ${mean}`);
  assert.equal((await allOf(rowsOf(await sampleRows(tableOf({ k: keys }), 9999)))).length, n);
});

test('sample: without a key by row number; columns and types are kept; unknown keys are named', async () => {
  const table = tableOf({ a: [1, 2, 3, 4], d: [new Date(0), undefined, new Date(1), new Date(2)], b: [true, false, true, true] });
  const drawn = await sampleRows(table, 2, { columns: ['d', 'a'] });
  assert.deepEqual(
    drawn.schema.map(({ name, type }) => `${name} ${type}`),
    ['d timestamp', 'a integer'],
  );
  assert.equal((await allOf(rowsOf(drawn))).length, 2);
  await assert.rejects(sampleRows(table, 2, { key: ['z'] }), /"z"/);
});
