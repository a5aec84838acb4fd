import type { ClassificationRows } from './classification-rows.ts';
import { type GroupCounts, RATES, type Rate } from './group-counts.ts';
import type { Slicing } from './slices.ts';

/** What 0/0 counts in the figures below: NaN (Fairlearn's habit) by default, or 0 (AIF360's). */
export interface ZeroDivision {
  readonly zeroDivision?: number;
}

const rate = (counts: GroupCounts, name: Rate, zeroDivision = Number.NaN): number => {
  const { k, n } = RATES[name](counts);
  return n === 0 ? zeroDivision : k / n;
};

function together(groups: readonly GroupCounts[]): GroupCounts {
  const sum = { group: 'all', n: 0, tp: 0, fp: 0, fn: 0, tn: 0 };
  for (const { n, tp, fp, fn, tn } of groups) {
    sum.n += n;
    sum.tp += tp;
    sum.fp += fp;
    sum.fn += fn;
    sum.tn += tn;
  }
  return sum;
}

/** Largest distance of a group's rate from the rate of all rows (Fairlearn's `to_overall`). */
export function differenceToOverall(groups: readonly GroupCounts[], name: Rate): number {
  const overall = rate(together(groups), name);
  return Math.max(...groups.map((counts) => Math.abs(rate(counts, name) - overall)));
}

/** Smallest of rate/overall and overall/rate over the groups. */
export function ratioToOverall(groups: readonly GroupCounts[], name: Rate): number {
  const overall = rate(together(groups), name);
  return Math.min(...groups.map((counts) => Math.min(rate(counts, name) / overall, overall / rate(counts, name))));
}

/** Gaps and ratios of one group against another, as AIF360 names them (unprivileged - privileged). */
export function groupAgainst(unprivileged: GroupCounts, privileged: GroupCounts, { zeroDivision = Number.NaN }: ZeroDivision = {}) {
  const gap = (name: Rate): number => rate(unprivileged, name, zeroDivision) - rate(privileged, name, zeroDivision);
  const ratio = (name: Rate): number => {
    const below = rate(privileged, name, zeroDivision);
    return below === 0 ? zeroDivision : rate(unprivileged, name, zeroDivision) / below;
  };
  const [tpr, fpr] = [gap('true_positive_rate'), gap('false_positive_rate')];
  return {
    statisticalParityDifference: gap('selection_rate'),
    disparateImpact: ratio('selection_rate'),
    equalOpportunityDifference: tpr,
    averageOddsDifference: (fpr + tpr) / 2,
    averageOddsError: (Math.abs(fpr) + Math.abs(tpr)) / 2,
    baseRateRatio: ratio('base_rate'),
  };
}

/** A group's rates beside those of the reference group; fair when the ratio lies within τ…1/τ (Aequitas). */
export function disparityTo(
  counts: GroupCounts,
  reference: GroupCounts,
  name: Rate,
  tau = 0.8,
): { readonly ratio: number; readonly fair: boolean } {
  const ratio = rate(counts, name) / rate(reference, name);
  return { ratio, fair: ratio >= tau && ratio <= 1 / tau };
}

/** Each group's share of all predicted positives (Aequitas' ppr): depends on the group's size. */
export function sharesOfSelected(groups: readonly GroupCounts[]): ReadonlyMap<string, number> {
  const { tp, fp } = together(groups);
  return new Map(groups.map((counts) => [counts.group, (counts.tp + counts.fp) / (tp + fp)]));
}

/** Generalised entropy of the benefits b = 1 + ŷ - y with α = 2: half the squared coefficient of variation. With groups: that between groups alone. */
export const generalisedEntropy = (rows: ClassificationRows, groups?: Slicing): number =>
  meanOver(rows, groups, (share) => (share ** 2 - 1) / 2);

/** Theil's index of the benefits: mean of (b/μ)·ln(b/μ). */
export const theilIndex = (rows: ClassificationRows, groups?: Slicing): number =>
  meanOver(rows, groups, (share) => (share === 0 ? 0 : share * Math.log(share)));

function meanOver(rows: ClassificationRows, groups: Slicing | undefined, of: (share: number) => number): number {
  const benefits = benefitsOf(rows);
  const mean = benefits.reduce((sum, b) => sum + b, 0) / rows.n;
  const used = groups === undefined ? benefits : groupMeans(benefits, groups);
  return used.reduce((sum, b) => sum + of(b / mean), 0) / rows.n;
}

function benefitsOf({ truth, predicted, positive }: ClassificationRows): Float64Array {
  return Float64Array.from(truth, (code, i) => 1 + Number(predicted[i] === positive) - Number(code === positive));
}

function groupMeans(values: Float64Array, { groups, codes }: Slicing): Float64Array {
  const sums = new Float64Array(groups.length + 1);
  const counts = new Float64Array(groups.length + 1);
  codes.forEach((code, i) => {
    sums[code + 1]! += values[i]!;
    counts[code + 1]!++;
  });
  return Float64Array.from(codes, (code) => sums[code + 1]! / counts[code + 1]!);
}

/** Smoothed empirical differential fairness: the largest |ln p_g - ln p_h| over outcomes and pairs of groups, p = (k + c/2)/(n + c). */
export function differentialFairness(groups: readonly GroupCounts[], concentration = 1): number {
  let most = 0;
  for (const outcome of [true, false]) {
    const logs = groups.map(({ tp, fp, n }) => Math.log(((outcome ? tp + fp : n - tp - fp) + concentration / 2) / (n + concentration)));
    most = Math.max(most, Math.max(...logs) - Math.min(...logs));
  }
  return most;
}
