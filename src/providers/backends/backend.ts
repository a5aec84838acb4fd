import type { FaultyError } from '../../kernel/errors.ts';
import { slot } from '../../kernel/stage.ts';
import type { ExperimentRun } from '../experiment-run.ts';

/** What a trainer is started for. `describe` is asked directly and is no job. */
export type Verb = 'fit' | 'predict';

/** How a trainer is started, as the pipeline file says it. */
export type TrainerSource =
  /** A module of the Python package that comes with Retrain, in its managed environment. */
  | { readonly kind: 'module'; readonly name: string; readonly extras: readonly string[] }
  /** The user's own command; contract verbs are appended: `[...command, 'fit', 'job.json']`. */
  | { readonly kind: 'command'; readonly command: readonly string[] };

export interface PythonChoice {
  /** Interpreter the managed environment is made from, or that is used as it is when `managed` is false. */
  readonly python?: string;
  readonly managed: boolean;
}

/** A file or a folder a job reads. */
export interface JobInput {
  /** Where it lies now. */
  readonly from: string;
  /** Of the file, or of the folder's names and digests. */
  readonly sha256: string;
}

export interface JobSpec {
  readonly verb: Verb;
  readonly trainer: TrainerSource;
  readonly python: PythonChoice;
  /** Becomes `job.json`; see docs/trainer-contract.md. Paths in it are relative to the folder the backend makes for the job. */
  readonly job: Readonly<Record<string, unknown>>;
  /** What the job reads: by its path in the job's folder. */
  readonly inputs: Readonly<Record<string, JobInput>>;
  /** Environment lock the job must run in (a champion's); undefined: the trainer's current one. */
  readonly environmentLock?: string;
  /** As {@link Environment.imageLock} of the version whose job it is. */
  readonly imageLock?: string;
  readonly timeoutSeconds: number;
  /** Where the run stands in the experiments of the backend's own service. It is no part of what the job does. */
  readonly experimentRun?: ExperimentRun;
}

/** Can be written to a file and read back, for resuming. */
export interface Job {
  readonly backend: string;
  readonly id: string;
  readonly key: string;
  readonly details: Readonly<Record<string, string>>;
}

/** A job that was found rather than begun. */
export interface JobUnderWay {
  readonly job: Job;
  readonly state: JobState;
  /** When it was made. */
  readonly since: Date;
  /** The run that began it, as far as a service's labels tell. */
  readonly run: string;
  /** Whether it was begun by the run of this id. */
  isOf(run: string): boolean;
}

export type JobState = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';

export type JobEvent =
  | StateEvent
  /** One line of the trainer's output: hostile text, already free of control characters and runner commands. */
  | { readonly kind: 'log'; readonly line: string }
  | { readonly kind: 'progress'; readonly share: number; readonly step?: number; readonly metrics: Readonly<Record<string, number>> };

export interface StateEvent {
  readonly kind: 'state';
  readonly state: JobState;
  readonly error?: string;
  readonly exitCode?: number;
  /** Of `failed` and `cancelled`: the error to throw, which knows whose fault it is and what to do. */
  readonly cause?: Error & FaultyError;
}

/** `fit.json`, see docs/trainer-contract.md. */
export interface FitReport {
  readonly contract: 1;
  readonly algorithm: string;
  /** The parameters chosen, complete. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly cv?: TrialScores & { readonly method: string; readonly metric: string };
  readonly trials: readonly (TrialScores & { readonly parameters: Readonly<Record<string, unknown>> })[];
  /** What `importances` are: `coefficient`, `impurity`, `gain`, … */
  readonly importance?: string;
  readonly importances: readonly { readonly feature: string; readonly importance: number }[];
  /** How learning went, e.g. the loss of each epoch. */
  readonly history: readonly { readonly step: number; readonly metrics: Readonly<Record<string, number>> }[];
  readonly rows?: number;
  readonly seconds?: number;
  readonly library: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

export interface TrialScores {
  readonly mean: number;
  /** Sample standard deviation over the folds; absent with a single one. */
  readonly std?: number;
  readonly folds?: readonly number[];
}

/** Where a trainer runs: this machine, or a job of a cloud. */
export interface Backend {
  readonly name: string;
  /** Whether its jobs go on when this process ends. */
  readonly outlives: boolean;
  /** What its jobs run on, where that is chosen: `2 × NVIDIA_L4 on g2-standard-24`. */
  readonly machine?: string;
  /** The job that runs or has succeeded under this key, if any; a failed one is no reason not to try again. */
  find(key: string, signal: AbortSignal): Promise<Job | undefined>;
  submit(key: string, spec: JobSpec, signal: AbortSignal): Promise<Job>;
  /** From the job's beginning. Ends after a final state; aborting `signal` stops watching (throws its reason), not the job. */
  watch(job: Job, signal: AbortSignal): AsyncIterable<JobEvent>;
  /** Of a job that succeeded: puts what the trainer wrote at `to`, checked, and gives the report of a fit. */
  collect(job: Job, spec: JobSpec, to: string, signal: AbortSignal): Promise<FitReport | undefined>;
  cancel(job: Job): Promise<JobState>;
  /** Jobs of the model that are under way, whoever began them; absent where none can be without its run. */
  underWay?(signal: AbortSignal): Promise<readonly JobUnderWay[]>;
  /** Answer of the trainer's `describe`, parsed and checked. */
  describe(trainer: TrainerSource, python: PythonChoice, signal: AbortSignal): Promise<TrainerDescription>;
  /** Where a trainer's jobs run: part of the key, kept with a version. */
  environment(trainer: TrainerSource, python: PythonChoice, signal: AbortSignal): Promise<Environment>;
}

export interface Environment {
  /** Of trainer code and what it runs in. */
  readonly digest: string;
  /** Every package, pinned: what makes a model of this trainer loadable on any machine. Empty for a trainer without one. */
  readonly lock: string;
  /** What jobs install instead, into an image that brings the rest. */
  readonly imageLock?: string;
}

export interface TrainerDescription {
  readonly contract: 1;
  readonly name: string;
  readonly version: string;
  readonly tasks: readonly string[];
  readonly algorithms: readonly AlgorithmDescription[];
  readonly warmStart: boolean;
  readonly formats: readonly string[];
}

export interface AlgorithmDescription {
  readonly name: string;
  readonly tasks: readonly string[];
  /** JSON Schema of the parameters, with defaults. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Random search space: parameter → distribution, in the contract's own words. */
  readonly search?: Readonly<Record<string, unknown>>;
}

export const backend = slot<Backend>('backend');
