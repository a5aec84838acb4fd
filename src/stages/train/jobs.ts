import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { canonicalJson, digestFile, sha256 } from '../../kernel/digest.ts';
import { WorldError } from '../../kernel/errors.ts';
import type { FileOutput, Log, StageFiles } from '../../kernel/stage.ts';
import { metricNamed } from '../../metrics/catalogue.ts';
import type { AlgorithmDescription, Backend, FitReport, JobSpec, PythonChoice, TrainerSource } from '../../providers/backends/backend.ts';
import type { Features } from './features.ts';
import { place, placeFolder } from './job-folder.ts';

/** Everything the jobs of one run of the stage have in common. */
export interface Bench {
  readonly backend: Backend;
  readonly source: TrainerSource;
  readonly features: Features;
  readonly files: StageFiles;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** 16 hex digits. */
  readonly seed: string;
  readonly run: string;
  readonly inputs: {
    readonly task: string;
    readonly python: PythonChoice;
    readonly search: { readonly method: string; readonly trials: number; readonly folds: number; readonly metric?: string; readonly cv: string };
    readonly select: 'cv' | 'test';
    readonly primary?: string;
    readonly device: string;
    readonly threads?: number;
    readonly timeout: number;
    readonly train: string;
    readonly test?: string;
    readonly 'test-rows'?: string;
    readonly champion?: string;
    readonly 'champion-validation'?: string;
    readonly 'champion-test'?: string;
    readonly 'champion-oot'?: string;
    readonly 'champion-problem'?: string;
  };
}

export interface Fitted {
  readonly algorithm: string;
  /** Folder of the model, within the stage's own. */
  readonly model: string;
  readonly fit: FitReport;
  readonly seconds: number;
  /** Its figure on the test part; only with `select: test`. */
  readonly test?: number;
}

/** Fits one algorithm; the trainer cross-validates it inside the training part. */
export async function fitAlgorithm(
  bench: Bench,
  algorithm: AlgorithmDescription,
  parameters: Readonly<Record<string, unknown>>,
  progress: (share: number, text: string) => void,
): Promise<Fitted> {
  const { inputs, features } = bench;
  const name = `jobs/fit-${algorithm.name}`;
  const folder = await emptyFolder(bench, name);
  await place(inputs.train, join(folder, 'parts/train.csv'));
  const { method, trials, folds, cv } = inputs.search;
  const job = {
    ...jobBase(bench, 'fit'),
    algorithm: algorithm.name,
    parameters,
    search: { method, folds, cv, metric: crossValidated(bench), ...(method === 'random' && { trials }) },
    parts: { train: { path: 'parts/train.csv', format: 'csv', sha256: (await digestFile(inputs.train)).sha256, rows: features.rows } },
    base: null,
  };
  const started = performance.now();
  const fit = await runJob(bench, { verb: 'fit', trainer: bench.source, python: inputs.python, job, folder, timeoutSeconds: inputs.timeout }, progress);
  if (!fit) throw new RangeError(`The backend ${bench.backend.name} gave no report of a fit that succeeded.`);
  for (const warning of fit.warnings) bench.log.warn('trainer', `${algorithm.name}: ${warning}`);
  return { algorithm: algorithm.name, model: `${name}/output/model`, fit, seconds: Math.round(performance.now() - started) / 1000 };
}

/** Predictions of a fitted model for one prepared part. */
export async function predictPart(bench: Bench, { algorithm, model }: Fitted, part: string, path: string): Promise<FileOutput> {
  const name = `jobs/predict-${algorithm}-${part}`;
  return predictWith(bench, name, {
    part: path,
    model: bench.files.path(model),
    job: { ...jobBase(bench, 'predict'), algorithm },
    source: bench.source,
    python: bench.inputs.python,
  });
}

/** Runs a predict job on any model and leaves its file in the stage's folder. */
export async function predictWith(
  bench: Pick<Bench, 'backend' | 'files' | 'signal' | 'log' | 'run' | 'inputs'>,
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
  const folder = await emptyFolder(bench, name);
  await place(what.part, join(folder, 'parts/predict.csv'));
  await placeFolder(what.model, join(folder, 'model'));
  const job = { ...what.job, model: 'model', parts: { predict: { path: 'parts/predict.csv', format: 'csv', sha256: (await digestFile(what.part)).sha256 } } };
  const spec: JobSpec = {
    verb: 'predict',
    trainer: what.source,
    python: what.python,
    job,
    folder,
    timeoutSeconds: bench.inputs.timeout,
    ...(what.environmentLock !== undefined && { environmentLock: what.environmentLock }),
  };
  await runJob(bench, spec, () => undefined);
  return bench.files.adopt(`${name}/output/predictions.csv`);
}

function jobBase({ inputs, features, seed }: Bench, verb: 'fit' | 'predict'): Record<string, unknown> {
  return {
    contract: 1,
    verb,
    task: inputs.task,
    // The contract's seeds are integers every language can hold exactly.
    seed: Number(BigInt(`0x${seed}`) & 0x7fff_ffffn),
    key: features.key,
    target: features.target,
    features: features.features.map((feature) => feature.name),
    output: 'output',
    device: inputs.device,
    threads: inputs.threads ?? availableParallelism(),
    seconds_left: inputs.timeout,
  };
}

/** The metric algorithms are compared by: the one named, else the primary one, else what suits the task. */
export function crossValidated({ inputs, features }: Pick<Bench, 'inputs' | 'features'>): string {
  const usual = inputs.task === 'regression' ? 'rmse' : (features.target.classes?.length ?? 2) === 2 ? 'auc_roc' : 'f1_macro';
  return metricNamed(inputs.search.metric ?? inputs.primary ?? usual).name;
}

async function emptyFolder({ files }: Pick<Bench, 'files'>, name: string): Promise<string> {
  const folder = files.path(name);
  await rm(folder, { recursive: true, force: true });
  return folder;
}

/** Submits, watches to the end, throws what went wrong. An abort cancels the job before it is passed on. */
async function runJob(
  { backend, signal, log, run }: Pick<Bench, 'backend' | 'signal' | 'log' | 'run'>,
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
      else if (event.state === 'failed' || event.state === 'cancelled') throw event.cause ?? new WorldError('job-ended', `The job ${job.id} ${event.state}: ${event.error ?? 'no reason was given'}.`);
    }
  } catch (error) {
    if (signal.aborted) await backend.cancel(job);
    throw error;
  }
  throw new WorldError('job-lost', `The backend ${backend.name} stopped telling about the job ${job.id} before it ended.`, { todo: 'Run again; it attaches to the job if it still runs.' });
}

const metricsText = (metrics: Readonly<Record<string, number>>): string =>
  Object.entries(metrics)
    .slice(0, 3)
    .map(([name, value]) => `${name} ${value.toPrecision(4)}`)
    .join(', ');
