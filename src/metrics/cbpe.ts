import { variance } from '../statistics/numbers.ts';
import { sortOrder } from '../statistics/sort.ts';
import { probabilityColumn } from './column-checks.ts';
import { averageScore, fScoreOf } from './count-scores.ts';
import { areaUnderRoc, averagePrecision, type RankedScores } from './ranked-scores.ts';

/** What a binary classifier is expected to reach on rows without labels, if its probabilities are calibrated. */
export interface ExpectedPerformance {
  readonly n: number;
  readonly accuracy: number;
  readonly precision: number;
  readonly recall: number;
  readonly specificity: number;
  readonly f1_score: number;
  readonly auc_roc: number;
  readonly average_precision: number;
}

/**
 * Confidence-based performance estimation: expected counts from calibrated probabilities p and predictions (1 = positive):
 * tp = Σp over predicted 1, fp = Σ(1 - p) there, fn and tn alike. Figures with an empty denominator are 0, as in NannyML.
 */
export function expectedPerformance(probabilities: ArrayLike<number>, predicted: ArrayLike<number>): ExpectedPerformance {
  const p = probabilityColumn(probabilities, 'score');
  if (p.length !== predicted.length) throw new RangeError('Every probability needs its prediction.');
  const cells = new Float64Array(4);
  for (let i = 0; i < p.length; i++) {
    const column = predicted[i] === 1 ? 1 : 0;
    cells[2 + column]! += p[i]!;
    cells[column]! += 1 - p[i]!;
  }
  const [tn, fp, fn, tp] = cells as unknown as [number, number, number, number];
  const counts = { cells, classes: ['0', '1'] };
  const scores = expectedScores(p);
  return {
    n: p.length,
    accuracy: averageScore(counts, 'recall', 'micro'),
    precision: over(tp, tp + fp),
    recall: over(tp, tp + fn),
    specificity: over(tn, tn + fp),
    f1_score: orZero(fScoreOf(counts, 1)),
    auc_roc: orZero(areaUnderRoc(scores)),
    average_precision: orZero(averagePrecision(scores)),
  };
}

/** Every row as p of a positive and 1 - p of a negative. */
function expectedScores(p: Float64Array): RankedScores {
  const order = sortOrder(p);
  const sorted = Float64Array.from(order, (row) => p[row]!);
  const positiveWeight = sorted.reduce((total, x) => total + x, 0);
  return {
    positives: sorted,
    negatives: sorted,
    positiveWeights: sorted,
    negativeWeights: sorted.map((x) => 1 - x),
    positiveWeight,
    negativeWeight: sorted.length - positiveWeight,
  };
}

/** Rows in chunks: of `size` rows, or `count` chunks of ⌊rows/count⌋ with the remainder as one more; [from, to) pairs. */
export function chunksOf(rows: number, by: { readonly size: number } | { readonly count: number } = { count: 10 }): [number, number][] {
  const size = 'size' in by ? by.size : Math.floor(rows / by.count);
  if (!(Number.isInteger(size) && size >= 1))
    throw new RangeError(`A chunk needs at least one row: ${rows} rows in ${JSON.stringify(by)}.`);
  const out: [number, number][] = [];
  for (let from = 0; from < rows; from += size) out.push([from, Math.min(rows, from + size)]);
  return out;
}

/** Limits outside which a chunk's figure alarms: mean ± 3 deviations (ddof 0) of the reference chunks that have one, within the figure's range. */
export function chunkLimits(
  reference: readonly number[],
  range: { readonly low: number; readonly high: number },
): { readonly low: number; readonly high: number } {
  const known = Float64Array.from(reference.filter((value) => !Number.isNaN(value)));
  const centre = known.reduce((total, x) => total + x, 0) / known.length;
  const reach = 3 * Math.sqrt(variance(known, 0));
  return { low: Math.max(range.low, centre - reach), high: Math.min(range.high, centre + reach) };
}

const over = (part: number, all: number): number => (all === 0 ? 0 : part / all);
const orZero = (value: number): number => (Number.isNaN(value) ? 0 : value);
