import { setTimeout as delay } from 'node:timers/promises';
import { withDeadline } from '../../kernel/deadline.ts';
import type { Context } from '../../kernel/stage.ts';
import { Submitted } from '../../kernel/submitted.ts';
import type { Job } from '../../providers/backends/backend.ts';
import type { ExperimentRun } from '../../providers/experiment-run.ts';
import type { TrackedJob, TrackedMetric, Tracker } from '../../providers/trackers/tracker.ts';
import type { ProgressEvent } from '../run-job.ts';
import { type Params, trackedRun } from '../tracked-run.ts';

/** Where the training tells what it is doing while it does it. */
export interface LiveRun {
  /** The run in the experiments of a backend's service; undefined when no tracker of that service has begun it. */
  experimentRun(backend: string): ExperimentRun | undefined;
  params(params: Params): void;
  /** A job that does some of the work, for trackers of its service. */
  job(job: Job): void;
  /** `prefix`: the algorithm, where several are fitted. */
  progress(prefix: string | undefined, event: ProgressEvent): void;
}

/** Seconds; the training waits for no more than `begin` and `end`. */
export interface LiveTempo {
  /** Between two messages to a tracker. */
  readonly pause: number;
  /** What is waited for trackers before the first job. */
  readonly begin: number;
  /** What is waited at the end for what is not told yet. */
  readonly end: number;
  /** Longest time for beginning a run at a tracker. */
  readonly start: number;
  /** Longest time for any other call. */
  readonly call: number;
}

export const LIVE_TEMPO: LiveTempo = { pause: 15, begin: 10, end: 10, start: 120, call: 30 };
/** Points that wait for a tracker; of more, those of every other step are let go. */
const WAITING_MAX = 10_000;

const KILLED_SECONDS = 3;

type Place = Pick<Context, 'run' | 'log' | 'now' | 'signal'>;
type Outcome = 'finished' | 'failed' | 'killed';

/**
 * Does `work` while every tracker is told of it: the run and its parameters before the work begins, then what the work reports, in batches.
 * A tracker that is down, slow or forbids is a warning, once, and is left alone from then on. Where no report comes later, the run is ended here.
 */
export async function whileTracked<T>(
  trackers: readonly Tracker[],
  params: Params,
  place: Place,
  work: (live: LiveRun) => Promise<T>,
  tempo = LIVE_TEMPO,
): Promise<T> {
  const { run, now, signal } = place;
  const began = performance.now();
  const told = trackers.map((tracker) => new Told(tracker, params, place, tempo));
  const end = async (outcome: Outcome | undefined): Promise<void> => {
    for (const one of told) one.close(run.reported ? undefined : outcome);
    await atMost(tempo.end, told, 'ended', signal);
    await Promise.all(told.map((one) => one.leave()));
  };
  await atMost(tempo.begin, told, 'begun', signal);
  const steps = new Map<string | undefined, number>();
  try {
    const done = await work({
      experimentRun: (backend) => told.find(({ name }) => name === backend)?.experimentRun,
      params(more) {
        for (const one of told) one.params(more);
      },
      job({ backend, details: { name, link } }) {
        if (name !== undefined && link !== undefined) told.find((one) => one.name === backend)?.job({ name, link });
      },
      progress(prefix, event) {
        // A trainer that counts no steps is counted for; its job tells everything from its beginning, whoever watches it.
        const step = event.step ?? (steps.get(prefix) ?? 0) + 1;
        steps.set(prefix, step);
        const at = new Date(now.getTime() + performance.now() - began).toISOString();
        const points = Object.entries(event.metrics).map(([name, value]) => ({
          name: prefix ? `${prefix}.${name}` : name,
          value,
          step,
          at,
        }));
        for (const one of told) one.points(points);
      },
    });
    await end('finished');
    return done;
  } catch (error) {
    await end(signal.aborted ? 'killed' : error instanceof Submitted ? undefined : 'failed');
    throw error;
  }
}

/** Waits for all of them, no longer than this and not after a cancel. */
async function atMost(seconds: number, told: readonly Told[], what: 'begun' | 'ended', signal: AbortSignal): Promise<void> {
  const enough = new AbortController();
  const patience = delay(seconds * 1_000, undefined, { signal: AbortSignal.any([signal, enough.signal]) }).catch(() => undefined);
  await Promise.race([Promise.all(told.map((one) => one[what])), patience]);
  enough.abort();
}

/** One tracker, spoken to in the background. */
class Told {
  readonly name: string;
  /** When the run and its first parameters are there, or never will be. Neither this nor `ended` rejects. */
  readonly begun: Promise<void>;
  /** When everything is told, or never will be. */
  readonly ended: Promise<void>;
  readonly #tracker: Tracker;
  readonly #place: Place;
  readonly #tempo: LiveTempo;
  readonly #stop = new AbortController();
  readonly #closing = new AbortController();
  #wake: () => void = () => undefined;
  #params: Params | undefined;
  #jobs: TrackedJob[] = [];
  #points = new Map<string, TrackedMetric>();
  #id: string | undefined;
  #over = false;
  #outcome: Outcome | undefined;

