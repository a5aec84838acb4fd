import { availableParallelism } from 'node:os';
import type { Context, FileOutput, Log, StageFiles } from '../../kernel/stage.ts';
import { findMetric, primaryOf } from '../../metrics/catalogue.ts';
import type { Metric } from '../../metrics/metric.ts';
import type { AlgorithmDescription, Backend, FitReport, Job, PythonChoice, TrainerSource } from '../../providers/backends/backend.ts';
import type { ExperimentRun } from '../../providers/experiment-run.ts';
import { metricTask } from '../metric-task.ts';
import { jobInput, type ProgressEvent, predictWith, runJob } from '../run-job.ts';
import type { Features } from './features.ts';

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
  /** Folder of the model to start from; only for a trainer that can. */
  readonly base?: string;
  readonly detached: boolean;
  readonly experimentRun?: ExperimentRun;
  readonly onJob?: (job: Job) => void;
  readonly elsewhere?: Context['elsewhere'];
  /** Id of the run when it trains again what has been trained before; see `JobPlace`. */
  readonly apart?: string;
  readonly inputs: {
    readonly task: string;
    readonly python: PythonChoice;
    readonly search: {
      readonly method: string;
      readonly trials: number;
      readonly folds: number;
      readonly metric?: string;
      readonly cv: string;
    };
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
  progress: (share: number, text: string, event: ProgressEvent) => void,
): Promise<Fitted> {
  const { inputs, features } = bench;
  const output = `jobs/fit-${algorithm.name}/output`;
  const train = await jobInput(inputs.train, bench.signal);
  const { method, trials, folds, cv } = inputs.search;
  const job = {
    ...jobBase(bench, 'fit'),
    algorithm: algorithm.name,
    parameters,
    search: { method, folds, cv, metric: crossValidated(bench).name, ...(method === 'random' && { trials }) },
    parts: { train: { path: 'parts/train.csv', format: 'csv', sha256: train.sha256, rows: features.rows } },
    base: bench.base === undefined ? null : 'base',
  };
  const started = performance.now();
  const fit = await runJob(
    bench,
    output,
    {
      verb: 'fit',
      trainer: bench.source,
      python: inputs.python,
      job,
      inputs: { 'parts/train.csv': train, ...(bench.base !== undefined && { base: await jobInput(bench.base, bench.signal) }) },
      timeoutSeconds: inputs.timeout,
    },
    progress,
  );
  if (!fit) throw new RangeError(`The backend ${bench.backend.name} gave no report of a fit that succeeded.`);
  for (const warning of fit.warnings) bench.log.warn('trainer', `${algorithm.name}: ${warning}`);
  return { algorithm: algorithm.name, model: `${output}/model`, fit, seconds: Math.round(performance.now() - started) / 1000 };
}

/** Predictions of a fitted model for one prepared part. */
export async function predictPart(bench: Bench, { algorithm, model }: Fitted, part: string, path: string): Promise<FileOutput> {
  const name = `jobs/predict-${algorithm}-${part}`;
  return predictWith({ ...bench, timeoutSeconds: bench.inputs.timeout }, name, {
    part: path,
    model: bench.files.path(model),
    job: { ...jobBase(bench, 'predict'), algorithm },
    source: bench.source,
    python: bench.inputs.python,
  });
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
export function crossValidated({ inputs, features }: Pick<Bench, 'inputs' | 'features'>): Metric {
  const task = metricTask(inputs.task, features.target.positive);
  return findMetric(task, inputs.search.metric ?? inputs.primary ?? primaryOf(task));
}
