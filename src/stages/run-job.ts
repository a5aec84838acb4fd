import { join } from 'node:path';
import { canonicalJson, digestFile, sha256 } from '../kernel/digest.ts';
import { WorldError } from '../kernel/errors.ts';
import type { FileOutput, Log, StageFiles } from '../kernel/stage.ts';
import type { Backend, FitReport, JobSpec, PythonChoice, TrainerSource } from '../providers/backends/backend.ts';
import { emptyFolder, place as placeFile, placeFolder } from './job-folder.ts';

/** Where and for which run a trainer is started. */
export interface JobPlace {
  readonly backend: Backend;
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly run: string;
}

/** Submits, watches to the end, throws what went wrong. An abort cancels the job before it is passed on. */
export async function runJob(
  { backend, signal, log, run }: JobPlace,
  spec: JobSpec,
  progress: (share: number, text: string) => void,
): Promise<FitReport | undefined> {
  const key = sha256(canonicalJson({ run, job: spec.job, folder: spec.folder }));
  const job = await backend.submit(key, spec, signal);
  try {
    for await (const event of backend.watch(job, signal)) {
      if (event.kind === 'log') log.info(event.line);
      else if (event.kind === 'progress') progress(event.share, metricsText(event.metrics));
      else if (event.state === 'succeeded') return event.fit;
      else if (event.state === 'failed' || event.state === 'cancelled')
        throw event.cause ?? new WorldError('job-ended', `The job ${job.id} ${event.state}: ${event.error ?? 'no reason was given'}.`);
    }
  } catch (error) {
    if (signal.aborted) await backend.cancel(job);
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
  place: JobPlace & { readonly files: StageFiles; readonly timeoutSeconds: number },
  name: string,
  what: {
    readonly part: string;
    readonly model: string;
    readonly job: Readonly<Record<string, unknown>>;
    readonly source: TrainerSource;
    readonly python: PythonChoice;
    readonly environmentLock?: string;
  },
): Promise<FileOutput> {
  const folder = await emptyFolder(place.files.path(name));
  await placeFile(what.part, join(folder, 'parts/predict.csv'));
  await placeFolder(what.model, join(folder, 'model'));
  const job = {
    ...what.job,
    model: 'model',
    parts: { predict: { path: 'parts/predict.csv', format: 'csv', sha256: (await digestFile(what.part)).sha256 } },
  };
  const spec: JobSpec = {
    verb: 'predict',
    trainer: what.source,
    python: what.python,
    job,
    folder,
    timeoutSeconds: place.timeoutSeconds,
    ...(what.environmentLock !== undefined && { environmentLock: what.environmentLock }),
  };
  await runJob(place, spec, () => undefined);
  return place.files.adopt(`${name}/output/predictions.csv`);
}
