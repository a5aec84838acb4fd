import type { Interval } from '../estimate.ts';
import { centredSquares, mean, type Numbers, requireFinite, variance } from '../numbers.ts';
import { median } from '../quantiles.ts';
import { fisherFSf, studentQuantile, studentSf } from '../special/distributions.ts';
import type { Alternative, Tested, TestResult } from './tested.ts';

export interface TResult extends TestResult {
  readonly df: number;
  /** Of the difference of means, first less second. */
  readonly interval: Interval;
}

/** p of a t statistic. */
export function studentP(t: number, df: number, alternative: Alternative = 'two-sided'): number {
  if (alternative === 'two-sided') return 2 * studentSf(Math.abs(t), df);
  return studentSf(alternative === 'greater' ? t : -t, df);
}

/**
 * t test of two independent means: Student's with pooled variance, or Welch's (`equalVariances: false`) with Satterthwaite's degrees of
 * freedom. Fewer than two values on a side: `too-few`; no spread at all: `constant`.
 */
export function tTest(
  a: Numbers,
  b: Numbers,
  { equalVariances = true, alternative = 'two-sided' as Alternative, level = 0.95 } = {},
): Tested<TResult> {
  requireFinite(a, 'first sample');
  requireFinite(b, 'second sample');
  const [n, m] = [a.length, b.length];
  if (n === 0 || m === 0) return { notComputable: 'empty', n: n + m };
  if (equalVariances ? n + m < 3 : n < 2 || m < 2) return { notComputable: 'too-few', n: n + m };
  const [va, vb] = [n > 1 ? variance(a) : 0, m > 1 ? variance(b) : 0];
  const pooled = ((n - 1) * va + (m - 1) * vb) / (n + m - 2);
  const standardError = equalVariances ? Math.sqrt(pooled * (1 / n + 1 / m)) : Math.sqrt(va / n + vb / m);
  if (standardError === 0) return { notComputable: 'constant', n: n + m };
  const share = va / n / (va / n + vb / m);
  const df = equalVariances ? n + m - 2 : 1 / (share ** 2 / (n - 1) + (1 - share) ** 2 / (m - 1));
  const difference = mean(a) - mean(b);
  const half = studentQuantile((1 + level) / 2, df) * standardError;
  const statistic = difference / standardError;
  return {
    statistic,
    p: studentP(statistic, df, alternative),
    df,
    method: equalVariances ? 'student' : 'welch',
    interval: { low: difference - half, high: difference + half, level, method: 't' },
  };
}

/** Cohen's d: difference of means over the pooled deviation. NaN without spread or with fewer than three values. */
export function cohenD(a: Numbers, b: Numbers): number {
  requireFinite(a, 'first sample');
  requireFinite(b, 'second sample');
  const squares = centredSquares(a, mean(a)) + centredSquares(b, mean(b));
  const deviation = Math.sqrt(squares / (a.length + b.length - 2));
  return deviation > 0 ? (mean(a) - mean(b)) / deviation : Number.NaN;
}

/** Levene's test of equal spread about the median (Brown, Forsythe), any number of samples: F on absolute deviations. */
export function leveneTest(...samples: readonly Numbers[]): Tested {
  samples.forEach((sample, i) => {
    requireFinite(sample, `sample ${i + 1}`);
  });
  const n = samples.reduce((total, sample) => total + sample.length, 0);
  const k = samples.length;
  if (k < 2) throw new RangeError("Levene's test compares at least two samples");
  if (samples.some((sample) => sample.length === 0)) return { notComputable: 'empty', n };
  if (n <= k) return { notComputable: 'too-few', n };
  const spreads = samples.map((sample) => {
    const centre = median(sample);
    return Float64Array.from(sample, (x) => Math.abs(x - centre));
  });
  const means = spreads.map((spread) => mean(spread));
  const grand = means.reduce((total, centre, i) => total + centre * samples[i]!.length, 0) / n;
  const between = means.reduce((total, centre, i) => total + samples[i]!.length * (centre - grand) ** 2, 0);
  const within = spreads.reduce((total, spread, i) => total + centredSquares(spread, means[i]!), 0);
  if (within === 0) return { notComputable: 'constant', n };
  const statistic = ((n - k) * between) / ((k - 1) * within);
  return { statistic, p: fisherFSf(statistic, k - 1, n - k), df: k - 1 };
}
