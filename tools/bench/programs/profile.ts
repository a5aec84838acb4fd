import { openTable } from '../../../src/tables/open-table.ts';
import { profile } from '../../../src/tables/profile/profiler.ts';

const [path] = process.argv.slice(2);
const start = performance.now();
const { rows } = await profile(await openTable(path));
const seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify({ seconds, mb: process.resourceUsage().maxRSS / 1024, found: { rows } }));
