import { sortOrder } from '../statistics/sort.ts';
import { BadInput } from '../tables/bad-input.ts';
import { aucRoc } from './area-under-roc.ts';
import { averagePrecisionMetric } from './average-precision.ts';
import { atThreshold, type ClassificationRows, rowsOf } from './classification-rows.ts';
import { expectLength, finiteColumn, type Origin, placeOf } from './column-checks.ts';
import { countMetric } from './count-metric.ts';
import { fScoreOf, precisionOf, recallOf } from './count-scores.ts';
import type { Metric } from './metric.ts';
import { descend, type RankedScores, rankedScoresOf } from './ranked-scores.ts';
import { asEstimate } from './smooth.ts';

export interface AnomalyInput {
  /** Higher = more anomalous; any finite numbers. */
  readonly scores: ArrayLike<number>;
  /** 1 or true = an anomaly. */
  readonly truth: ArrayLike<number | boolean>;
  /** From this score on (inclusive) a row is flagged; without it none is. */
  readonly threshold?: number;
  readonly origin?: Origin;
}

/** Checks scores and labels of a detector. */
export function anomalyRows({ scores, truth, threshold = Number.POSITIVE_INFINITY, origin = {} }: AnomalyInput): ClassificationRows {
  expectLength(scores.length, truth.length, 'score', origin);
  const labels = new Int32Array(truth.length);
  for (let i = 0; i < labels.length; i++) {
    const label = Number(truth[i]);
    if (label !== 0 && label !== 1)
      throw new BadInput('unknown-label', `expected 1 for an anomaly or 0 and found ${truth[i]}.`, placeOf(origin, i, 'truth'));
    labels[i] = label;
  }
  const unflagged = { classes: ['normal', 'anomaly'], positive: 1, truth: labels, predicted: new Int32Array(labels.length) };
  return atThreshold(rowsOf({ ...unflagged, scores: finiteColumn(scores, 'score', origin) }, 'anomaly'), threshold);
}

/** Expected share of anomalies among the k highest scores; ties at the cut count by their share of anomalies. */
export function precisionAtTop(scores: RankedScores, k: number): number {
  let places = k;
  let hits = 0;
  descend(scores, (_, p, q) => {
    if (places <= 0) return;
    const taken = Math.min(places, p + q);
    hits += (p * taken) / (p + q);
    places -= taken;
  });
  return places > 0 ? Number.NaN : hits / k;
}

/** Largest F1 over all thresholds, the first from the top. On the rows it is found on it is optimistic. */
export function bestF1(scores: RankedScores): { readonly threshold: number; readonly value: number } | undefined {
  if (scores.positiveWeight === 0) return undefined;
  let tp = 0;
  let flagged = 0;
  let best = { threshold: Number.POSITIVE_INFINITY, value: -1 };
  descend(scores, (threshold, p, q) => {
    tp += p;
    flagged += p + q;
    const value = (2 * tp) / (flagged + scores.positiveWeight);
    if (value > best.value) best = { threshold, value };
  });
  return best;
}

/** Share of two detectors' k highest rows that both name; equal scores in the order of the rows. */
export function topOverlap(first: Float64Array, second: Float64Array, k: number): number {
  const top = (scores: Float64Array): Set<number> => new Set(sortOrder(scores.map((score) => -score)).subarray(0, k));
  const [a, b] = [top(first), top(second)];
  const shared = [...a].filter((row) => b.has(row)).length;
  return shared / (a.size + b.size - shared);
}

const plain = (name: string, title: string, of: (scores: RankedScores) => number): Metric<ClassificationRows> => {
  const value: Metric<ClassificationRows>['value'] = (rows) => asEstimate(of(rankedScoresOf(rows)), rows.n, 'one-class');
  return { name, title, better: 'higher', tasks: ['anomaly'], applies: () => true, value, estimate: async (rows) => value(rows) };
};

/** `precision_at_K` for any K from 1 on; undefined for other names. Fewer rows than K: no value. */
export function anomalyMetricAt(name: string): Metric<ClassificationRows> | undefined {
  const parts = /^precision_at_([1-9][0-9]{0,8})$/.exec(name);
  if (parts === null) return undefined;
  const k = Number(parts[1]);
  return { ...plain(name, `Share of anomalies among the ${k} highest`, (scores) => precisionAtTop(scores, k)) };
}

const SHARE = { low: 0, high: 1 };
const count = (name: string, title: string, of: typeof precisionOf, shareOf?: 'positives' | 'predicted-positives') =>
  countMetric({
    name,
    title,
    better: 'higher',
    tasks: ['anomaly'],
    range: SHARE,
    otherwise: 'zero-denominator',
    of,
    ...(shareOf && { shareOf }),
  });

/** Every metric of a detector with labels. */
export const anomalyMetrics: readonly Metric<ClassificationRows>[] = [
  { ...aucRoc, tasks: ['anomaly'] },
  { ...averagePrecisionMetric, tasks: ['anomaly'] },
  plain('precision_at_true', 'Share of anomalies among as many highest as there are anomalies', (scores) =>
    precisionAtTop(scores, scores.positives.length),
  ),
  plain('best_f1', 'Best F1 over all thresholds (optimistic)', (scores) => bestF1(scores)?.value ?? Number.NaN),
  count('precision', 'Precision of the flagged rows', precisionOf, 'predicted-positives'),
  count('recall', 'Recall of the anomalies', recallOf, 'positives'),
  count('f1_score', 'F1 of the flagged rows', (counts, positive) => fScoreOf(counts, positive)),
];
