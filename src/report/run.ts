import type { Comparison, FileRef, Manifest, MetricValue, StageRecord } from '../kernel/record.ts';

/*
 * What a report reads, and which record tells what: `train` has a metric for each algorithm (`model` names it) and the output `algorithm` for
 * the winner; `evaluate` has the candidate's metrics and curves; `promote` (or `evaluate`) the comparison; `bias-check` metrics with `slice`;
 * `drift` metrics with `column`; tables and curves of any stage are shown in the section that tells of it.
 */
export type {
  Comparison,
  Curve,
  FileRef,
  Gate,
  Manifest as Run,
  MetricComparison,
  MetricValue as Metric,
  RecordTable,
  StageRecord,
} from '../kernel/record.ts';
export type { Reason, Verdict } from '../kernel/verdict.ts';

/** The last record of a stage, or undefined when the stage has not run. */
export function recordOf(run: Manifest, stage: string): StageRecord | undefined {
  return run.records.findLast((record) => record.stage === stage);
}

/** The comparison with the champion, wherever a stage made it. */
export function comparisonOf(run: Manifest): Comparison | undefined {
  return run.records.findLast((record) => record.comparison !== undefined)?.comparison;
}

/** Seconds from the start of the run to its end, or to the end of its last stage. */
export function secondsOf(run: Manifest): number {
  const start = Date.parse(run.started);
  const ends = run.records.map((record) => Date.parse(record.started) + record.seconds * 1_000);
  const end = run.ended === undefined ? Math.max(start, ...ends) : Date.parse(run.ended);
  return Math.max(0, (end - start) / 1_000);
}

/** The candidate's own figures on the whole of a split: no slice, no column, no other model. */
export function candidateMetrics(run: Manifest): readonly MetricValue[] {
  const own = recordOf(run, 'evaluate')?.metrics ?? [];
  return own.filter(
    (each) => each.slice === undefined && each.column === undefined && (each.model === undefined || each.model === 'candidate'),
  );
}

export interface AlgorithmScore {
  readonly algorithm: string;
  readonly metrics: readonly MetricValue[];
  readonly winner: boolean;
}

/** What the training part thought of each algorithm, the winner first. */
export function algorithmScores(run: Manifest): readonly AlgorithmScore[] {
  const record = recordOf(run, 'train');
  if (!record) return [];
  const winner = record.outputs.algorithm;
  const names = [
    ...new Set(
      record.metrics.flatMap(({ model }) => (model === undefined || model === 'champion' || model === 'candidate' ? [] : [model])),
    ),
  ];
  const scores = names.map((algorithm) => ({
    algorithm,
    winner: algorithm === winner,
    metrics: record.metrics.filter(({ model, slice, column }) => model === algorithm && slice === undefined && column === undefined),
  }));
  return scores.sort((a, b) => Number(b.winner) - Number(a.winner));
}

export const isFileRef = (value: unknown): value is FileRef =>
  typeof value === 'object' &&
  value !== null &&
  'sha256' in value &&
  typeof value.sha256 === 'string' &&
  'uri' in value &&
  typeof value.uri === 'string';
