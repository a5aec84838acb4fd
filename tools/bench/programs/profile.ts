import { openTable } from '../../../src/tables/open-table.ts';
import { profile } from '../../../src/tables/profile/profiler.ts';
import { Clock } from './timed.ts';

const [path] = process.argv.slice(2);
const clock = new Clock();
const { rows } = await profile(await openTable(path));
clock.report({ rows });
