import { type Numbers, requirePresent } from '../numbers.ts';
import { sortNumbers } from '../sort.ts';
import { kolmogorovSmirnovSf } from '../special/kolmogorov.ts';
import type { Alternative, Tested, TestResult } from './tested.ts';

/** Above this many rows on a side `auto` takes the asymptotic p, as scipy does. */
const EXACT_ROWS_MAX = 10_000;

export interface KsResult extends TestResult {
  readonly method: 'exact' | 'asymptotic';
}

export type KsMethod = 'auto' | 'exact' | 'asymptotic';

/**
 * Two-sample Kolmogorov-Smirnov test; D = max abs(F - G) over pooled values with right-continuous distribution functions, so ties are exact.
 * `greater`: max(F - G), `less`: max(G - F), F the first sample. ±∞ are values. An empty side: `empty`.
 */
export function ksTest(a: Numbers, b: Numbers, options: { alternative?: Alternative; method?: KsMethod } = {}): Tested<KsResult> {
  requirePresent(a, 'first sample');
  requirePresent(b, 'second sample');
  return ksTestSorted(sortNumbers(a), sortNumbers(b), options);
}

/** The same for samples that are sorted already. */
export function ksTestSorted(
  a: Numbers,
  b: Numbers,
  { alternative = 'two-sided', method = 'auto' }: { alternative?: Alternative; method?: KsMethod } = {},
): Tested<KsResult> {
  const [n, m] = [a.length, b.length];
  if (n === 0 || m === 0) return { notComputable: 'empty', n: n + m };
  const gap = ksGap(a, b, alternative);
  return { statistic: gap / (n * m), ...ksP(gap, n, m, { alternative, method }) };
}

/** D·n·m as a whole number: the largest abs(i·m - j·n) over the pooled values of two sorted samples. */
export function ksGap(a: Numbers, b: Numbers, alternative: Alternative = 'two-sided'): number {
  const [n, m] = [a.length, b.length];
  let most = 0;
  let least = 0;
  let i = 0;
  let j = 0;
  while (i < n && j < m) {
    const x = Math.min(a[i]!, b[j]!);
    while (i < n && a[i]! <= x) i++;
    while (j < m && b[j]! <= x) j++;
    const gap = i * m - j * n;
    if (gap > most) most = gap;
    if (gap < least) least = gap;
  }
  if (alternative === 'greater') return most;
  return alternative === 'less' ? -least : Math.max(most, -least);
}

/** p of D = gap/(n·m) for sample sizes n and m; `gap` is a whole number as `ksGap` gives it. */
export function ksP(
  gap: number,
  n: number,
  m: number,
  { alternative = 'two-sided', method = 'auto' }: { alternative?: Alternative; method?: KsMethod } = {},
): { readonly p: number; readonly method: 'exact' | 'asymptotic' } {
  const exact = method === 'exact' || (method === 'auto' && Math.max(n, m) <= EXACT_ROWS_MAX);
  if (exact) return { p: gap <= 0 ? 1 : exactP(gap, n, m, alternative), method: 'exact' };
  const d = gap / (n * m);
  const p = alternative === 'two-sided' ? kolmogorovSmirnovSf(d, roundHalfEven((n * m) / (n + m))) : hodges(d, n, m);
  return { p, method: 'asymptotic' };
}

/** Hodges' (1958) one-sided tail with its correction; symmetric in which sample is the larger. */
function hodges(d: number, n: number, m: number): number {
  const [large, small] = [Math.max(n, m), Math.min(n, m)];
  const z = Math.sqrt((n * m) / (n + m)) * d;
  return Math.min(1, Math.exp(-2 * z * z - (2 * z * (large + 2 * small)) / (3 * Math.sqrt(n * m * (n + m)))));
}

function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * Probability that a random path of i steps and j steps reaches the band abs(i·m - j·n) ≥ gap: u(i, j) = 1 outside, else a mean of its two
 * predecessors. Only sums of positive terms, so the smallest p keeps its digits. O(nm) time, O(m) memory.
 */
function exactP(gap: number, n: number, m: number, alternative: Alternative): number {
  const up = alternative === 'less' ? Number.POSITIVE_INFINITY : gap;
  const down = alternative === 'greater' ? Number.POSITIVE_INFINITY : gap;
  const u = new Float64Array(m + 1);
  for (let i = 0; i <= n; i++) {
    const steps = i * m;
    for (let j = 0; j <= m; j++) {
      const at = steps - j * n;
      if (at >= up || -at >= down) u[j] = 1;
      else if (i === 0) u[j] = j === 0 ? 0 : u[j - 1]!;
      else if (j > 0) u[j] = (u[j]! * i + u[j - 1]! * j) / (i + j);
    }
  }
  return u[m]!;
}
