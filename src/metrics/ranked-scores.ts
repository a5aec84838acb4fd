import { sortNumbers, sortOrder } from '../statistics/sort.ts';
import type { ClassificationRows } from './classification-rows.ts';

/**
 * Scores of positives and negatives, each ascending: ROC, AUC, average precision and their curves are one merge of the two.
 * Two sorts of bare doubles are faster than one of scores with labels.
 */
export interface RankedScores {
  readonly positives: Float64Array;
  readonly negatives: Float64Array;
  /** Weights in the same orders, where rows have weights. */
  readonly positiveWeights?: Float64Array;
  readonly negativeWeights?: Float64Array;
  readonly positiveWeight: number;
  readonly negativeWeight: number;
}

/** One distinct score: weight of positives and negatives that have it. */
export type VisitScore = (score: number, positives: number, negatives: number) => void;

/** Scores of positives and negatives in order; `positive` tells by 0-based row. */
export function rankScores(scores: Float64Array, positive: (row: number) => boolean, weights?: Float64Array): RankedScores {
  if (weights !== undefined) return rankWeighted(scores, positive, weights);
  const n = scores.length;
  const all = new Float64Array(n);
  let first = 0;
  let last = n;
  for (let i = 0; i < n; i++) {
    if (positive(i)) all[first++] = scores[i]!;
    else all[--last] = scores[i]!;
  }
  const positives = sortNumbers(all.subarray(0, first));
  const negatives = sortNumbers(all.subarray(first));
  return { positives, negatives, positiveWeight: positives.length, negativeWeight: negatives.length };
}

function rankWeighted(scores: Float64Array, positive: (row: number) => boolean, weights: Float64Array): RankedScores {
  const order = sortOrder(scores);
  const sides = [order.filter((row) => positive(row)), order.filter((row) => !positive(row))] as const;
  const take = (values: Float64Array, rows: Uint32Array): Float64Array => Float64Array.from(rows, (row) => values[row]!);
  const [positiveWeights, negativeWeights] = [take(weights, sides[0]), take(weights, sides[1])];
  const total = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);
  return {
    positives: take(scores, sides[0]),
    negatives: take(scores, sides[1]),
    positiveWeights,
    negativeWeights,
    positiveWeight: total(positiveWeights),
    negativeWeight: total(negativeWeights),
  };
}

const ranked = new WeakMap<ClassificationRows, RankedScores>();

/** The scores of a binary task in order; sorted once, however many metrics ask. */
export function rankedScoresOf(rows: ClassificationRows): RankedScores {
  const known = ranked.get(rows);
  if (known !== undefined) return known;
  if (rows.scores === undefined || rows.positive === undefined) throw new RangeError('Ranked scores need scores and a positive class.');
  const { truth, positive } = rows;
  const found = rankScores(rows.scores, (row) => truth[row] === positive, rows.weights);
  ranked.set(rows, found);
  return found;
}

/** Visits each distinct score from the highest to the lowest. */
export function descend({ positives, negatives, positiveWeights, negativeWeights }: RankedScores, visit: VisitScore): void {
  let i = positives.length - 1;
  let j = negatives.length - 1;
  while (i >= 0 || j >= 0) {
    const score = i < 0 ? negatives[j]! : j < 0 ? positives[i]! : Math.max(positives[i]!, negatives[j]!);
    let p = 0;
    let q = 0;
    while (i >= 0 && positives[i] === score) {
      p += positiveWeights === undefined ? 1 : positiveWeights[i]!;
      i--;
    }
    while (j >= 0 && negatives[j] === score) {
      q += negativeWeights === undefined ? 1 : negativeWeights[j]!;
      j--;
    }
    visit(score, p, q);
  }
}

/** P(score of a positive > of a negative) + ½·P(equal); NaN when a side is empty. */
export function areaUnderRoc(scores: RankedScores): number {
  let above = 0;
  let wins = 0;
  descend(scores, (_, p, q) => {
    wins += q * (above + p / 2);
    above += p;
  });
  return wins / (scores.positiveWeight * scores.negativeWeight);
}

/** Σ (R_i - R_{i-1})·P_i over distinct scores from the top, no interpolation; NaN without positives. */
export function averagePrecision(scores: RankedScores): number {
  let tp = 0;
  let all = 0;
  let sum = 0;
  descend(scores, (_, p, q) => {
    tp += p;
    all += p + q;
    if (p > 0) sum += (p * tp) / all;
  });
  return sum / scores.positiveWeight;
}

/** Partial AUC to a false-positive rate, with linear interpolation, rescaled so that guessing is ½ (McClish); 0 < max ≤ 1. */
export function partialAreaUnderRoc(scores: RankedScores, maxFpr: number): number {
  if (!(maxFpr > 0 && maxFpr <= 1)) throw new RangeError(`A maximal false-positive rate lies above 0 and up to 1, not at ${maxFpr}.`);
  if (maxFpr === 1) return areaUnderRoc(scores);
  let tpr = 0;
  let fpr = 0;
  let area = 0;
  let done = false;
  descend(scores, (_, p, q) => {
    if (done) return;
    const nextTpr = tpr + p / scores.positiveWeight;
    const nextFpr = fpr + q / scores.negativeWeight;
    if (nextFpr >= maxFpr && nextFpr > fpr) {
      const atMax = tpr + ((nextTpr - tpr) * (maxFpr - fpr)) / (nextFpr - fpr);
      area += ((maxFpr - fpr) * (tpr + atMax)) / 2;
      done = true;
      return;
    }
    area += ((nextFpr - fpr) * (tpr + nextTpr)) / 2;
    tpr = nextTpr;
    fpr = nextFpr;
  });
  const least = (maxFpr * maxFpr) / 2;
  return (1 + (area - least) / (maxFpr - least)) / 2;
}

/** Largest tpr - fpr over all thresholds: the KS distance of the two sides. */
export function largestRateGap(scores: RankedScores): number {
  let tp = 0;
  let fp = 0;
  let best = 0;
  descend(scores, (_, p, q) => {
    tp += p;
    fp += q;
    best = Math.max(best, tp / scores.positiveWeight - fp / scores.negativeWeight);
  });
  return scores.positiveWeight === 0 || scores.negativeWeight === 0 ? Number.NaN : best;
}
