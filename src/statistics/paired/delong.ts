import { BadInput } from '../../tables/bad-input.ts';
import type { Interval, NotComputable } from '../estimate.ts';
import { normalInterval } from '../intervals/delta.ts';
import { mean, type Numbers, requirePresent, requireSameLength } from '../numbers.ts';
import { midranks } from '../sort.ts';
import { normalTwoSided } from '../special/normal.ts';

/** What a class of one score column contributes: AUC and the placements of DeLong, DeLong and Clarke-Pearson (1988). */
interface Placements {
  readonly auc: number;
  readonly ofPositives: Float64Array;
  readonly ofNegatives: Float64Array;
}

export interface AucEstimate {
  readonly auc: number;
  readonly standardError: number;
  readonly interval: Interval;
  readonly n: number;
}

export interface AucComparison {
  readonly first: number;
  readonly second: number;
  /** first - second */
  readonly difference: number;
  readonly standardError: number;
  readonly z: number;
  readonly p: number;
  readonly interval: Interval;
  readonly n: number;
}

type Refused = { readonly notComputable: NotComputable; readonly n: number };

/** Row numbers of the positives and the negatives; labels are 0 or 1. */
function splitByClass(labels: ArrayLike<number>): { positives: Uint32Array; negatives: Uint32Array } {
  const positives: number[] = [];
  const negatives: number[] = [];
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] === 1) positives.push(i);
    else if (labels[i] === 0) negatives.push(i);
    else throw new BadInput('unknown-label', `labels: expected 0 or 1, found ${labels[i]}.`, { row: i + 1 });
  }
  return { positives: Uint32Array.from(positives), negatives: Uint32Array.from(negatives) };
}

/** Sun and Xu (2014): placements from midranks, O(n log n). */
function placements(scores: Numbers, positives: Uint32Array, negatives: Uint32Array): Placements {
  const all = midranks(scores);
  const part = (rows: Uint32Array, others: number, turn: boolean): Float64Array => {
    const within = midranks(Float64Array.from(rows, (row) => scores[row]!));
    return Float64Array.from(rows, (row, i) => {
      const share = (all[row]! - within[i]!) / others;
      return turn ? 1 - share : share;
    });
  };
  const ofPositives = part(positives, negatives.length, false);
  return { auc: mean(ofPositives), ofPositives, ofNegatives: part(negatives, positives.length, true) };
}

/** Covariance, ddof 1, of centred placements. */
function covariance(a: Float64Array, b: Float64Array): number {
  const [centreA, centreB] = [mean(a), mean(b)];
  let total = 0;
  for (let i = 0; i < a.length; i++) total += (a[i]! - centreA) * (b[i]! - centreB);
  return total / (a.length - 1);
}

const sharedVariance = (a: Placements, b: Placements): number =>
  covariance(a.ofPositives, b.ofPositives) / a.ofPositives.length + covariance(a.ofNegatives, b.ofNegatives) / a.ofNegatives.length;

function refusal(positives: Uint32Array, negatives: Uint32Array): Refused | undefined {
  const n = positives.length + negatives.length;
  if (n === 0) return { notComputable: 'empty', n };
  const least = Math.min(positives.length, negatives.length);
  return least >= 2 ? undefined : { notComputable: least === 0 ? 'one-class' : 'too-few', n };
}

/** AUC with DeLong's variance and interval, clipped to 0…1. A class without rows: `one-class`; with one row: `too-few`. */
export function delongAuc(labels: ArrayLike<number>, scores: Numbers, level = 0.95): AucEstimate | Refused {
  requireSameLength(labels, scores, 'AUC');
  requirePresent(scores, 'scores');
  const { positives, negatives } = splitByClass(labels);
  const refused = refusal(positives, negatives);
  if (refused) return refused;
  const placed = placements(scores, positives, negatives);
  const standardError = Math.sqrt(Math.max(0, sharedVariance(placed, placed)));
  const interval = normalInterval(placed.auc, standardError, { level, method: 'delong', least: 0, most: 1 });
  return { auc: placed.auc, standardError, interval, n: labels.length };
}

/** DeLong's test for two score columns on the same rows: z = (A₁ - A₂)/√(S₁₁ + S₂₂ - 2S₁₂). Variance 0 and difference 0: p = 1. */
export function delongTest(labels: ArrayLike<number>, first: Numbers, second: Numbers, level = 0.95): AucComparison | Refused {
  requireSameLength(labels, first, 'DeLong');
  requireSameLength(labels, second, 'DeLong');
  requirePresent(first, 'first scores');
  requirePresent(second, 'second scores');
  const { positives, negatives } = splitByClass(labels);
  const refused = refusal(positives, negatives);
  if (refused) return refused;
  const one = placements(first, positives, negatives);
  const two = placements(second, positives, negatives);
  const difference = one.auc - two.auc;
  const variance = Math.max(0, sharedVariance(one, one) + sharedVariance(two, two) - 2 * sharedVariance(one, two));
  const standardError = Math.sqrt(variance);
  const z = difference === 0 ? 0 : difference / standardError;
  return {
    first: one.auc,
    second: two.auc,
    difference,
    standardError,
    z,
    p: normalTwoSided(z),
    interval: normalInterval(difference, standardError, { level, method: 'delong', least: -1, most: 1 }),
    n: labels.length,
  };
}
