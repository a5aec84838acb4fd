import { join } from 'node:path';
import { Cancelled, type FaultyError, faultOf, TimedOut, UserError, WorldError } from '../../kernel/errors.ts';
import type { JobSpec, JobState, StateEvent } from './backend.ts';
import { EventStream } from './event-stream.ts';
import { ProcessGroup } from './process-group.ts';
import { ProgressTail } from './progress-tail.ts';
import { checkResults } from './results.ts';
import { type TrainerPlace, trainerCommand } from './trainer-command.ts';
import type { JobFacts } from './trainer-shapes.ts';

const PROGRESS_POLL_MS = 150;
const TAIL_LINES = 15;
/** Exit code by which a trainer says that it cannot accept the job, and that the machine failed it. */
const EXIT_REFUSED = 2;
const EXIT_MACHINE = 3;

type PlacedJob = JobSpec & { readonly folder: string };

/** One job of this process: its environment, its process group, its events, its end. */
export class LocalRun {
  readonly events = new EventStream();
  readonly #stopping = new AbortController();
  readonly #finished: Promise<JobState>;

  /** `onEnd` is told, before the last event, whether the job succeeded. */
  constructor(spec: JobSpec, folder: string, facts: JobFacts, place: TrainerPlace, onEnd: (succeeded: boolean) => Promise<void>) {
    this.#finished = this.#run({ ...spec, folder }, facts, place, onEnd);
  }

  /** Ends the job and everything it started; resolves when all is gone. */
  async cancel(): Promise<JobState> {
    this.#stopping.abort(new Cancelled('The training job was cancelled.'));
    return await this.#finished;
  }

  async #run(spec: PlacedJob, facts: JobFacts, place: TrainerPlace, onEnd: (succeeded: boolean) => Promise<void>): Promise<JobState> {
    const last = await this.#outcome(spec, facts, place);
    try {
      await onEnd(last.state === 'succeeded');
    } catch (error) {
      this.events.add({ kind: 'log', line: `The job's result could not be noted: ${error instanceof Error ? error.message : error}` });
    }
    this.events.end(last);
    return last.state;
  }

  async #outcome(spec: PlacedJob, facts: JobFacts, place: TrainerPlace): Promise<StateEvent> {
    const { signal } = this.#stopping;
    let exitCode: number | undefined;
    try {
      this.events.add({ kind: 'state', state: 'queued' });
      const log = (line: string): void => this.events.add({ kind: 'log', line });
      const start = await trainerCommand(spec.trainer, spec.python, place, { lock: spec.environmentLock, signal, log });
      signal.throwIfAborted();

      const tail: string[] = [];
      const group = await ProcessGroup.start([...start.command, spec.verb, join(spec.folder, 'job.json')], {
        cwd: start.cwd,
        env: start.env,
        onLine: (line, stream) => {
          log(line);
          if (stream === 'stderr') tail.push(line);
          if (tail.length > TAIL_LINES) tail.shift();
        },
      });
      this.events.add({ kind: 'state', state: 'running' });
      const exit = await this.#accompany(group, spec, join(spec.folder, facts.output, 'progress.jsonl'));
      exitCode = exit.code;
      signal.throwIfAborted();
      if (exit.code !== 0) throw failureOf(exit, tail);
      await checkResults(spec.verb, spec.folder, facts);
      return { kind: 'state', state: 'succeeded', exitCode: 0 };
    } catch (error) {
      const cause = error instanceof Error ? (error as Error & FaultyError) : undefined;
      const state = faultOf(error) === 'cancelled' ? 'cancelled' : 'failed';
      return { kind: 'state', state, error: cause?.message ?? String(error), ...(exitCode === undefined ? {} : { exitCode }), cause };
    }
  }

  /** Waits for the group's end, telling its progress; stops it when the job is cancelled or out of time. */
  async #accompany(group: ProcessGroup, spec: JobSpec, progressFile: string): Promise<Awaited<ProcessGroup['exited']>> {
    const { signal } = this.#stopping;
    const clock = AbortSignal.timeout(Math.min(spec.timeoutSeconds * 1_000, 2 ** 31 - 1));
    const end = AbortSignal.any([signal, clock]);
    const stop = (): void => void group.stop();
    end.addEventListener('abort', stop, { once: true });
    if (end.aborted) stop();
    const tail = new ProgressTail(progressFile, (event) => this.events.add(event));
    let reading = Promise.resolve();
    const poll = setInterval(() => {
      reading = reading.then(() => tail.read());
    }, PROGRESS_POLL_MS);
    try {
      const exit = await group.exited;
      clearInterval(poll);
      await reading;
      await tail.finish();
      if (tail.ignored > 0) this.events.add({ kind: 'log', line: `${tail.ignored} lines of progress.jsonl were not understood.` });
      if (clock.aborted && !signal.aborted) {
        throw new TimedOut(`The trainer ran past its ${spec.timeoutSeconds} s and was stopped.`, {
          todo: 'Give train more time, or train less: fewer trials, folds or rows.',
        });
      }
      return exit;
    } finally {
      clearInterval(poll);
      end.removeEventListener('abort', stop);
    }
  }
}

