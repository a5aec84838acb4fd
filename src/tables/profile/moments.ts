import type { Moments } from '../profile-types.ts';

export const NO_MOMENTS: Moments = { n: 0, mean: 0, m2: 0, m3: 0, m4: 0 };

/** Moments of `values[0, n)`, all finite: the mean first, then sums about it, so that nothing cancels. */
export function momentsOf(values: Float64Array, n: number): Moments {
  if (n === 0) return NO_MOMENTS;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += values[i];
  let mean = sum / n;
  // Values near the largest double overflow their sum; their mean does not.
  if (!Number.isFinite(mean)) {
    mean = 0;
    for (let i = 0; i < n; i++) mean += values[i] / n;
  }
  let rest = 0;
  let m2 = 0;
  let m3 = 0;
  let m4 = 0;
  for (let i = 0; i < n; i++) {
    const d = values[i] - mean;
    const d2 = d * d;
    rest += d;
    m2 += d2;
    m3 += d2 * d;
    m4 += d2 * d2;
  }
  // What rounding left of Σ(x - mean) corrects the mean and the sums about it.
  const e = rest / n;
  return { n, mean: mean + e, m2: m2 - n * e * e, m3: m3 - 3 * e * m2, m4: m4 - 4 * e * m3 };
}

/** Moments of two sets of values together (Chan et al. 1979; Pébay 2008, eq. 3.1). */
export function mergeMoments(a: Moments, b: Moments): Moments {
  if (a.n === 0) return b;
  if (b.n === 0) return a;
  const n = a.n + b.n;
  const delta = b.mean - a.mean;
  const share = delta / n;
  const ab = a.n * b.n;
  const m2 = a.m2 + b.m2 + delta * share * ab;
  const m3 = a.m3 + b.m3 + delta * share * share * ab * (a.n - b.n) + 3 * share * (a.n * b.m2 - b.n * a.m2);
  const m4 =
    a.m4 +
    b.m4 +
    delta * share ** 3 * ab * (a.n * a.n - ab + b.n * b.n) +
    6 * share * share * (a.n * a.n * b.m2 + b.n * b.n * a.m2) +
    4 * share * (a.n * b.m3 - b.n * a.m3);
  return { n, mean: a.mean + share * b.n, m2, m3, m4 };
}

/** Variance with divisor n - ddof; undefined with too few values. */
export const varianceOf = ({ n, m2 }: Moments, ddof: 0 | 1 = 1): number | undefined => (n > ddof ? m2 / (n - ddof) : undefined);

/** Population skewness m₃/m₂^1.5; undefined when the column is constant or empty. */
export const skewnessOf = ({ n, m2, m3 }: Moments): number | undefined => (m2 > 0 ? (Math.sqrt(n) * m3) / m2 ** 1.5 : undefined);

/** Population excess kurtosis m₄/m₂² - 3; undefined when the column is constant or empty. */
export const kurtosisOf = ({ n, m2, m4 }: Moments): number | undefined => (m2 > 0 ? (n * m4) / (m2 * m2) - 3 : undefined);
