import type { Estimate, Interval } from '../estimate.ts';
import { mean, type Numbers, requireFinite, variance } from '../numbers.ts';
import { studentQuantile } from '../special/distributions.ts';

/** x̄ ± t_{n-1}·s/√n from the mean and the sample deviation s (ddof 1); n ≥ 2. */
export function tInterval(centre: number, deviation: number, n: number, level = 0.95): Interval {
  if (!(n >= 2)) throw new RangeError(`an interval for a mean needs two values, not ${n}`);
  const half = (studentQuantile((1 + level) / 2, n - 1) * deviation) / Math.sqrt(n);
  return { low: centre - half, high: centre + half, level, method: 't' };
}

/** Mean of finite values with its t interval; one value has no interval, none is `empty`. */
export function meanEstimate(values: Numbers, level = 0.95): Estimate {
  requireFinite(values, 'mean');
  const n = values.length;
  if (n === 0) return { notComputable: 'empty', n };
  const value = mean(values);
  return n === 1 ? { value, n } : { value, n, interval: tInterval(value, Math.sqrt(variance(values)), n, level) };
}

/** Root of a mean of squares (RMSE of squared errors): the ends of the mean's interval, lower end clipped at 0, under the root. */
export function rootMeanEstimate(squares: Numbers, level = 0.95): Estimate {
  const estimate = meanEstimate(squares, level);
  if (!('value' in estimate)) return estimate;
  const { value, n, interval } = estimate;
  if (!interval) return { value: Math.sqrt(value), n };
  return {
    value: Math.sqrt(value),
    n,
    interval: { ...interval, low: Math.sqrt(Math.max(0, interval.low)), high: Math.sqrt(interval.high) },
  };
}
