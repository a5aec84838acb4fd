import type { Estimate, Interval } from '../estimate.ts';
import { betaQuantile } from '../special/distributions.ts';
import { normalQuantile } from '../special/normal.ts';

/** z with P(abs(Z) ≤ z) = level. */
export function zOf(level: number): number {
  if (!(level > 0 && level < 1)) throw new RangeError(`a confidence level lies between 0 and 1, not at ${level}`);
  return normalQuantile((1 + level) / 2);
}

function requireShare(k: number, n: number): void {
  if (!(n > 0 && k >= 0 && k <= n && Number.isFinite(n)))
    throw new RangeError(`a share is k of n with 0 ≤ k ≤ n and n > 0, not ${k} of ${n}`);
}

/** Wilson's score interval for k of n: (p + z²/2n ± z√(p(1-p)/n + z²/4n²))/(1 + z²/n); exactly 0 or 1 at the ends. The default for shares. */
export function wilson(k: number, n: number, level = 0.95): Interval {
  requireShare(k, n);
  const z = zOf(level);
  const p = k / n;
  const centre = p + (z * z) / (2 * n);
  const half = z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  const scale = 1 + (z * z) / n;
  return { low: k === 0 ? 0 : (centre - half) / scale, high: k === n ? 1 : (centre + half) / scale, level, method: 'wilson' };
}

/** Wilson's interval with continuity correction (Newcombe 1998, method 4). */
export function wilsonCorrected(k: number, n: number, level = 0.95): Interval {
  requireShare(k, n);
  const z = zOf(level);
  const p = k / n;
  const end = (sign: 1 | -1): number => {
    const inner = z * z + sign * 2 - 1 / n + 4 * p * (n * (1 - p) - sign);
    return (2 * n * p + z * z + sign * (1 + z * Math.sqrt(Math.max(0, inner)))) / (2 * (n + z * z));
  };
  return { low: k === 0 ? 0 : Math.max(0, end(-1)), high: k === n ? 1 : Math.min(1, end(1)), level, method: 'wilson-corrected' };
}

/** Clopper and Pearson's exact interval, from the beta quantiles. */
export function clopperPearson(k: number, n: number, level = 0.95): Interval {
  requireShare(k, n);
  const tail = (1 - level) / 2;
  return {
    low: k === 0 ? 0 : betaQuantile(tail, k, n - k + 1),
    high: k === n ? 1 : betaQuantile(1 - tail, k + 1, n - k),
    level,
    method: 'clopper-pearson',
  };
}

/** Equal-tailed interval of the Beta(k + ½, n - k + ½) posterior. */
export function jeffreys(k: number, n: number, level = 0.95): Interval {
  requireShare(k, n);
  const tail = (1 - level) / 2;
  return { low: betaQuantile(tail, k + 0.5, n - k + 0.5), high: betaQuantile(1 - tail, k + 0.5, n - k + 0.5), level, method: 'jeffreys' };
}

/** Wald's interval about (k + z²/2)/(n + z²), clipped to 0…1. */
export function agrestiCoull(k: number, n: number, level = 0.95): Interval {
  requireShare(k, n);
  const z = zOf(level);
  return { ...waldShare((k + (z * z) / 2) / (n + z * z), n + z * z, z), level, method: 'agresti-coull' };
}

/** p ± z√(p(1-p)/n), clipped to 0…1. Too narrow near the ends and at small n: for comparison only. */
export function wald(k: number, n: number, level = 0.95): Interval {
  requireShare(k, n);
  return { ...waldShare(k / n, n, zOf(level)), level, method: 'wald' };
}

function waldShare(p: number, n: number, z: number): { low: number; high: number } {
  const half = z * Math.sqrt((p * (1 - p)) / n);
  return { low: Math.max(0, p - half), high: Math.min(1, p + half) };
}

const SHARE_INTERVALS = {
  wilson,
  'wilson-corrected': wilsonCorrected,
  'clopper-pearson': clopperPearson,
  jeffreys,
  'agresti-coull': agrestiCoull,
  wald,
} as const;
export type ShareMethod = keyof typeof SHARE_INTERVALS;

/** k of n as an estimate with its interval (Wilson unless asked otherwise); `empty` when n is 0. */
export function shareEstimate(k: number, n: number, { level = 0.95, method = 'wilson' as ShareMethod } = {}): Estimate {
  if (n === 0) return { notComputable: 'empty', n: 0 };
  return { value: k / n, n, interval: SHARE_INTERVALS[method](k, n, level) };
}
