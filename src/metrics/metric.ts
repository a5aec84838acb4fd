import type { Estimate, Interval, NotComputable } from '../statistics/estimate.ts';

/** What kind of answer a model gives; decides which metrics have a meaning. */
export type Task =
  | 'binary'
  | 'multiclass'
  | 'multilabel'
  | 'regression'
  | 'forecast'
  | 'ranking'
  | 'embedding'
  | 'text'
  | 'ner'
  | 'anomaly'
  | 'text-to-sql';

export type Direction = 'higher' | 'lower' | 'none';

/** Rows of one model's predictions, of whatever task: how many there are, and how to take some of them (slices, pairs). */
export interface Rows {
  readonly task: Task;
  readonly n: number;
  /** The rows at these 0-based positions, in this order; a position may occur more than once. */
  take(positions: Uint32Array): this;
}

export interface EstimateOptions {
  /** Confidence level of the interval; 0.95 by default. */
  readonly level?: number;
  /** 64 bits, as a bigint or 16 hex digits; only bootstrap intervals use it. */
  readonly seed?: bigint | string;
  /** Bootstrap replicates; 2,000 by default, at most 10,000. */
  readonly replicates?: number;
  readonly signal?: AbortSignal;
  /** Share of the work done, 0…1. */
  progress?(share: number): void;
}

/**
 * Candidate minus champion on the same rows, turned so that more is better (for an error: champion minus candidate).
 * `candidate` and `champion` are the plain values.
 */
export interface ComputedDifference {
  readonly candidate: number;
  readonly champion: number;
  readonly difference: number;
  /** Rows both were judged on. */
  readonly n: number;
  readonly interval: Interval;
  /** Two-sided, of the test named. */
  readonly p: number;
  readonly test: string;
  /** Of the difference; 0 when it cannot vary. */
  readonly standardError: number;
  /** Metrics that are shares of right answers: rows that only one of the two got right. */
  readonly discordant?: { readonly candidateOnly: number; readonly championOnly: number };
  /** Fewer than 25 discordant rows: what an exact test and Newcombe's paired bound say, because Wald's interval is too narrow there. */
  readonly few?: { readonly exactP: number; readonly lowerBound?: number };
}

export type Difference =
  | ComputedDifference
  | { readonly notComputable: NotComputable; readonly n: number; readonly candidate: Estimate; readonly champion: Estimate };

/** Whether two models could be compared. */
export const isDifference = (difference: Difference): difference is ComputedDifference => 'difference' in difference;

export interface Metric<R extends Rows = Rows> {
  /** snake_case, as scikit-learn and MLflow users write it. */
  readonly name: string;
  readonly title: string;
  readonly better: Direction;
  readonly tasks: readonly Task[];
  /** Whether these rows hold what the metric needs (scores, bounds, a positive class). */
  applies(rows: R): boolean;
  /** The figure alone. */
  value(rows: R): Estimate;
  /** The figure with its interval, where one has a meaning. */
  estimate(rows: R, options?: EstimateOptions): Promise<Estimate>;
  /** Candidate against champion; the rows must be the same rows in the same order. */
  compare?(candidate: R, champion: R, options?: EstimateOptions): Promise<Difference>;
}
