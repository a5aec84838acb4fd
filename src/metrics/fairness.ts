import type { Estimate, Interval } from '../statistics/estimate.ts';
import { katz, newcombe } from '../statistics/intervals/differences.ts';
import { type GroupCounts, MINIMUMS, type Minimums, RATES, type Rate, type Share } from './group-counts.ts';

export interface FairnessOptions {
  readonly minimums?: Minimums;
  readonly level?: number;
}

/** A measure over groups, with what it rests on. */
export interface FairnessMeasure {
  readonly name: string;
  readonly estimate: Estimate;
  /** Groups with the lowest and the highest rate, where the measure compares two. */
  readonly groups?: { readonly lowest: string; readonly highest: string };
  readonly used: number;
  /** Groups too small to be judged: shown, never passed. */
  readonly leftOut: readonly string[];
  readonly note?: string;
}

interface GroupShare extends Share {
  readonly group: string;
}

/**
 * Largest rate minus smallest over the groups that have enough rows. Interval: Newcombe's for that pair, at a level shared among as many
 * pairs as there are with one reference group (Bonferroni), because the pair is chosen after looking.
 */
export function rateDifference(name: string, groups: readonly GroupCounts[], rate: Rate, options: FairnessOptions = {}): FairnessMeasure {
  const { shares, leftOut } = computable(groups, rate, options.minimums ?? MINIMUMS);
  if (shares.length < 2) return tooFew(name, shares, leftOut);
  const { lowest, highest } = extremes(shares);
  const interval = newcombe(highest.k, highest.n, lowest.k, lowest.n, sharedLevel(options.level, shares.length));
  return {
    name,
    estimate: {
      value: share(highest) - share(lowest),
      n: rowsOf(shares),
      interval: { ...interval, low: Math.max(0, interval.low), level: options.level ?? 0.95 },
    },
    groups: { lowest: lowest.group, highest: highest.group },
    used: shares.length,
    leftOut,
  };
}

/** Smallest rate over largest. All rates 0: 1, with a note. Interval: Katz's, at a shared level as for the difference. */
export function rateRatio(name: string, groups: readonly GroupCounts[], rate: Rate, options: FairnessOptions = {}): FairnessMeasure {
  const { shares, leftOut } = computable(groups, rate, options.minimums ?? MINIMUMS);
  if (shares.length < 2) return tooFew(name, shares, leftOut);
  const { lowest, highest } = extremes(shares);
  const common = { name, groups: { lowest: lowest.group, highest: highest.group }, used: shares.length, leftOut };
  const n = rowsOf(shares);
  if (highest.k === 0) return { ...common, estimate: { value: 1, n }, note: 'The rate is 0 in every group.' };
  const interval = katz(lowest.k, lowest.n, highest.k, highest.n, sharedLevel(options.level, shares.length));
  const value = share(lowest) / share(highest);
  if (interval === undefined) return { ...common, estimate: { value, n }, note: `${lowest.group} has a rate of 0.` };
  const kept: Interval = { ...interval, high: Math.min(1, interval.high), level: options.level ?? 0.95 };
  return { ...common, estimate: { value, n, interval: kept } };
}

/** The worse of the gaps in true and false positive rate; not computable when neither rate has two groups. */
export function equalizedOddsDifference(groups: readonly GroupCounts[], options: FairnessOptions = {}): FairnessMeasure {
  const name = 'equalized_odds_difference';
  return worse(
    name,
    rateDifference(name, groups, 'true_positive_rate', options),
    rateDifference(name, groups, 'false_positive_rate', options),
    1,
  );
}

/** The worse of the ratios in true and false positive rate. */
export function equalizedOddsRatio(groups: readonly GroupCounts[], options: FairnessOptions = {}): FairnessMeasure {
  const name = 'equalized_odds_ratio';
  return worse(name, rateRatio(name, groups, 'true_positive_rate', options), rateRatio(name, groups, 'false_positive_rate', options), -1);
}

