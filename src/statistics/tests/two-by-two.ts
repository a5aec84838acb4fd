import { requireCounts } from '../numbers.ts';
import { binomialCdf, binomialPmf, binomialSf, hypergeometricCdf, hypergeometricPmf, hypergeometricSf } from '../special/discrete.ts';
import { normalTwoSided } from '../special/normal.ts';
import type { Alternative, Tested, TestResult } from './tested.ts';

export type TwoByTwo = readonly [readonly [number, number], readonly [number, number]];

/** Probabilities of two tables count as equal within this: rounding must not drop the mirror image of the table seen. */
const TIE = 1e-11;

export interface FisherResult extends TestResult {
  /** ad/bc; ∞ when only bc is 0, NaN when both products are. */
  readonly oddsRatio: number;
}

/** Fisher's exact test. Two-sided: the sum of all tables no likelier than the one seen. `greater`: odds above 1. An empty margin: p = 1. */
export function fisherExact([[a, b], [c, d]]: TwoByTwo, alternative: Alternative = 'two-sided'): FisherResult {
  requireCounts([a, b, c, d], '2×2 table');
  const oddsRatio = (a * d) / (b * c);
  const [n, row, column] = [a + b + c + d, a + b, a + c];
  if (row === 0 || column === 0 || row === n || column === n)
    return { statistic: Number.NaN, oddsRatio: Number.NaN, p: 1, method: 'exact' };
  let p: number;
  if (alternative === 'less') p = hypergeometricCdf(a, n, row, column);
  else if (alternative === 'greater') p = hypergeometricSf(a - 1, n, row, column);
  else p = noLikelier(a, n, row, column);
  return { statistic: oddsRatio, oddsRatio, p: Math.min(1, p), method: 'exact' };
}

/** Sum of the hypergeometric masses that do not exceed the one at `a`: the tail seen and what matches it on the other side of the mode. */
function noLikelier(a: number, n: number, row: number, column: number): number {
  const seen = hypergeometricPmf(a, n, row, column) * (1 + TIE);
  const mode = Math.floor(((row + 1) * (column + 1)) / (n + 2));
  const least = Math.max(0, row + column - n);
  const most = Math.min(row, column);
  const small = (k: number): boolean => hypergeometricPmf(k, n, row, column) <= seen;
  if (a <= mode) {
    const from = firstWhere(Math.max(mode, a + 1), most + 1, small);
    return hypergeometricCdf(a, n, row, column) + (from > most ? 0 : hypergeometricSf(from - 1, n, row, column));
  }
  const to = lastWhere(least - 1, Math.min(mode, a - 1), small);
  return hypergeometricSf(a - 1, n, row, column) + (to < least ? 0 : hypergeometricCdf(to, n, row, column));
}

/** Smallest k in [from, end) with `holds(k)`, `end` when none; `holds` stays true once it is. */
function firstWhere(from: number, end: number, holds: (k: number) => boolean): number {
  let [low, high] = [from, end];
  while (low < high) {
    const k = Math.floor((low + high) / 2);
    if (holds(k)) high = k;
    else low = k + 1;
  }
  return low;
}

/** Largest k in (before, to] with `holds(k)`, `before` when none; `holds` stays true below. */
function lastWhere(before: number, to: number, holds: (k: number) => boolean): number {
  let [low, high] = [before, to];
  while (low < high) {
    const k = Math.ceil((low + high) / 2);
    if (holds(k)) low = k;
    else high = k - 1;
  }
  return low;
}

