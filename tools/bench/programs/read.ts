import { openTable } from '../../../src/tables/open-table.ts';
import { Clock } from './timed.ts';

const [path] = process.argv.slice(2);
const clock = new Clock();
const table = await openTable(path);
let rows = 0;
let sum = 0;
for await (const batch of table.batches({ reuse: true })) {
  rows += batch.rows;
  for (const column of batch.columns) sum += column.kind === 'text' ? column.codes[0] : column.values[0];
}
clock.report({ rows, any: Number.isFinite(sum) });
