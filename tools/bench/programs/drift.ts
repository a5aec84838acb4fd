import { readFileSync } from 'node:fs';
import { compareProfiles } from '../../../src/tables/drift/compare-profiles.ts';
import { openTable } from '../../../src/tables/open-table.ts';
import { countOnEdges } from '../../../src/tables/profile/count-on-edges.ts';
import { profileFromJson } from '../../../src/tables/profile/profile-json.ts';
import { profile } from '../../../src/tables/profile/profiler.ts';

const [before, after] = process.argv.slice(2);
const start = performance.now();
const stored = before.endsWith('.json');
const reference = stored ? profileFromJson(readFileSync(before, 'utf8')) : await profile(await openTable(before));
const table = await openTable(after);
const current = stored ? await countOnEdges(table, reference) : await profile(table);
const { columns } = compareProfiles(reference, current);
const seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify({ seconds, mb: process.resourceUsage().maxRSS / 1024, found: { columns: columns.length } }));
