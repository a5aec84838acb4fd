import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { compareProfiles } from '../../../src/tables/drift/compare-profiles.ts';
import { profileFromJson } from '../../../src/tables/profile/profile-json.ts';
import { inThisThread } from '../../../src/tables/workers/table-task.ts';
import { workerExecutor } from '../../../src/tables/workers/worker-executor.ts';

const [before, after, threads = '1'] = process.argv.slice(2);
const start = performance.now();
const executor =
  threads === '1' ? inThisThread : workerExecutor(() => new Worker(new URL('table-worker.ts', import.meta.url)), Number(threads));
const profileOf = (path: string) => executor.run({ kind: 'profile', paths: [path] });
const countOn = async (json: string) => {
  const reference = profileFromJson(readFileSync(json, 'utf8'));
  return [reference, await executor.run({ kind: 'count-on-edges', paths: [after], reference })];
};
const [reference, current] = before.endsWith('.json') ? await countOn(before) : await Promise.all([profileOf(before), profileOf(after)]);
const { columns } = compareProfiles(reference, current);
await executor.close();
const seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify({ seconds, mb: process.resourceUsage().maxRSS / 1024, found: { columns: columns.length } }));
