import { type Numbers, requirePresent } from '../numbers.ts';
import { midranks, sortNumbers, tieTerm } from '../sort.ts';
import { normalSf } from '../special/normal.ts';
import { studentP } from './samples.ts';
import type { Alternative, Tested, TestResult } from './tested.ts';

/** Both samples behind each other, with midranks. */
function pool(a: Numbers, b: Numbers): { values: Float64Array; ranks: Float64Array } {
  requirePresent(a, 'first sample');
  requirePresent(b, 'second sample');
  const values = new Float64Array(a.length + b.length);
  values.set(a);
  values.set(b, a.length);
  return { values, ranks: midranks(values) };
}

function rankSum(ranks: Float64Array, from: number, to: number): number {
  let total = 0;
  for (let i = from; i < to; i++) total += ranks[i]!;
  return total;
}

export interface MannWhitneyResult extends TestResult {
  readonly method: 'exact' | 'asymptotic';
}

/** Cells of the exact count table beyond which an exact p is refused. */
const EXACT_CELLS_MAX = 20_000_000;

/**
 * Mann and Whitney's U of the first sample. `auto`: exact when a side has at most 8 values and nothing is tied, else the normal with tie term
 * and continuity correction ½.
 */
export function mannWhitney(
  a: Numbers,
  b: Numbers,
  { alternative = 'two-sided' as Alternative, method = 'auto' as 'auto' | 'exact' | 'asymptotic' } = {},
): Tested<MannWhitneyResult> {
  const [n, m] = [a.length, b.length];
  if (n === 0 || m === 0) return { notComputable: 'empty', n: n + m };
  const { values, ranks } = pool(a, b);
  const u = rankSum(ranks, 0, n) - (n * (n + 1)) / 2;
  const ties = tieTerm(sortNumbers(values));
  const [high, factor] = { 'two-sided': [Math.max(u, n * m - u), 2], greater: [u, 1], less: [n * m - u, 1] }[alternative] as [
    number,
    number,
  ];
  if (method === 'exact' || (method === 'auto' && Math.min(n, m) <= 8 && ties === 0)) {
    return { statistic: u, p: Math.min(1, factor * exactUpperTail(Math.ceil(high), n, m)), method: 'exact' };
  }
  const total = n + m;
  const deviation = Math.sqrt(((n * m) / 12) * (total + 1 - ties / (total * (total - 1))));
  if (deviation === 0) return { notComputable: 'constant', n: total };
  const z = (high - (n * m) / 2 - 0.5) / deviation;
  return { statistic: u, p: Math.min(1, factor * normalSf(z)), method: 'asymptotic' };
}

/** P(U ≥ u) without ties: coefficients of the Gaussian binomial, in whole numbers. */
function exactUpperTail(u: number, n: number, m: number): number {
  const [small, large] = [Math.min(n, m), Math.max(n, m)];
  const most = n * m;
  // U is symmetric: P(U ≥ u) = P(U ≤ nm - u). Only the shorter tail is counted.
  const upTo = most - u;
  if (upTo < 0) return 0;
  const flipped = upTo > most / 2;
  const last = flipped ? most - upTo - 1 : upTo;
  if (last < 0) return 1;
  if (small * (last + 1) > EXACT_CELLS_MAX)
    throw new RangeError(`an exact p for ${n} and ${m} values is too long; ask for the asymptotic one`);
  const counts = new Array<bigint>(last + 1).fill(0n);
  counts[0] = 1n;
  for (let i = 1; i <= small; i++) {
    for (let k = last; k >= large + i; k--) counts[k]! -= counts[k - large - i]!;
    for (let k = i; k <= last; k++) counts[k]! += counts[k - i]!;
  }
  const tail = Number(counts.reduce((total, count) => total + count, 0n)) / Number(choose(n + m, small));
  return flipped ? 1 - tail : tail;
}

function choose(n: number, k: number): bigint {
  let product = 1n;
  for (let i = 1; i <= k; i++) product = (product * BigInt(n - k + i)) / BigInt(i);
  return product;
}

/** Brunner and Munzel's test of stochastic equality, t approximation. Samples that do not overlap have no variance: `constant`. */
export function brunnerMunzel(a: Numbers, b: Numbers, alternative: Alternative = 'two-sided'): Tested {
  const [n, m] = [a.length, b.length];
  if (n === 0 || m === 0) return { notComputable: 'empty', n: n + m };
  if (n < 2 || m < 2) return { notComputable: 'too-few', n: n + m };
  const { ranks } = pool(a, b);
  const meanA = rankSum(ranks, 0, n) / n;
  const meanB = rankSum(ranks, n, n + m) / m;
  const spread = (own: Float64Array, offset: number, centre: number): number => {
    let total = 0;
    for (let i = 0; i < own.length; i++) total += (ranks[offset + i]! - own[i]! - centre + (own.length + 1) / 2) ** 2;
    return total / (own.length - 1);
  };
  const sa = n * spread(midranks(a), 0, meanA);
  const sb = m * spread(midranks(b), n, meanB);
  if (sa + sb === 0) return { notComputable: 'constant', n: n + m };
  const statistic = (n * m * (meanB - meanA)) / ((n + m) * Math.sqrt(sa + sb));
  const df = (sa + sb) ** 2 / (sa ** 2 / (n - 1) + sb ** 2 / (m - 1));
  return { statistic, p: studentP(-statistic, df, alternative), df };
}
