import { type Numbers, requireCounts, sum } from './numbers.ts';
import { median, quantiles } from './quantiles.ts';

/** Median absolute deviation from the median, without a factor; NaN when empty. */
export function medianDeviation(values: Numbers): number {
  const centre = median(values);
  return median(Float64Array.from(values, (x) => Math.abs(x - centre)));
}

/** Interquartile range by linear quantiles; NaN when empty. */
export function interquartileRange(values: Numbers): number {
  const [low, high] = quantiles(values, [0.25, 0.75]) as [number, number];
  return high - low;
}

/** Entropy of counts, -Σp ln p, in nats or bits; NaN without any. */
export function entropy(counts: Numbers, base: 'e' | 2 = 'e'): number {
  requireCounts(counts, 'counts');
  const total = sum(counts);
  const nats = sum(Array.from(counts, (count) => (count === 0 ? 0 : -(count / total) * Math.log(count / total))));
  return total === 0 ? Number.NaN : nats / (base === 2 ? Math.LN2 : 1);
}

/** Entropy over the logarithm of the number of non-empty categories, 0…1; 0 for one category. */
export function normalisedEntropy(counts: Numbers): number {
  const categories = Array.from(counts).filter((count) => count > 0).length;
  return categories === 1 ? 0 : entropy(counts) / Math.log(categories);
}

/** Gini impurity 1 - Σp²; NaN without any count. */
export function giniImpurity(counts: Numbers): number {
  requireCounts(counts, 'counts');
  const total = sum(counts);
  return 1 - sum(Array.from(counts, (count) => (count / total) ** 2));
}
