import type { Numbers } from './numbers.ts';
import { sortNumbers } from './sort.ts';

/** The nine definitions of Hyndman and Fan (1996) and `averaged_inverted_cdf`, under numpy's names. */
export type QuantileMethod =
  | 'linear'
  | 'hazen'
  | 'weibull'
  | 'median_unbiased'
  | 'normal_unbiased'
  | 'interpolated_inverted_cdf'
  | 'inverted_cdf'
  | 'averaged_inverted_cdf'
  | 'closest_observation';

/** Virtual 0-based index of the continuous methods. */
const VIRTUAL_INDEX: Partial<Record<QuantileMethod, (n: number, q: number) => number>> = {
  linear: (n, q) => (n - 1) * q,
  hazen: (n, q) => n * q - 0.5,
  weibull: (n, q) => (n + 1) * q - 1,
  median_unbiased: (n, q) => (n + 1 / 3) * q + 1 / 3 - 1,
  normal_unbiased: (n, q) => (n + 0.25) * q + 0.375 - 1,
  interpolated_inverted_cdf: (n, q) => n * q - 1,
};

/**
 * Quantile of an ascending sample without NaN, 0 ≤ q ≤ 1; NaN when the sample is empty. Interpolates between neighbours at a virtual index
 * clipped to the sample; the three discontinuous methods take elements (`closest_observation`: the even one of two equally near).
 */
export function quantileSorted(sorted: Numbers, q: number, method: QuantileMethod = 'linear'): number {
  if (!(q >= 0 && q <= 1)) throw new RangeError(`a quantile lies between 0 and 1, not at ${q}`);
  const n = sorted.length;
  if (n === 0) return Number.NaN;
  const at = (i: number): number => sorted[Math.min(n - 1, Math.max(0, i))]!;
  const virtual = VIRTUAL_INDEX[method];
  if (virtual) return interpolate(sorted, Math.min(n - 1, Math.max(0, virtual(n, q))));
  const rank = n * q;
  if (method === 'inverted_cdf') return at(Math.ceil(rank) - 1);
  if (method === 'averaged_inverted_cdf') {
    if (!Number.isInteger(rank)) return at(Math.ceil(rank) - 1);
    return mix(at(rank - 1), at(rank), 0.5);
  }
  const index = rank - 1.5;
  const whole = Math.floor(index);
  return at(index === whole && Math.abs(whole % 2) === 1 ? whole : whole + 1);
}

/** Value at a fractional 0-based index of a sorted sample. */
function interpolate(sorted: Numbers, index: number): number {
  const whole = Math.floor(index);
  const share = index - whole;
  const low = sorted[whole]!;
  return share === 0 ? low : mix(low, sorted[whole + 1]!, share);
}

/** low + share·(high - low), from the nearer end, as numpy rounds it. */
function mix(low: number, high: number, share: number): number {
  if (low === high) return low;
  const gap = high - low;
  if (gap === Number.POSITIVE_INFINITY && Number.isFinite(low) && Number.isFinite(high)) return low * (1 - share) + high * share;
  return share < 0.5 ? low + gap * share : high - gap * (1 - share);
}

/** Quantiles of an unsorted sample without NaN. */
export function quantiles(values: Numbers, qs: readonly number[], method: QuantileMethod = 'linear'): number[] {
  const sorted = sortNumbers(values);
  return qs.map((q) => quantileSorted(sorted, q, method));
}

/** Median of an unsorted sample without NaN; NaN when empty. */
export const median = (values: Numbers): number => quantileSorted(sortNumbers(values), 0.5);
