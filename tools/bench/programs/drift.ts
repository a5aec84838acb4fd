import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { compareProfiles } from '../../../src/tables/drift/compare-profiles.ts';
import { profileFromJson } from '../../../src/tables/profile/profile-json.ts';
import { inThisThread } from '../../../src/tables/workers/table-task.ts';
import { workerExecutor } from '../../../src/tables/workers/worker-executor.ts';
import { Clock } from './timed.ts';

const [before, after, threads = '1'] = process.argv.slice(2) as [string, string, string?];
const clock = new Clock();
const entry = new URL('../../../src/providers/sources/table-worker-entry.ts', import.meta.url);
const executor = threads === '1' ? inThisThread : workerExecutor(() => new Worker(entry), Number(threads));
const reference = before.endsWith('.json')
  ? profileFromJson(readFileSync(before, 'utf8'))
  : await executor.run({ kind: 'profile', paths: [before] });
const current = await executor.run({ kind: 'count-on-edges', paths: [after], reference });
const { columns } = compareProfiles(reference, current);
clock.report({ columns: columns.length });
await executor.close();