  constructor(tracker: Tracker, params: Params, place: Place, tempo: LiveTempo) {
    this.name = tracker.name;
    this.#tracker = tracker;
    this.#place = place;
    this.#tempo = tempo;
    this.#params = params;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.begun = promise;
    this.ended = this.#tell(resolve)
      .catch((error: unknown) => this.#fail(error instanceof Error ? error.message : String(error)))
      .finally(() => {
        this.#over = true;
        resolve();
      });
  }

  get experimentRun(): ExperimentRun | undefined {
    return this.#id === undefined ? undefined : this.#tracker.experimentRun?.(this.#place.run.model, this.#id);
  }

  params(params: Params): void {
    this.#params = { ...this.#params, ...params };
    this.#wake();
  }

  job(job: TrackedJob): void {
    this.#jobs.push(job);
    this.#wake();
  }

  points(points: readonly TrackedMetric[]): void {
    if (this.#over) return;
    for (const point of points) this.#points.set(`${point.step}\0${point.name}`, point);
    if (this.#points.size > WAITING_MAX) this.#points = everyOtherStep(this.#points);
    this.#wake();
  }

  /** Nothing comes after this; what waits is told at once, and then how the run ended, if that is said here. */
  close(outcome: Outcome | undefined): void {
    this.#outcome = outcome;
    this.#closing.abort();
    this.#wake();
  }

  /** Ends the conversation, finished or not. A cancelled run is still called so. */
  async leave(): Promise<void> {
    if (!this.#over) this.#fail(`it has not taken everything in after ${this.#tempo.end} s`);
    this.#over = true;
    this.#stop.abort();
    const id = this.#id;
    const never = new AbortController().signal;
    if (this.#outcome === 'killed' && id !== undefined)
      await withDeadline((signal) => this.#tracker.finish(id, 'killed', signal), never, KILLED_SECONDS, 0).catch(() => undefined);
    // A call that hangs would keep the whole process waiting for its answer.
    await this.#tracker.close?.().catch(() => undefined);
  }

  async #tell(begun: () => void): Promise<void> {
    const { start, pause } = this.#tempo;
    this.#id = await this.#ask(start, (signal) => this.#tracker.start(trackedRun(this.#place.run), signal));
    this.#place.log.info(`tracker ${this.name}: the run is ${this.#id}`);
    await this.#send();
    begun();
    for (let sent = Number.NEGATIVE_INFINITY; ; ) {
      await this.#news();
      const rest = sent + pause * 1_000 - performance.now();
      const closing = this.#closing.signal;
      if (rest > 0 && !closing.aborted) await delay(rest, undefined, { signal: closing }).catch(() => undefined);
      const last = closing.aborted;
      await this.#send();
      sent = performance.now();
      if (last) break;
    }
    const outcome = this.#outcome;
    if (outcome !== undefined) await this.#ask(this.#tempo.call, (signal) => this.#tracker.finish(this.#id!, outcome, signal));
  }

  /** Waits until there is something to tell, or nothing more will come. */
  async #news(): Promise<void> {
    if (this.#closing.signal.aborted || this.#params !== undefined || this.#jobs.length + this.#points.size > 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await promise;
  }

  async #send(): Promise<void> {
    const [params, jobs, points, id] = [this.#params, this.#jobs, [...this.#points.values()], this.#id!];
    this.#params = undefined;
    this.#jobs = [];
    this.#points = new Map();
    if (params !== undefined) await this.#ask(this.#tempo.call, (signal) => this.#tracker.params(id, params, signal));
    if (jobs.length > 0) await this.#ask(this.#tempo.call, async (signal) => this.#tracker.jobs?.(id, jobs, signal));
    if (points.length > 0) await this.#ask(this.#tempo.call, (signal) => this.#tracker.metrics(id, points, signal));
  }

  #ask<T>(seconds: number, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return withDeadline(call, AbortSignal.any([this.#place.signal, this.#stop.signal]), seconds, 0);
  }

  #fail(text: string): void {
    if (this.#over || this.#place.signal.aborted) return;
    this.#place.log.warn('tracker-failed', `${this.name}: ${text}`);
  }
}

/** Without every other step, each with all it measured; the last one stays. Of one step that is too much by itself, what came last. */
function everyOtherStep(points: ReadonlyMap<string, TrackedMetric>): Map<string, TrackedMetric> {
  const steps = [...new Set(Array.from(points.values(), ({ step }) => step))].reverse();
  const kept = new Set(steps.filter((_, at) => at % 2 === 0));
  return new Map([...points].filter(([, { step }]) => kept.has(step)).slice(-0.75 * WAITING_MAX));
}