/** Both rates must be judged for the measure to stand; the worse one speaks. */
function worse(name: string, a: FairnessMeasure, b: FairnessMeasure, sign: 1 | -1): FairnessMeasure {
  if (!('value' in a.estimate)) return a;
  if (!('value' in b.estimate)) return b;
  const chosen = sign * a.estimate.value >= sign * b.estimate.value ? a : b;
  return { ...chosen, name, leftOut: [...new Set([...a.leftOut, ...b.leftOut])] };
}

/** Measures by name, each a figure a gate can judge. */
export const FAIRNESS_MEASURES: Readonly<Record<string, (groups: readonly GroupCounts[], options?: FairnessOptions) => FairnessMeasure>> = {
  demographic_parity_difference: (groups, options) => rateDifference('demographic_parity_difference', groups, 'selection_rate', options),
  demographic_parity_ratio: (groups, options) => rateRatio('demographic_parity_ratio', groups, 'selection_rate', options),
  disparate_impact: (groups, options) => rateRatio('disparate_impact', groups, 'selection_rate', options),
  equal_opportunity_difference: (groups, options) => rateDifference('equal_opportunity_difference', groups, 'true_positive_rate', options),
  equal_opportunity_ratio: (groups, options) => rateRatio('equal_opportunity_ratio', groups, 'true_positive_rate', options),
  equalized_odds_difference: equalizedOddsDifference,
  equalized_odds_ratio: equalizedOddsRatio,
  false_positive_rate_difference: (groups, options) =>
    rateDifference('false_positive_rate_difference', groups, 'false_positive_rate', options),
  false_negative_rate_difference: (groups, options) =>
    rateDifference('false_negative_rate_difference', groups, 'false_negative_rate', options),
  precision_difference: (groups, options) => rateDifference('precision_difference', groups, 'precision', options),
  accuracy_difference: (groups, options) => rateDifference('accuracy_difference', groups, 'accuracy', options),
};

/** Which way each measure is better, for bare numbers in gates. */
export const fairnessDirection = (name: string): 'higher' | 'lower' =>
  name.endsWith('ratio') || name === 'disparate_impact' ? 'higher' : 'lower';

/** The group all others are compared with: the largest, of equals the first. */
export function referenceGroup(groups: readonly GroupCounts[]): GroupCounts | undefined {
  let found: GroupCounts | undefined;
  for (const group of groups) if (found === undefined || group.n > found.n) found = group;
  return found;
}

/** The four-fifths rule without rounding: k₁/n₁ at least .8 of k₂/n₂. */
export const meetsFourFifths = (a: Share, b: Share): boolean => 5 * a.k * b.n >= 4 * b.k * a.n;

function computable(groups: readonly GroupCounts[], rate: Rate, minimums: Minimums): { shares: GroupShare[]; leftOut: string[] } {
  const shares: GroupShare[] = [];
  const leftOut: string[] = [];
  for (const counts of groups) {
    const { k, n } = RATES[rate](counts);
    if (counts.n < minimums.group || n < minimums.denominator || n === 0) leftOut.push(counts.group);
    else shares.push({ group: counts.group, k, n });
  }
  return { shares, leftOut };
}

function extremes(shares: readonly GroupShare[]): { lowest: GroupShare; highest: GroupShare } {
  let [lowest, highest] = [shares[0]!, shares[0]!];
  for (const one of shares) {
    if (share(one) < share(lowest)) lowest = one;
    if (share(one) > share(highest)) highest = one;
  }
  return { lowest, highest: highest === lowest ? (shares.find((one) => one !== lowest) ?? highest) : highest };
}

const tooFew = (name: string, shares: readonly GroupShare[], leftOut: readonly string[]): FairnessMeasure => ({
  name,
  estimate: { notComputable: 'too-few', n: rowsOf(shares) },
  used: shares.length,
  leftOut,
});

const share = ({ k, n }: Share): number => k / n;
const rowsOf = (shares: readonly Share[]): number => shares.reduce((total, { n }) => total + n, 0);
const sharedLevel = (level = 0.95, groups: number): number => 1 - (1 - level) / Math.max(1, groups - 1);
