import { Moments as Running } from '../../statistics/moments.ts';
import type { Moments } from '../profile-types.ts';

const running = (moments: Moments): Running => Running.from({ ...moments, rest: 0 });
const unlessNaN = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value);

/** Variance of a profiled column with divisor n - ddof; undefined with too few values. */
export const varianceOf = (moments: Moments, ddof: 0 | 1 = 1): number | undefined => unlessNaN(running(moments).variance(ddof));

/** Population skewness of a profiled column; undefined when it is constant or empty. */
export const skewnessOf = (moments: Moments): number | undefined => unlessNaN(running(moments).skewness());

/** Population excess kurtosis of a profiled column; undefined when it is constant or empty. */
export const kurtosisOf = (moments: Moments): number | undefined => unlessNaN(running(moments).kurtosis());

/** Moments of two profiled parts together. */
export function mergeMoments(a: Moments, b: Moments): Moments {
  const merged = running(a);
  merged.merge({ ...b, rest: 0 });
  const { n, mean, rest, m2, m3, m4 } = merged;
  return { n, mean: mean + rest, m2, m3, m4 };
}
