import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Executor } from './table-task.ts';
import { workerExecutor } from './worker-executor.ts';

const started = new Map<string, Executor>();

/** One worker per core, started from the TypeScript sources below `root` when there is work for them, and the same for all who ask. */
export function workersFromSources(root: string): Executor {
  const known = started.get(root);
  if (known) return known;
  const executor = workerExecutor(() => new Worker(join(root, 'src/tables/workers/worker-entry.ts')), availableParallelism());
  started.set(root, executor);
  return executor;
}
