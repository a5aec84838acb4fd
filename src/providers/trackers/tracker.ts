import { slot } from '../../kernel/stage.ts';
import type { ExperimentRun } from '../experiment-run.ts';

export interface TrackedRun {
  readonly experiment: string;
  readonly name: string;
  /** Looked up before a run is created, so that a re-run goes on with the same one. */
  readonly key: string;
}

/** Something a run took or made, by address. */
export interface LineageArtifact {
  readonly name: string;
  readonly kind: 'dataset' | 'model';
  readonly uri: string;
  readonly digest?: string;
  /** What the service of the registry calls it. */
  readonly resource?: string;
}

/** One value of a metric: at a step of its series, or, without a step, the figure that stands for the whole run. */
export interface TrackedMetric {
  readonly name: string;
  readonly value: number;
  readonly step?: number;
  /** ISO instant. */
  readonly at: string;
}

/** A job of a service that does some of a run's work. */
export interface TrackedJob {
  /** Full name at the service. */
  readonly name: string;
  /** Where somebody can look at it. */
  readonly link: string;
}

/** How the model of a run was judged, beyond single figures. */
export interface Evaluation {
  readonly kind: 'classification' | 'regression' | 'forecast';
  /** On the test rows, by name. */
  readonly figures: Readonly<Record<string, number>>;
  /** `rows[i][j]`: rows of class `classes[i]` that were taken for `classes[j]`. */
  readonly confusion?: { readonly classes: readonly string[]; readonly rows: readonly (readonly number[])[] };
  readonly roc?: readonly { readonly falsePositiveRate: number; readonly recall: number; readonly threshold: number }[];
}

/** Where runs are logged. A tracker that is down must not lose the run: the record stays the truth. */
export interface Tracker {
  readonly name: string;
  /** Finds the run of this key or starts one; gives its id. */
  start(run: TrackedRun, signal: AbortSignal): Promise<string>;
  params(id: string, params: Readonly<Record<string, string | number | boolean>>, signal: AbortSignal): Promise<void>;
  /** What is told again, by name and step, takes the place of what was told before. */
  metrics(id: string, metrics: readonly TrackedMetric[], signal: AbortSignal): Promise<void>;
  tags(id: string, tags: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void>;
  artifact(id: string, path: string, file: string, signal: AbortSignal): Promise<void>;
  /** What went into the run and what came out. Absent: the tracker has no place for it. */
  readonly lineage?: (
    id: string,
    lineage: {
      readonly inputs: readonly LineageArtifact[];
      readonly outputs: readonly LineageArtifact[];
      readonly outcome: 'finished' | 'failed' | 'killed';
    },
    signal: AbortSignal,
  ) => Promise<void>;
  /** Absent: the tracker has no form of its own for it. */
  readonly evaluation?: (id: string, evaluation: Evaluation, signal: AbortSignal) => Promise<void>;
  finish(id: string, outcome: 'finished' | 'failed' | 'killed', signal: AbortSignal): Promise<void>;
  /** Asks the service whether it is there and lets us in; gives where it is. Absent: there is nobody to ask. */
  readonly reach?: (signal: AbortSignal) => Promise<string>;
  /** Lets go of what it holds; nothing is asked of it afterwards. */
  readonly close?: () => Promise<void>;
  /** Jobs of a backend of the same name. Absent: the tracker does not list any. */
  readonly jobs?: (id: string, jobs: readonly TrackedJob[], signal: AbortSignal) => Promise<void>;
  /** What such jobs are told to stand in. */
  readonly experimentRun?: (experiment: string, id: string) => ExperimentRun;
}

export const trackers = slot<readonly Tracker[]>('trackers');