/** Exact binomial test of k of n against p₀. Two-sided: Σ pmf(i) over pmf(i) ≤ pmf(k)(1 + 1e-7). */
export function binomialTest(k: number, n: number, p0 = 0.5, alternative: Alternative = 'two-sided'): TestResult {
  if (!(Number.isInteger(k) && Number.isInteger(n) && k >= 0 && k <= n && p0 >= 0 && p0 <= 1))
    throw new RangeError(`not a binomial count: ${k} of ${n} at ${p0}`);
  const statistic = n === 0 ? Number.NaN : k / n;
  if (n === 0) return { statistic, p: 1, method: 'exact' };
  if (alternative === 'less') return { statistic, p: binomialCdf(k, n, p0), method: 'exact' };
  if (alternative === 'greater') return { statistic, p: binomialSf(k - 1, n, p0), method: 'exact' };
  const seen = binomialPmf(k, n, p0) * (1 + 1e-7);
  const small = (i: number): boolean => binomialPmf(i, n, p0) <= seen;
  const mode = n * p0;
  if (k === mode) return { statistic, p: 1, method: 'exact' };
  let p: number;
  if (k < mode) {
    const from = firstWhere(Math.ceil(mode), n + 1, small);
    p = binomialCdf(k, n, p0) + (from > n ? 0 : binomialSf(from - 1, n, p0));
  } else {
    const to = lastWhere(-1, Math.floor(mode), small);
    p = binomialSf(k - 1, n, p0) + (to < 0 ? 0 : binomialCdf(to, n, p0));
  }
  return { statistic, p: Math.min(1, p), method: 'exact' };
}

/** Pooled two-proportion z test, p = P(abs(Z) ≥ abs(z)). No rows: `empty`; both shares 0 or both 1: `constant`. */
export function twoProportions(k1: number, n1: number, k2: number, n2: number): Tested {
  if (n1 === 0 || n2 === 0) return { notComputable: 'empty', n: n1 + n2 };
  const pooled = (k1 + k2) / (n1 + n2);
  if (pooled === 0 || pooled === 1) return { notComputable: 'constant', n: n1 + n2 };
  const statistic = (k1 / n1 - k2 / n2) / Math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2));
  return { statistic, p: normalTwoSided(statistic), method: 'pooled-z' };
}

/**
 * Barnard's unconditional test with the pooled z, columns as groups: the supremum over the common share of the chance of a statistic at least
 * as far out. The supremum is searched on a grid and refined; good to about 1e-8. A group without rows: `empty`.
 */
export function barnardExact([[a, b], [c, d]]: TwoByTwo, alternative: Alternative = 'two-sided'): Tested {
  requireCounts([a, b, c, d], '2×2 table');
  const [first, second] = [a + c, b + d];
  const n = first + second;
  if (first === 0 || second === 0) return { notComputable: 'empty', n };
  const z = (i: number, j: number): number => {
    const gap = i / first - j / second;
    const pooled = (i + j) / n;
    return i * second === j * first ? 0 : gap / Math.sqrt(pooled * (1 - pooled) * (1 / first + 1 / second));
  };
  const statistic = z(a, b);
  const extreme = {
    'two-sided': (x: number) => Math.abs(x) - Math.abs(statistic),
    less: (x: number) => statistic - x,
    greater: (x: number) => x - statistic,
  }[alternative];
  const shares = new Float64Array(n + 1);
  for (let i = 0; i <= first; i++) {
    for (let j = 0; j <= second; j++) {
      if (extreme(z(i, j)) >= -1e-12 * Math.max(1, Math.abs(statistic))) shares[i + j]! += hypergeometricPmf(i, n, first, i + j);
    }
  }
  const chance = (share: number): number =>
    shares.reduce((total, part, k) => (part === 0 ? total : total + part * binomialPmf(k, n, share)), 0);
  return { statistic, p: Math.min(1, supremum(chance)), method: 'exact' };
}

/** Largest value of a smooth function on [0, 1]: a grid, then golden sections about its best points. */
function supremum(f: (x: number) => number): number {
  const cells = 512;
  const grid = Array.from({ length: cells + 1 }, (_, i) => f(i / cells));
  let best = Math.max(...grid);
  const near = grid.map((value, i) => ({ value, i })).filter(({ value, i }) => value >= (grid[i - 1] ?? 0) && value >= (grid[i + 1] ?? 0));
  for (const { i } of near.sort((x, y) => y.value - x.value).slice(0, 5)) {
    let [low, high] = [Math.max(0, (i - 1) / cells), Math.min(1, (i + 1) / cells)];
    const golden = (Math.sqrt(5) - 1) / 2;
    for (let step = 0; step < 40; step++) {
      const [left, right] = [high - golden * (high - low), low + golden * (high - low)];
      if (f(left) > f(right)) high = right;
      else low = left;
    }
    best = Math.max(best, f((low + high) / 2));
  }
  return best;
}
