import { openTable } from '../open-table.ts';
import { countOnEdges } from '../profile/count-on-edges.ts';
import { profile } from '../profile/profiler.ts';
import type { Profile } from '../profile-types.ts';
import type { ReadOptions } from '../read-options.ts';

/** Work on files that can be done in another thread: everything in it is plain data. */
export type TableTask = {
  readonly paths: readonly string[];
  readonly read?: ReadOptions;
  readonly columns?: readonly string[];
} & ({ readonly kind: 'profile'; readonly memoryBytes?: number } | { readonly kind: 'count-on-edges'; readonly reference: Profile });

export interface TaskOptions {
  readonly signal?: AbortSignal;
  /** Rows read so far. */
  readonly onProgress?: (rows: number) => void;
}

/** Where table tasks run: in this thread, or in workers that a host starts. Several tasks at once share the workers. */
export interface Executor {
  run(task: TableTask, options?: TaskOptions): Promise<Profile>;
  close(): Promise<void>;
}

/** Does a task in this thread. */
export async function runTableTask(task: TableTask, { signal, onProgress }: TaskOptions = {}): Promise<Profile> {
  const { paths, read, columns } = task;
  const table = await openTable(paths, read, signal);
  return task.kind === 'profile'
    ? profile(table, { columns, signal, onProgress, memoryBytes: task.memoryBytes })
    : countOnEdges(table, task.reference, { columns, signal, onProgress });
}

/** The executor without threads: for tests, and where no worker can be started. */
export const inThisThread: Executor = { run: runTableTask, close: async () => {} };
