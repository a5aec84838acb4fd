import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Executor } from '../../tables/workers/table-task.ts';
import { workerExecutor } from '../../tables/workers/worker-executor.ts';

const known = new Map<string, Executor>();

/** One worker per core, started when there is work for them, and the same for all who name the same place. */
function shared(place: string, start: () => Worker): Executor {
  const executor = known.get(place) ?? workerExecutor(start, availableParallelism());
  known.set(place, executor);
  return executor;
}

/** Workers started from the TypeScript sources below `root`. */
export function tableWorkersFromSources(root: string): Executor {
  const entry = join(root, 'src/providers/sources/table-worker-entry.ts');
  return shared(entry, () => new Worker(entry));
}

/** Workers started from the bundle in `folder`, through its one entry. */
export function tableWorkersFromBundle(folder: string): Executor {
  const entry = join(folder, 'index.js');
  return shared(entry, () => new Worker(`require(${JSON.stringify(entry)}).runWorker('tables');`, { eval: true }));
}
