import { join } from 'node:path';
import { Cancelled, type FaultyError, faultOf, TimedOut } from '../../kernel/errors.ts';
import type { JobSpec, JobState, StateEvent } from './backend.ts';
import { EventStream } from './event-stream.ts';
import { ProcessGroup } from './process-group.ts';
import { ProgressTail } from './progress-tail.ts';
import { checkResults } from './results.ts';
import { type TrainerPlace, trainerCommand } from './trainer-command.ts';
import { failureOf } from './trainer-failure.ts';
import type { JobFacts } from './trainer-shapes.ts';

const PROGRESS_POLL_MS = 150;
const TAIL_LINES = 15;

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
      await checkResults(spec.verb, placeOf(spec, facts), facts);
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

const placeOf = ({ folder }: PlacedJob, { output, parts }: JobFacts) => ({
  output: join(folder, output),
  ...(parts.predict && { part: join(folder, parts.predict.path) }),
});
