import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import * as files from 'node:fs';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../../kernel/durable-file.ts';
import { UserError, WorldError } from '../../kernel/errors.ts';
import { defused, Lines } from './hostile-text.ts';
import { endMarked } from './marked-processes.ts';

export interface GroupOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Defused lines of both streams. */
  readonly onLine: (line: string, stream: 'stdout' | 'stderr') => void;
  /** Everything of standard output, up to this many bytes, raw. Its lines do not reach `onLine`. */
  readonly captureBytes?: number;
  /** Whether the group must end when we are killed; true by default. A question of a moment does without. */
  readonly guarded?: boolean;
}

export interface Exit {
  readonly code?: number;
  readonly signal?: string;
  readonly captured: string;
}

/** How long a stopped group may take to end by itself, and how long its pipes to drain afterwards. */
const GRACE_MS = 3_000;
const DRAIN_MS = 1_000;
const NICENESS = 10;
const MARK = 'RETRAIN_PROCESSES';

/**
 * A program in its own process group, with nothing of our own streams. Its standard input stays open as long as we live:
 * a child that minds it ends when we die, and a guard kills the group of one that does not.
 */
export class ProcessGroup {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #guard: ChildProcess | undefined;
  /** What it starts has this in its environment, whatever group or session that joins. */
  readonly #mark: string;

  private constructor(child: ChildProcess, pid: number, mark: string, options: GroupOptions) {
    this.#child = child;
    this.pid = pid;
    this.#mark = mark;
    this.#guard = options.guarded === false ? undefined : startGuard(pid, mark, options.env);
    this.exited = this.#run(options);
  }

  /** Starts `command`; throws `UserError` when there is no such program. */
  static async start(command: readonly string[], options: GroupOptions): Promise<ProcessGroup> {
    const [program = '', ...args] = command;
    const id = randomUUID();
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...options.env, [MARK]: id },
      detached: process.platform !== 'win32',
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
    });
    child.stdin.on('error', () => undefined);
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => reject(cannotStart(program, options.cwd, error)));
    });
    return new ProcessGroup(child, child.pid!, `${MARK}=${id}`, options);
  }

  /** Asks the group to end, then makes it. Resolves when all of it is gone, at most some 4 seconds later. */
  async stop(): Promise<void> {
    signalGroup(this.pid, 'SIGTERM');
    const gone = await Promise.race([this.exited.then(() => true), sleep(GRACE_MS, false, { ref: false })]);
    if (!gone) signalGroup(this.pid, 'SIGKILL');
    await this.exited;
  }

  async #run(options: GroupOptions): Promise<Exit> {
    const captured: Buffer[] = [];
    let room = options.captureBytes ?? 0;
    const streams = (['stdout', 'stderr'] as const).map((name) => {
      const stream = this.#child[name]!;
      const lines = new Lines((line) => options.onLine(defused(line), name));
      stream.on('data', (bytes: Buffer) => {
        if (name === 'stderr' || options.captureBytes === undefined) return lines.add(bytes);
        captured.push(bytes.subarray(0, room));
        room -= Math.min(room, bytes.length);
      });
      const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()));
      stream.on('error', () => undefined);
      return { stream, lines, closed };
    });
    lowerPriority(this.pid);
    const exit = await new Promise<{ code?: number; signal?: string }>((resolve) => {
      this.#child.once('exit', (code, signal) => resolve({ code: code ?? undefined, signal: signal ?? undefined }));
    });
    // Whatever it started and left behind goes with it, and no longer holds the pipes.
    signalGroup(this.pid, 'SIGKILL');
    endMarked(files, this.#mark);
    this.#guard?.kill('SIGKILL');
    await Promise.race([Promise.all(streams.map(({ closed }) => closed)), sleep(DRAIN_MS, undefined, { ref: false })]);
    for (const { stream, lines } of streams) {
      stream.destroy();
      lines.end();
    }
    this.#child.stdin?.destroy();
    return { ...exit, captured: Buffer.concat(captured).toString('utf8') };
  }
}

/**
 * A process that does nothing but read from us. When we die, however we die, its input ends, and it ends the group:
 * politely at once, by force soon after.
 */
function startGuard(pid: number, mark: string, env: Readonly<Record<string, string>>): ChildProcess | undefined {
  const target = process.platform === 'win32' ? pid : -pid;
  const source = `process.stdin.resume().on('end', () => {
    let there = true;
    const end = (signal) => { try { if (there) process.kill(${target}, signal); } catch { there = false; } };
    end('SIGTERM');
    setTimeout(() => { end('SIGKILL'); (${endMarked})(require('node:fs'), ${JSON.stringify(mark)}); process.exit(); }, ${GRACE_MS});
  });`;
  const guard = spawn(process.execPath, ['-e', source], { env, detached: true, stdio: ['pipe', 'ignore', 'ignore'], windowsHide: true });
  guard.on('error', () => undefined);
  guard.stdin.on('error', () => undefined);
  return guard;
}

function signalGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch (error) {
    // ESRCH: gone already. macOS says EPERM for a group of which only a zombie is left.
    if (!['ESRCH', 'EPERM'].includes(codeOf(error))) throw error;
  }
}

/** A runner starved by its own job loses the job, so trainers step back. */
function lowerPriority(pid: number): void {
  try {
    setPriority(pid, NICENESS);
  } catch {
    // It has ended already, or the system does not let us: it then runs at our own priority.
  }
}

function cannotStart(program: string, cwd: string, error: Error): Error {
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new UserError('command-not-found', `Could not start ${program} in ${cwd}: there is no such program or folder.`, {
        cause: error,
        todo: 'Check the command and that the program is installed and on PATH.',
      });
    case 'EACCES':
      return new UserError('command-not-executable', `Could not start ${program}: it is not executable.`, {
        cause: error,
        todo: `Make it executable (chmod +x), or name its interpreter first.`,
      });
    case 'E2BIG':
      return new UserError('command-too-long', `Could not start ${program}: its arguments are too long.`, { cause: error });
    default:
      return new WorldError('cannot-start', `Could not start ${program}: ${error.message}.`, { cause: error, todo: 'Run again.' });
  }
}
