import type { MessagePort, Worker } from 'node:worker_threads';
import { BadInput, type Place } from '../bad-input.ts';
import type { Profile } from '../profile-types.ts';
import { type Executor, runTableTask, type TableTask, type TaskOptions } from './table-task.ts';

type ToWorker = { readonly kind: 'run'; readonly task: TableTask } | { readonly kind: 'cancel' };
type Failure = {
  readonly message: string;
  readonly bad?: { readonly code: string; readonly place: Place; readonly todo?: string };
  readonly name: string;
  readonly system?: string;
};
type FromWorker =
  | { readonly kind: 'progress'; readonly rows: number }
  | { readonly kind: 'done'; readonly profile: Profile }
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
    const send = (answer: FromWorker): void => port.postMessage(answer);
    runTableTask(message.task, { signal: control.signal, onProgress: (rows) => send({ kind: 'progress', rows }) }).then(
      (profile) => send({ kind: 'done', profile }),
      (error: unknown) => send({ kind: 'failed', failure: failureOf(error) }),
    );
  });
}

/**
 * Runs table tasks in up to `threads` workers, started when needed. `start` knows how a worker of this program is started (from sources,
 * or from the bundle); the worker must call {@link serveTableTasks}.
 */
export function workerExecutor(start: () => Worker, threads: number): Executor {
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
    if (next !== undefined) next(worker);
    else idle.push(worker);
  };

  return {
    async run(task, options = {}) {
      options.signal?.throwIfAborted();
      const worker = await take();
      try {
        return await runOn(worker, task, options);
      } catch (error) {
        if (error instanceof WorkerLost) all.delete(worker);
        throw error;
      } finally {
        if (all.has(worker)) give(worker);
        else if (waiting.length > 0) waiting.shift()?.(replacement(start, all));
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

function runOn(worker: Worker, task: TableTask, { signal, onProgress }: TaskOptions): Promise<Profile> {
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
      else if (message.kind === 'done') resolve(message.profile);
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
    worker.postMessage({ kind: 'run', task } satisfies ToWorker);
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
