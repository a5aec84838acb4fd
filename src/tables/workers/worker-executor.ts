import type { MessagePort, Worker } from 'node:worker_threads';
import { BadInput, type Place } from '../bad-input.ts';
import type { ByteRange } from '../byte-source.ts';
import { PROFILE_MEMORY_BYTES, withExactCounts } from '../profile/profiler.ts';
import type { Profile } from '../profile-types.ts';
import { cutRanges } from './cut-ranges.ts';
import {
  type Executor,
  joinTableParts,
  type PartState,
  runTablePart,
  runTableTask,
  type TableTask,
  type TaskOptions,
} from './table-task.ts';

type ToWorker = { readonly kind: 'run'; readonly task: TableTask; readonly range?: ByteRange } | { readonly kind: 'cancel' };
type Failure = {
  readonly message: string;
  readonly bad?: { readonly code: string; readonly place: Place; readonly todo?: string };
  readonly name: string;
  readonly system?: string;
};
type FromWorker =
  | { readonly kind: 'progress'; readonly rows: number }
  | { readonly kind: 'done'; readonly result: Profile | PartState }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** What a worker thread does: runs one task at a time as told through its port. The host's worker entry calls this with `parentPort`. */
export function serveTableTasks(port: MessagePort): void {
  let control = new AbortController();
  port.on('message', (message: ToWorker) => {
    if (message.kind === 'cancel') {
      control.abort();
      return;
    }
    control = new AbortController();
    const { task, range } = message;
    const send = (answer: FromWorker, given: ArrayBuffer[] = []): void => port.postMessage(answer, given);
    const options: TaskOptions = { signal: control.signal, onProgress: (rows) => send({ kind: 'progress', rows }) };
    const work: Promise<Profile | PartState> = range === undefined ? runTableTask(task, options) : runTablePart(task, range, options);
    work.then(
      (result) => send({ kind: 'done', result }, 'kind' in result ? valuesOf(result) : []),
      (error: unknown) => send({ kind: 'failed', failure: failureOf(error) }),
    );
  });
}

/** The long arrays of a state: they change hands instead of being copied. */
const valuesOf = ({ state }: PartState): ArrayBuffer[] =>
  state.columns.flatMap((column) =>
    'ascending' in column ? [column.ascending.buffer] : 'counted' in column ? [column.counted.counts.buffer] : [],
  );

/**
 * Runs table tasks in up to `threads` workers, started when needed. `start` knows how a worker of this program is started (from sources,
 * or from the bundle); the worker must call {@link serveTableTasks}. A large CSV file is read by all of them, each its own range of bytes.
 * Idle workers do not keep the process alive.
 */
export function workerExecutor(start: () => Worker, threads: number, pieceBytesMin?: number): Executor {
  const idle: Worker[] = [];
  const all = new Set<Worker>();
  const waiting: ((worker: Worker) => void)[] = [];

  const take = async (): Promise<Worker> => {
    const free = idle.pop();
    if (free !== undefined) return free;
    if (all.size < threads) {
      const worker = start();
      all.add(worker);
      return worker;
    }
    return new Promise((resolve) => waiting.push(resolve));
  };
  const give = (worker: Worker): void => {
    const next = waiting.shift();
    if (next !== undefined) {
      next(worker);
      return;
    }
    worker.unref();
    idle.push(worker);
  };

  const onWorker = async (task: TableTask, options: TaskOptions, range?: ByteRange): Promise<Profile | PartState> => {
    options.signal?.throwIfAborted();
    const worker = await take();
    worker.ref();
    try {
      return await runOn(worker, task, options, range);
    } catch (error) {
      if (error instanceof WorkerLost) all.delete(worker);
      throw error;
    } finally {
      if (all.has(worker)) give(worker);
      else if (waiting.length > 0) waiting.shift()?.(replacement(start, all));
    }
  };

  const inRanges = async (task: TableTask, ranges: readonly ByteRange[], { signal, onProgress }: TaskOptions): Promise<Profile> => {
    const stop = new AbortController();
    const rows = new Float64Array(ranges.length);
    const part = task.kind === 'profile' ? { ...task, memoryBytes: (task.memoryBytes ?? PROFILE_MEMORY_BYTES) / ranges.length } : task;
    const parts = ranges.map((range, i) => {
      const options = {
        signal: signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]),
        onProgress: (read: number): void => {
          rows[i] = read;
          onProgress?.(rows.reduce((sum, count) => sum + count, 0));
        },
      };
      return onWorker(part, options, range) as Promise<PartState>;
    });
    try {
      const { profile, sketched } = await joinTableParts(task, await Promise.all(parts), signal);
      if (!sketched) return profile;
      const exact: TableTask = { ...task, kind: 'count-on-edges', reference: profile };
      return withExactCounts(profile, await inRanges(exact, ranges, { signal }));
    } finally {
      stop.abort();
      await Promise.allSettled(parts);
    }
  };

  return {
    async run(task, options = {}) {
      options.signal?.throwIfAborted();
      const ranges = await cutRanges(task, pieceBytesMin);
      if (ranges.length < 2) return (await onWorker(task, options)) as Profile;
      try {
        return await inRanges(task, ranges, options);
      } catch (error) {
        // A cut within quotes, or truly bad data; only a reader of the whole file knows, and can name the row.
        if (!(error instanceof BadInput)) throw error;
        return (await onWorker(task, options)) as Profile;
      }
    },
    async close() {
      await Promise.all([...all].map((worker) => worker.terminate()));
      all.clear();
      idle.length = 0;
    },
  };
}

/** The worker ended or crashed while it had a task. */
class WorkerLost extends Error {}

function replacement(start: () => Worker, all: Set<Worker>): Worker {
  const worker = start();
  all.add(worker);
  return worker;
}

function runOn(
  worker: Worker,
  task: TableTask,
  { signal, onProgress }: TaskOptions,
  range: ByteRange | undefined,
): Promise<Profile | PartState> {
  return new Promise((resolve, reject) => {
    const cancel = (): void => worker.postMessage({ kind: 'cancel' } satisfies ToWorker);
    const end = (): void => {
      signal?.removeEventListener('abort', cancel);
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
    };
    const onMessage = (message: FromWorker): void => {
      if (message.kind === 'progress') {
        onProgress?.(message.rows);
        return;
      }
      end();
      if (signal?.aborted) reject(signal.reason);
      else if (message.kind === 'done') resolve(message.result);
      else reject(errorOf(message.failure));
    };
    const onError = (error: Error): void => {
      end();
      reject(new WorkerLost(`A worker crashed: ${error.message}`, { cause: error }));
    };
    const onExit = (code: number): void => {
      end();
      reject(new WorkerLost(`A worker ended with code ${code} before its task was done.`));
    };
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    signal?.addEventListener('abort', cancel);
    worker.postMessage({ kind: 'run', task, range } satisfies ToWorker);
  });
}

function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const system = 'code' in error && typeof error.code === 'string' ? { system: error.code } : {};
  if (!(error instanceof BadInput)) return { name: error.name, message: error.message, ...system };
  const { code, place, todo } = error;
  return { name: error.name, message: error.message, bad: { code, place, ...(todo === undefined ? {} : { todo }) } };
}

/** The error as it was thrown in the worker: classes do not survive the way between threads. */
function errorOf({ name, message, bad, system }: Failure): Error {
  const error = bad === undefined ? new Error(message) : new BadInput(bad.code, '', bad.place, bad.todo);
  error.message = message;
  error.name = name;
  return system === undefined ? error : Object.assign(error, { code: system });
}
