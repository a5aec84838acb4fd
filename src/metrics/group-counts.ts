import type { Estimate } from '../statistics/estimate.ts';
import { wilson } from '../statistics/intervals/shares.ts';
import type { ClassificationRows } from './classification-rows.ts';
import type { BinaryCounts } from './confusion.ts';
import { MISSING_GROUP, type Slicing } from './slices.ts';

/** Least rows of a group, and of the denominator of a rate, to be judged at all (D17). */
export interface Minimums {
  readonly group: number;
  readonly denominator: number;
}
export const MINIMUMS: Minimums = { group: 30, denominator: 10 };

export interface GroupCounts extends BinaryCounts {
  readonly group: string;
  readonly n: number;
}

/** One pass over group × truth × prediction; groups in their declared order, `(missing)` last. Groups without rows are left out. */
export function countGroups({ truth, predicted, positive }: ClassificationRows, { groups, codes }: Slicing): GroupCounts[] {
  if (positive === undefined) throw new RangeError('Group rates need a positive class.');
  if (codes.length !== truth.length) throw new RangeError(`The slices are of ${codes.length} rows, the predictions of ${truth.length}.`);
  // Cell of a row: 4 × (code + 1), + 2 when truly positive, + 1 when predicted so.
  const cells = new Float64Array((groups.length + 1) * 4);
  if (positive === 1) for (let i = 0; i < truth.length; i++) cells[(codes[i]! + 1) * 4 + truth[i]! * 2 + predicted[i]!]!++;
  else for (let i = 0; i < truth.length; i++) cells[(codes[i]! + 1) * 4 + (1 - truth[i]!) * 2 + 1 - predicted[i]!]!++;
  const out: GroupCounts[] = [];
  for (const at of [...groups.keys().map((code) => code + 1), 0]) {
    const [tn, fp, fn, tp] = cells.subarray(at * 4, at * 4 + 4) as unknown as [number, number, number, number];
    const n = tn + fp + fn + tp;
    if (n > 0) out.push({ group: at === 0 ? MISSING_GROUP : groups[at - 1]!, n, tn, fp, fn, tp });
  }
  return out;
}

/** Counts of the same groups from two parts of the rows, added up. */
export function mergeGroups(a: readonly GroupCounts[], b: readonly GroupCounts[]): GroupCounts[] {
  const merged = new Map(a.map((counts) => [counts.group, counts]));
  for (const counts of b) {
    const known = merged.get(counts.group);
    merged.set(counts.group, known === undefined ? counts : plus(known, counts));
  }
  return [...merged.values()];
}

const plus = (a: GroupCounts, b: GroupCounts): GroupCounts => ({
  group: a.group,
  n: a.n + b.n,
  tp: a.tp + b.tp,
  fp: a.fp + b.fp,
  fn: a.fn + b.fn,
  tn: a.tn + b.tn,
});

/** k of n. */
export interface Share {
  readonly k: number;
  readonly n: number;
}

/** Rates of one group as counts of counts. */
export const RATES = {
  selection_rate: ({ tp, fp, n }) => ({ k: tp + fp, n }),
  true_positive_rate: ({ tp, fn }) => ({ k: tp, n: tp + fn }),
  false_positive_rate: ({ fp, tn }) => ({ k: fp, n: fp + tn }),
  false_negative_rate: ({ tp, fn }) => ({ k: fn, n: tp + fn }),
  true_negative_rate: ({ fp, tn }) => ({ k: tn, n: fp + tn }),
  precision: ({ tp, fp }) => ({ k: tp, n: tp + fp }),
  false_discovery_rate: ({ tp, fp }) => ({ k: fp, n: tp + fp }),
  false_omission_rate: ({ fn, tn }) => ({ k: fn, n: fn + tn }),
  negative_predictive_value: ({ fn, tn }) => ({ k: tn, n: fn + tn }),
  accuracy: ({ tp, tn, n }) => ({ k: tp + tn, n }),
  base_rate: ({ tp, fn, n }) => ({ k: tp + fn, n }),
} as const satisfies Record<string, (counts: GroupCounts) => Share>;
export type Rate = keyof typeof RATES;

/** A group's rate with Wilson's interval; `too-few` below the least rows of the group or of the denominator. */
export function rateOf(counts: GroupCounts, rate: Rate, minimums: Minimums = MINIMUMS, level = 0.95): Estimate {
  const { k, n } = RATES[rate](counts);
  if (counts.n < minimums.group || n < minimums.denominator) return { notComputable: 'too-few', n };
  if (n === 0) return { notComputable: 'zero-denominator', n };
  return { value: k / n, n, interval: wilson(k, n, level) };
}
