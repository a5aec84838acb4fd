import { type ComplexityGroups, complexityGroup } from '../sql/complexity.ts';
import type { Estimate, Interval } from '../statistics/estimate.ts';
import { newcombe } from '../statistics/intervals/differences.ts';
import { meanEstimate } from '../statistics/intervals/means.ts';
import { wilson } from '../statistics/intervals/shares.ts';
import { mean, sum, variance } from '../statistics/numbers.ts';
import { studentQuantile } from '../statistics/special/distributions.ts';

/** A bucket with fewer rows is marked, not hidden. */
export const SMALL_BUCKET = 30;
/** Rows without a label. pandas' `groupby` drops them; here they are a bucket of their own. */
export const NO_LABEL = '(none)';

/** A row's label as buckets name it: a missing one is `(none)`. */
export const labelOf = (label: string | undefined): string => (label === undefined || label === '' ? NO_LABEL : label);

/** Rows of one label, as positions. */
export interface Bucket {
  readonly label: string;
  readonly rows: Uint32Array;
}

/** Rows by label, most frequent first, equal counts by label. */
export function bucketsOf(labels: readonly (string | undefined)[]): Bucket[] {
  const found = new Map<string, number[]>();
  for (const [row, label] of labels.entries()) {
    const name = labelOf(label);
    const rows = found.get(name);
    if (rows) rows.push(row);
    else found.set(name, [row]);
  }
  return [...found]
    .map(([label, rows]) => ({ label, rows: Uint32Array.from(rows) }))
    .sort((a, b) => b.rows.length - a.rows.length || (a.label < b.label ? -1 : 1));
}

/** `share`: scores are 0 or 1, Wilson's interval; `mean`: t interval, clipped to 0…1. Rows scored NaN are left out. */
export type ScoreKind = 'share' | 'mean';

/** Mean of scores with its interval: Wilson's for shares, Student's t for means. */
export function scoreEstimate(scores: Float64Array, kind: ScoreKind, rows?: Uint32Array, level = 0.95): Estimate {
  const chosen = (rows ? Float64Array.from(rows, (at) => scores[at]!) : scores).filter((score) => !Number.isNaN(score));
  const n = chosen.length;
  if (n === 0) return { notComputable: 'empty', n };
  if (kind === 'share') return { value: sum(chosen) / n, n, interval: wilson(sum(chosen), n, level) };
  const estimate = meanEstimate(chosen, level);
  return 'value' in estimate && estimate.interval ? { ...estimate, interval: clip(estimate.interval, 0, 1) } : estimate;
}

const clip = (interval: Interval, low: number, high: number): Interval => ({
  ...interval,
  low: Math.max(low, interval.low),
  high: Math.min(high, interval.high),
});

export type ComplexityGap =
  | { readonly simple: Estimate; readonly complex: Estimate; readonly gap: number; readonly interval?: Interval }
  | { readonly notComputable: 'no-groups' | 'one-group' };

/**
 * Simple minus complex, with an interval: Newcombe's for shares, Welch's for means (Satterthwaite's degrees of freedom).
 * Without `groups` the labels of D6 say what is simple; `no-groups` when they say nothing of these labels.
 */
export function complexityGap(
  labels: readonly (string | undefined)[],
  scores: Float64Array,
  kind: ScoreKind,
  options: { readonly groups?: ComplexityGroups; readonly level?: number } = {},
): ComplexityGap {
  const level = options.level ?? 0.95;
  const sides = { simple: [] as number[], complex: [] as number[] };
  for (const [row, label] of labels.entries()) {
    const group = label === undefined ? undefined : complexityGroup(label, options.groups);
    if (group && !Number.isNaN(scores[row]!)) sides[group].push(scores[row]!);
  }
  if (sides.simple.length + sides.complex.length === 0) return { notComputable: 'no-groups' };
  if (sides.simple.length === 0 || sides.complex.length === 0) return { notComputable: 'one-group' };
  const [first, second] = [Float64Array.from(sides.simple), Float64Array.from(sides.complex)];
  const interval = kind === 'share' ? newcombe(sum(first), first.length, sum(second), second.length, level) : welch(first, second, level);
  return {
    simple: scoreEstimate(first, kind, undefined, level),
    complex: scoreEstimate(second, kind, undefined, level),
    gap: mean(first) - mean(second),
    ...(interval ? { interval } : {}),
  };
}

function welch(first: Float64Array, second: Float64Array, level: number): Interval | undefined {
  if (first.length < 2 || second.length < 2) return undefined;
  const [a, b] = [variance(first) / first.length, variance(second) / second.length];
  const centre = mean(first) - mean(second);
  if (a + b === 0) return { low: centre, high: centre, level, method: 'welch' };
  const freedom = (a + b) ** 2 / (a ** 2 / (first.length - 1) + b ** 2 / (second.length - 1));
  const half = studentQuantile((1 + level) / 2, freedom) * Math.sqrt(a + b);
  return clip({ low: centre - half, high: centre + half, level, method: 'welch' }, -1, 1);
}
