import { canonicalJson, digestPath, sha256 } from '../kernel/digest.ts';
import { WorldError } from '../kernel/errors.ts';
import type { Context, FileOutput, Log, StageFiles } from '../kernel/stage.ts';
import { Submitted } from '../kernel/submitted.ts';
import type {
  Backend,
  FitReport,
  Job,
  JobEvent,
  JobInput,
  JobSpec,
  JobState,
  PythonChoice,
  TrainerSource,
} from '../providers/backends/backend.ts';
import type { ExperimentRun } from '../providers/experiment-run.ts';

const ENDED: readonly JobState[] = ['succeeded', 'failed', 'cancelled'];

export type ProgressEvent = Extract<JobEvent, { readonly kind: 'progress' }>;

/** Where and for which run a trainer is started. */
export interface JobPlace {
  readonly backend: Backend;
  readonly files: StageFiles;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** End as `submitted` rather than wait for a job that goes on without us. */
  readonly detached?: boolean;
  /** Where a job of the backend is to stand in the experiments of its service. */
  readonly experimentRun?: ExperimentRun;
  /** Told of each job before it is waited for. */
  readonly onJob?: (job: Job) => void;
  /** As {@link Context.elsewhere}. */
  readonly elsewhere?: Context['elsewhere'];
  /** Id of a run that is to do its work itself: only jobs of its own are taken over. */
  readonly apart?: string;
}

/** A file or folder as input of a job. */
export const jobInput = async (from: string, signal: AbortSignal): Promise<JobInput> => ({ from, ...(await digestPath(from, signal)) });

/**
 * Brings a job to its end and what it wrote to `name` in the stage's folder; throws what went wrong. A job of the same key that runs
 * already is watched instead of started again, and one that has succeeded is not started at all.
 * An abort cancels the job before it is passed on. Throws `Submitted` for a job under way that is not to be waited for.
 */
export async function runJob(
  { backend, files, signal, log, detached = false, apart, experimentRun, onJob, elsewhere }: JobPlace,
  name: string,
  spec: JobSpec,
  progress: (share: number, text: string, event: ProgressEvent) => void,
): Promise<FitReport | undefined> {
  const key = await jobKey(backend, spec, apart, signal);
  const found = await backend.find(key, signal);
  if (found) log.info(`${name}: taken over from the job ${found.id}, which does or did the same`);
  const job = found ?? (await backend.submit(key, { ...spec, ...(experimentRun && { experimentRun }) }, signal));
  onJob?.(job);
  await watchToEnd({ backend, signal, log, elsewhere, leave: detached && backend.outlives }, job, progress);
  return backend.collect(job, spec, files.path(name), signal);
}

/**
 * What the result depends on, by content: verb, job, inputs, trainer and environment. Where files lie and which run asks do not matter;
 * `threads` and `seconds_left` do not by the contract. `apart`: the one run that the job is for, when it is for no other.
 */
async function jobKey(
  backend: Backend,
  { verb, trainer, python, job, inputs, environmentLock, imageLock }: JobSpec,
  apart: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  const { threads: _threads, seconds_left: _seconds, ...work } = job;
  const { digest } = await backend.environment(trainer, python, signal);
  const digests = Object.fromEntries(Object.entries(inputs).map(([path, input]) => [path, input.sha256]));
  return sha256(canonicalJson({ verb, trainer, work, inputs: digests, environment: [digest, environmentLock], imageLock, run: apart }));
}

async function watchToEnd(
  { backend, signal, log, elsewhere, leave }: Pick<JobPlace, 'backend' | 'signal' | 'log' | 'elsewhere'> & { readonly leave: boolean },
  job: Job,
  progress: (share: number, text: string, event: ProgressEvent) => void,
): Promise<void> {
  const end = async (): Promise<void> => {
    elsewhere?.(job.id);
    try {
      const state = await backend.cancel(job);
      if (backend.outlives)
        log.warn('job-cancelled', `The job ${job.id} was told to end, because the run does not go on with it: ${state}.`);
    } catch (failure) {
      const why = failure instanceof Error ? failure.message : String(failure);
      log.warn('not-cancelled', `The job ${job.id} could not be told to end, and may go on: ${why}`);
    }
  };
  elsewhere?.(job.id, end);
  try {
    for await (const event of backend.watch(job, signal)) {
      if (event.kind === 'log') log.info(event.line);
      else if (event.kind === 'progress') progress(event.share, metricsText(event.metrics), event);
      else if (ENDED.includes(event.state)) {
        elsewhere?.(job.id);
        if (event.state === 'succeeded') return;
        throw event.cause ?? new WorldError('job-ended', `The job ${job.id} ${event.state}: ${event.error ?? 'no reason was given'}.`);
      } else if (leave) throw new Submitted(`job ${job.id} is ${event.state} at ${backend.name}`);
    }
  } catch (error) {
    // Whoever stopped us hears nothing of an error any more.
    if (signal.aborted) await end();
    // Nothing is left to be told to end.
    if (error instanceof WorldError && error.code === 'job-lost') elsewhere?.(job.id);
    throw error;
  }
  throw new WorldError('job-lost', `The backend ${backend.name} stopped telling about the job ${job.id} before it ended.`, {
    todo: 'Run again; it attaches to the job if it still runs.',
  });
}

const metricsText = (metrics: Readonly<Record<string, number>>): string =>
  Object.entries(metrics)
    .slice(0, 3)
    .map(([name, value]) => `${name} ${value.toPrecision(4)}`)
    .join(', ');

/** Runs a predict job on any model and leaves its file in the stage's folder. */
export async function predictWith(
  place: JobPlace & { readonly timeoutSeconds: number },
  name: string,
  what: {
    readonly part: string;
    readonly model: string;
    readonly job: Readonly<Record<string, unknown>>;
    readonly source: TrainerSource;
    readonly python: PythonChoice;
    readonly environmentLock?: string;
    readonly imageLock?: string;
  },
): Promise<FileOutput> {
  const part = await jobInput(what.part, place.signal);
  const spec: JobSpec = {
    verb: 'predict',
    trainer: what.source,
    python: what.python,
    job: { ...what.job, model: 'model', parts: { predict: { path: 'parts/predict.csv', format: 'csv', sha256: part.sha256 } } },
    inputs: { 'parts/predict.csv': part, model: await jobInput(what.model, place.signal) },
    timeoutSeconds: place.timeoutSeconds,
    ...(what.environmentLock !== undefined && { environmentLock: what.environmentLock }),
    ...(what.imageLock !== undefined && { imageLock: what.imageLock }),
  };
  await runJob(place, `${name}/output`, spec, () => undefined);
  return place.files.adopt(`${name}/output/predictions.csv`);
}
