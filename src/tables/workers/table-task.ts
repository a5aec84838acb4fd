import type { ByteRange } from '../byte-source.ts';
import { type ColumnChoice, chooseColumns } from '../columns.ts';
import { openFile } from '../open-file.ts';
import { openTable, tableFrom } from '../open-table.ts';
import { chosenFields, countOnEdges, EdgeCounter, type EdgeCounterState } from '../profile/count-on-edges.ts';
import { Profiler, type ProfilerState, profile, readProfiler } from '../profile/profiler.ts';
import type { Profile } from '../profile-types.ts';
import type { ReadOptions } from '../read-options.ts';
import type { Schema, Table } from '../table.ts';

/** Work on files that can be done in another thread: everything in it is plain data. */
export type TableTask = {
  readonly paths: readonly string[];
  /** What the table is called in messages. */
  readonly name?: string;
  /** What the files are called, where their paths do not tell: messages and formats go by it. */
  readonly names?: readonly string[];
  readonly read?: ReadOptions;
  /** Columns of the files that the table has, and what they are called there. */
  readonly choose?: ColumnChoice;
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

/** What a task has found in a range of bytes of its file. */
export type PartState = { readonly schema: Schema } & (
  | { readonly kind: 'profile'; readonly state: ProfilerState }
  | { readonly kind: 'count-on-edges'; readonly state: EdgeCounterState }
);

/** Does a task in this thread. */
export async function runTableTask(task: TableTask, { signal, onProgress }: TaskOptions = {}): Promise<Profile> {
  const table = await openTaskTable(task, signal);
  const { columns } = task;
  return task.kind === 'profile'
    ? profile(table, { columns, signal, onProgress, memoryBytes: task.memoryBytes })
    : countOnEdges(table, task.reference, { columns, signal, onProgress });
}

/** Does a task on the records of a range of bytes of its only file. */
export async function runTablePart(task: TableTask, range: ByteRange, { signal, onProgress }: TaskOptions = {}): Promise<PartState> {
  const table = await openTaskTable({ ...task, read: { ...task.read, range } }, signal);
  const { columns } = task;
  if (task.kind === 'profile') {
    const profiler = await readProfiler(table, { columns, signal, onProgress, memoryBytes: task.memoryBytes });
    return { kind: 'profile', schema: profiler.schema, state: await profiler.stateHearing(signal) };
  }
  const schema = chosenFields(table, columns);
  const counter = new EdgeCounter(schema, task.reference);
  let rows = 0;
  for await (const batch of table.batches({ columns: schema.map(({ name }) => name), signal, reuse: true })) {
    counter.add(batch);
    rows += batch.rows;
    onProgress?.(rows);
  }
  return { kind: 'count-on-edges', schema, state: counter.state() };
}

/** The profile of the whole from its parts, in their order; `sketched`: its edges have still to be counted on. */
export async function joinTableParts(
  task: TableTask,
  parts: readonly PartState[],
  signal?: AbortSignal,
): Promise<{ readonly profile: Profile; readonly sketched: boolean }> {
  const schema = parts[0]?.schema ?? [];
  if (task.kind === 'count-on-edges') {
    const counter = new EdgeCounter(schema, task.reference);
    for (const part of parts) if (part.kind === 'count-on-edges') counter.absorb(part.state);
    return { profile: counter.finish(), sketched: false };
  }
  const profiler = new Profiler(schema, task.memoryBytes);
  for (const part of parts) if (part.kind === 'profile') profiler.absorb(part.state);
  return { profile: await profiler.finishHearing(signal), sketched: profiler.sketched };
}

async function openTaskTable({ name, paths, names, read, choose }: TableTask, signal: AbortSignal | undefined): Promise<Table> {
  const table = names === undefined ? await openTable(paths, read, signal) : await openNamed(name ?? names[0]!, paths, names, read, signal);
  return choose === undefined ? table : chooseColumns(table, choose);
}

async function openNamed(
  name: string,
  paths: readonly string[],
  names: readonly string[],
  read: ReadOptions | undefined,
  signal: AbortSignal | undefined,
): Promise<Table> {
  const sources = await Promise.all(paths.map(async (path, i) => ({ ...(await openFile(path)), name: names[i] ?? path })));
  return tableFrom(name, sources, read, signal);
}

/** The executor without threads: for tests, and where no worker can be started. */
export const inThisThread: Executor = { run: runTableTask, close: async () => {} };
