import { type ChildProcess, fork, spawn } from 'node:child_process';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

/** How the SQL engines get threads and processes of their own; the host knows where its code lies. */
export interface SqlStarters {
  /** A thread that runs `judge-worker`'s {@link serveJudgements} with this `workerData`. */
  startWorker(role: 'sql-judge', data: unknown): Worker;
  /** A process that runs `execution-child`'s {@link serveExecutions}, with an IPC channel of advanced serialization and an empty environment. */
  startChild(role: 'sql-execution'): ChildProcess;
}

/** A parser that wants more is ended, and its text not judged. */
const HEAP_MB = 1_024;

/** Starts them from the TypeScript sources below `root`. */
export function startFromSources(root: string): SqlStarters {
  const folder = join(root, 'src/providers/engines');
  return {
    startWorker: (_role, data) =>
      new Worker(join(folder, 'judge-worker-entry.ts'), { workerData: data, resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } }),
    startChild: () =>
      fork(join(folder, 'execution-child-entry.ts'), [], {
        env: {},
        execArgv: [],
        serialization: 'advanced',
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      }),
  };
}

/** Starts them from the bundle in `folder`, through its one entry. */
export function startFromBundle(folder: string): SqlStarters {
  const program = (role: string) => `require(${JSON.stringify(join(folder, 'index.js'))}).runWorker(${JSON.stringify(role)});`;
  return {
    startWorker: (role, data) =>
      new Worker(program(role), { eval: true, workerData: data, resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } }),
    startChild: (role) =>
      spawn(process.execPath, ['--input-type=commonjs', '-e', program(role)], {
        env: {},
        serialization: 'advanced',
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      }),
  };
}
