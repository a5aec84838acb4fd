import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Cancelled, UserError, WorldError } from '../../kernel/errors.ts';
import type { Execution } from '../../sql/execution.ts';
import type { ExecutionOptions, ExecutionPool } from './engine.ts';
import type { ExecutionReply, ExecutionRequest } from './execution-child.ts';
import type { SqlStarters } from './start.ts';

const DEADLINE_MS = 10_000;
const PROCESSES = 2;
const RESIDENT_MAX = 512 * 1_048_576;
const LOOK_MS = 50;
const START_MS = 20_000;

interface Job {
  readonly request: ExecutionRequest;
  readonly done: (result: Execution) => void;
  readonly fail: (error: unknown) => void;
}

export async function openExecutions(
  starters: Pick<SqlStarters, 'startChild'>,
  options: ExecutionOptions,
  signal: AbortSignal,
): Promise<ExecutionPool> {
  const settings = { deadlineMs: options.deadlineMs ?? DEADLINE_MS, residentMax: options.residentMax ?? RESIDENT_MAX };
  const waiting: Job[] = [];
  // Why nothing serves the queue any more: what waits, and what comes, fails with it instead of waiting for ever.
  let over: unknown;
  const end = (error: unknown): void => {
    over ??= error;
    for (const job of waiting.splice(0)) job.fail(over);
  };
  const lost = (error: unknown): void => {
    if (servers.every((server) => server.lost)) end(error);
  };
  const servers = Array.from({ length: options.processes ?? PROCESSES }, () => new Server(starters, settings, waiting, lost));
  let id = 0;
  const close = async (): Promise<void> => {
    signal.removeEventListener('abort', close);
    end(new Cancelled());
    await Promise.all(servers.map((server) => server.stop()));
  };
  signal.addEventListener('abort', close, { once: true });
  try {
    await Promise.all(servers.map((server) => server.start()));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    execute(database, source) {
      if (over !== undefined) return Promise.reject(over);
      return new Promise((done, fail) => {
        waiting.push({ request: { id: ++id, database, source }, done, fail });
        servers.find((server) => server.idle)?.next();
      });
    },
    close,
  };
}

class Server {
  readonly #starters: Pick<SqlStarters, 'startChild'>;
  readonly #settings: { readonly deadlineMs: number; readonly residentMax: number };
  readonly #waiting: Job[];
  readonly #onLost: (error: unknown) => void;
  #child: ChildProcess | undefined;
  #job: Job | undefined;
  #watch: NodeJS.Timeout | undefined;
  #stopped = false;
  /** Its process ended and no other could be started. */
  lost = false;

  constructor(
    starters: Pick<SqlStarters, 'startChild'>,
    settings: { readonly deadlineMs: number; readonly residentMax: number },
    waiting: Job[],
    onLost: (error: unknown) => void,
  ) {
    this.#starters = starters;
    this.#settings = settings;
    this.#waiting = waiting;
    this.#onLost = onLost;
  }

  get idle(): boolean {
    return this.#child !== undefined && this.#job === undefined;
  }

  /** Resolves once the process has shown that its limits hold. */
  start(): Promise<void> {
    const child = this.#starters.startChild('sql-execution');
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => fail('did not start in time'), START_MS);
      const fail = (why: string): void => {
        clearTimeout(late);
        child.kill('SIGKILL');
        reject(
          new WorldError('sql-process', `A process for running SQL ${why}.`, {
            todo: 'Look for what ends processes on this machine: memory, a sandbox.',
          }),
        );
      };
      child.once('error', (error) => fail(`could not be started: ${error.message}`));
      child.once('exit', (code, killed) =>
        this.#child === child ? this.#died(killed ?? `exit ${code}`) : fail('ended before it was ready'),
      );
      child.on('message', (message: ExecutionReply) => {
        if ('ready' in message) {
          clearTimeout(late);
          if (this.#stopped) {
            child.kill('SIGKILL');
            resolve();
            return;
          }
          this.#child = child;
          resolve();
          this.next();
        } else if ('unusable' in message) {
          clearTimeout(late);
          child.kill('SIGKILL');
          reject(
            new UserError('sqlite-limits', `SQL cannot be run safely here: ${message.unusable}`, {
              todo: 'Use Node 24.17 or newer, or leave execution accuracy out.',
            }),
          );
        } else if (this.#job?.request.id === message.id) this.#finish(message.result);
      });
    });
  }

  next(): void {
    if (!this.idle) return;
    const job = this.#waiting.shift();
    if (!job) return;
    this.#job = job;
    // Looks are counted, not the clock: while this process compares a large result, others' answers wait here unread.
    let looks = 0;
    this.#watch = setInterval(() => {
      looks++;
      if (looks * LOOK_MS >= this.#settings.deadlineMs)
        return this.#replace({ kind: 'timeout', message: `No result within ${this.#settings.deadlineMs} ms.` });
      const resident = residentBytes(this.#child?.pid);
      if (resident > this.#settings.residentMax)
        this.#replace({ kind: 'too-large', message: `The query took more than ${this.#settings.residentMax} bytes of memory.` });
    }, LOOK_MS);
    this.#child!.send(job.request);
  }

  #finish(result: Execution): void {
    const job = this.#job;
    clearInterval(this.#watch);
    this.#job = undefined;
    job?.done(result);
    this.next();
  }

  #replace(result: Execution): void {
    const child = this.#child;
    this.#child = undefined;
    child?.removeAllListeners('exit');
    child?.kill('SIGKILL');
    this.#finish(result);
    this.#restart();
  }

  #died(how: string): void {
    this.#child = undefined;
    if (this.#stopped) return;
    this.#finish({ kind: 'too-large', message: `The process that ran the query ended (${how}).` });
    this.#restart();
  }

  #restart(): void {
    if (this.#stopped) return;
    this.start().catch((error: unknown) => {
      this.lost = true;
      this.#onLost(error);
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const child = this.#child;
    this.#child = undefined;
    clearInterval(this.#watch);
    this.#job?.fail(new Cancelled());
    this.#job = undefined;
    if (!child || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }
}

const PAGE_BYTES = 4_096;

/** From Linux's process table; 0 where there is none, and then only the limits inside SQLite hold. */
function residentBytes(pid: number | undefined): number {
  if (pid === undefined) return 0;
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES;
  } catch {
    return 0;
  }
}
