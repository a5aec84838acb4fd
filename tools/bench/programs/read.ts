import { openTable } from '../../../src/tables/open-table.ts';

const [path] = process.argv.slice(2);
const start = performance.now();
const table = await openTable(path);
let rows = 0;
let sum = 0;
for await (const batch of table.batches()) {
  rows += batch.rows;
  for (const column of batch.columns) sum += column.kind === 'text' ? column.codes[0] : column.values[0];
}
const seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify({ seconds, mb: process.resourceUsage().maxRSS / 1024, found: { rows, any: Number.isFinite(sum) } }));