/** What an exit that is not 0 means: whose fault, and what to do. `tail`: last lines of standard error. */
function failureOf(exit: { readonly code?: number; readonly signal?: string }, tail: readonly string[]): UserError | WorldError {
  const said = tail.length > 0 ? `\n${tail.join('\n')}` : ' It wrote nothing to standard error.';
  // 137 and 143: a shell or container between us and the trainer tells of the signal in this way.
  const signal = exit.signal ?? ({ 137: 'SIGKILL', 143: 'SIGTERM' } as Record<number, string>)[exit.code ?? 0];
  if (signal === 'SIGSEGV' || signal === 'SIGILL' || signal === 'SIGABRT' || signal === 'SIGBUS' || signal === 'SIGFPE') {
    return new UserError('trainer-crashed', `The trainer crashed (${signal}).${said}`, {
      todo: 'Run its command yourself on the job’s folder to see more.',
    });
  }
  if (signal) {
    return new WorldError(
      'trainer-killed',
      `The trainer was killed (${signal})${signal === 'SIGKILL' ? ', as happens when memory runs out' : ''}.${said}`,
      {
        todo: 'Run again; if it stays, use a machine with more memory, or fewer threads.',
      },
    );
  }
  const refusal = refusalIn(tail);
  if (exit.code === EXIT_REFUSED && refusal) {
    return new UserError('trainer-refused', `The trainer cannot accept the job: ${refusal.error}`, { todo: refusal.todo });
  }
  if (exit.code === EXIT_MACHINE) {
    return new WorldError('trainer-machine', `The machine failed the trainer: ${refusal?.error ?? said.trim()}`, {
      todo: refusal?.todo ?? 'Run again, on a machine with more memory or disk if it stays.',
    });
  }
  if (tail.some((line) => /\bMemoryError\b|CUDA out of memory|OutOfMemoryError/.test(line))) {
    return new WorldError('out-of-memory', `The trainer ran out of memory.${said}`, {
      todo: 'Use a machine with more memory, or train less.',
    });
  }
  return new UserError('trainer-failed', `The trainer ended with exit code ${exit.code}.${said}`, {
    todo: 'The lines above are its own; mend the job or the trainer.',
  });
}

/** The JSON line with `error` and `todo` that a trainer may end with. */
function refusalIn(tail: readonly string[]): { readonly error: string; readonly todo?: string } | undefined {
  for (const line of tail.toReversed()) {
    if (!line.startsWith('{')) continue;
    try {
      const said: unknown = JSON.parse(line);
      if (typeof said !== 'object' || said === null || !('error' in said) || typeof said.error !== 'string') continue;
      return { error: said.error, ...('todo' in said && typeof said.todo === 'string' ? { todo: said.todo } : {}) };
    } catch {
      // Not the line.
    }
  }
  return undefined;
}
