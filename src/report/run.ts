/*
 * What a report reads: the form of the manifest, as far as it is told. The kernel's `Manifest` satisfies `Run`; a test proves it.
 *
 * Which record tells what: `train` has a metric for each algorithm (`model` names it) and the output `algorithm` for the winner; `evaluate`
 * has the candidate's metrics and curves; `promote` (or `evaluate`) the comparison; `bias-check` metrics with `slice`; `drift` metrics with
 * `column`; tables and curves of any stage are shown in the section that tells of it.
 */
export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly level: number;
  readonly method: string;
}

export interface Metric {
  readonly name: string;
  readonly value?: number;
  readonly notComputable?: string;
  readonly n: number;
  readonly interval?: Interval;
  readonly split?: string;
  readonly slice?: string;
  readonly column?: string;
  readonly model?: string;
}

export interface Gate {
  readonly name: string;
  readonly threshold: string;
  readonly value?: number;
  readonly interval?: Interval;
  readonly judged: 'point' | 'interval';
  readonly verdict: 'passed' | 'failed' | 'incomparable';
  readonly reason?: string;
  readonly slice?: string;
  readonly split?: string;
}

export interface MetricComparison {
  readonly metric: string;
  readonly candidate: number;
  readonly champion: number;
  readonly difference: number;
  readonly interval?: Interval;
  readonly p?: number;
  readonly test?: string;
  readonly margin: number;
  readonly verdict: 'better' | 'not-worse' | 'not-better' | 'worse' | 'incomparable';
  readonly discordant?: { readonly candidateOnly: number; readonly championOnly: number };
  readonly few?: { readonly exactP: number };
  readonly smallestVisible?: number;
  readonly notComputable?: string;
}

export interface Reason {
  readonly code: string;
  readonly text: string;
}

export interface Comparison {
  readonly champion: number;
  readonly verdict: 'better' | 'not-better' | 'incomparable';
  readonly reason?: Reason;
  readonly n: number;
  readonly leftOut: number;
  readonly split: string;
  readonly primary?: MetricComparison;
  readonly guards: readonly MetricComparison[];
}

export interface RecordTable {
  readonly name: string;
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | boolean | null)[])[];
  readonly total?: number;
}

export interface Curve {
  readonly name: string;
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly { readonly name: string; readonly x: readonly (number | string)[]; readonly y: readonly number[] }[];
}

export interface FileRef {
  readonly uri: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly files?: number;
  readonly stored?: { readonly uri: string };
}

export type Verdict = { readonly kind: 'passed' } | { readonly kind: 'failed' | 'skipped' | 'incomparable'; readonly reason: Reason };

export interface StageRecord {
  readonly stage: string;
  readonly attempt: number;
  readonly outcome: 'completed' | 'errored' | 'cancelled' | 'submitted';
  readonly verdict?: Verdict;
  readonly found: string;
  readonly started: string;
  readonly seconds: number;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, string | number | boolean | FileRef>>;
  readonly metrics: readonly Metric[];
  readonly gates: readonly Gate[];
  readonly comparison?: Comparison;
  readonly tables: readonly RecordTable[];
  readonly curves: readonly Curve[];
  readonly warnings: readonly Reason[];
  readonly error?: { readonly code: string; readonly message: string; readonly todo?: string };
}

export interface Run {
  readonly id: string;
  readonly model: string;
  readonly pipeline?: string;
  readonly logicalDate: string;
  readonly key?: string;
  readonly seed: string;
  readonly force: boolean;
  readonly started: string;
  readonly ended?: string;
  readonly retrain: string;
  readonly owner?: string;
  readonly machine?: {
    readonly platform: string;
    readonly arch: string;
    readonly cpus: number;
    readonly memoryGb: number;
    readonly node: string;
  };
  readonly links: readonly { readonly name: string; readonly url: string }[];
  readonly outcome: 'running' | 'passed' | 'refused' | 'skipped' | 'errored' | 'cancelled' | 'submitted';
  readonly reason?: Reason;
  readonly version?: number;
  readonly promoted: boolean;
  readonly records: readonly StageRecord[];
}

/** The last record of a stage, or undefined when the stage has not run. */
export function recordOf(run: Run, stage: string): StageRecord | undefined {
  return run.records.findLast((record) => record.stage === stage);
}

/** The comparison with the champion, wherever a stage made it. */
export function comparisonOf(run: Run): Comparison | undefined {
  return run.records.findLast((record) => record.comparison !== undefined)?.comparison;
}

/** Seconds from the start of the run to its end, or to the end of its last stage. */
export function secondsOf(run: Run): number {
  const start = Date.parse(run.started);
  const ends = run.records.map((record) => Date.parse(record.started) + record.seconds * 1_000);
  const end = run.ended === undefined ? Math.max(start, ...ends) : Date.parse(run.ended);
  return Math.max(0, (end - start) / 1_000);
}

/** The candidate's own figures on the whole of a split: no slice, no column, no other model. */
export function candidateMetrics(run: Run): readonly Metric[] {
  const own = recordOf(run, 'evaluate')?.metrics ?? [];
  return own.filter(
    (each) => each.slice === undefined && each.column === undefined && (each.model === undefined || each.model === 'candidate'),
  );
}

export interface AlgorithmScore {
  readonly algorithm: string;
  readonly metrics: readonly Metric[];
  readonly winner: boolean;
}

/** What the training part thought of each algorithm, the winner first. */
export function algorithmScores(run: Run): readonly AlgorithmScore[] {
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
