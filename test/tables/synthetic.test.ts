import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../src/tables/memory-table.ts';
import { CHURN_ROWS, syntheticTable } from '../../src/tables/synthetic.ts';
import { cellsOf } from './tiny-table.ts';

test('the same date and salt give the same rows, another date or salt others', async () => {
  const day = await cellsOf(syntheticTable('2024-03-01'));
  assert.deepEqual(await cellsOf(syntheticTable('2024-03-01')), day);
  assert.notDeepEqual((await cellsOf(syntheticTable('2024-03-02'))).age, day.age);
  assert.notDeepEqual((await cellsOf(syntheticTable('2024-03-01', { ...CHURN_ROWS, salt: 'v2' }))).age, day.age);
});

test('800 to 1,300 rows a day; 5 % missing and 2 % outliers of the cells, never in key, date or target', async () => {
  let rows = 0;
  let missing = 0;
  let outliers = 0;
  const counts: number[] = [];
  for (let day = 1; day <= 28; day++) {
    const table = await collect(syntheticTable(`2024-02-${String(day).padStart(2, '0')}`));
    counts.push(table.rows);
    rows += table.rows;
    const cells = await cellsOf(syntheticTable(`2024-02-${String(day).padStart(2, '0')}`));
    for (const { name } of CHURN_ROWS.columns) missing += cells[name]!.filter((cell) => cell === undefined).length;
    outliers += cells.age!.filter((cell) => (cell as number) > 90).length + cells.region!.filter((cell) => cell === 'unknown').length;
    for (const name of ['customer_id', 'timestamp', 'churn_score']) assert.ok(cells[name]!.every((cell) => cell !== undefined));
    assert.equal(new Set(cells.customer_id).size, table.rows);
    assert.ok(cells.churn_score!.every((cell) => (cell as number) >= 0 && (cell as number) <= 1));
  }
  assert.ok(Math.min(...counts) >= 800 && Math.max(...counts) <= 1300 && Math.max(...counts) - Math.min(...counts) > 250);
  assert.ok(Math.abs(missing / (rows * CHURN_ROWS.columns.length) - 0.05) < 0.002);
  assert.ok(Math.abs(outliers / (2 * rows) - 0.02 * 0.95) < 0.002);
});

test('the target can be learned: it follows its columns', async () => {
  const { churn_score, support_tickets } = await cellsOf(syntheticTable('2024-03-01'));
  const many = churn_score!.filter((_, row) => (support_tickets![row] as number) >= 4) as number[];
  const none = churn_score!.filter((_, row) => support_tickets![row] === 0) as number[];
  const mean = (list: number[]) => list.reduce((sum, x) => sum + x, 0) / list.length;
  assert.ok(mean(many) - mean(none) > 0.2);
});

test('a date that does not exist is refused', () => {
  assert.throws(() => syntheticTable('2024-02-30'), { code: 'no-such-date' });
});
