import { mean, type Numbers, requireFinite, requirePresent, requireSameLength } from './numbers.ts';
import { midranks, sortOrder } from './sort.ts';
import { betaI } from './special/beta.ts';
import { normalTwoSided } from './special/normal.ts';
import type { Tested, TestResult } from './tests/tested.ts';

/** Rows where both columns are present (not NaN). */
function presentPairs(x: Numbers, y: Numbers): [Float64Array, Float64Array] {
  requireSameLength(x, y, 'correlation');
  const rows: number[] = [];
  for (let i = 0; i < x.length; i++) if (!Number.isNaN(x[i]!) && !Number.isNaN(y[i]!)) rows.push(i);
  return [Float64Array.from(rows, (i) => x[i]!), Float64Array.from(rows, (i) => y[i]!)];
}

/** Pearson's correlation of the pairs with both present; p from t with n - 2. Fewer than two pairs: `too-few`; a constant side: `constant`. */
export function pearson(x: Numbers, y: Numbers): Tested {
  const [a, b] = presentPairs(x, y);
  requireFinite(a, 'first column');
  requireFinite(b, 'second column');
  return correlate(a, b);
}

/** Spearman's correlation: Pearson's of midranks. */
export function spearman(x: Numbers, y: Numbers): Tested {
  const [a, b] = presentPairs(x, y);
  return correlate(midranks(a), midranks(b));
}

function correlate(a: Float64Array, b: Float64Array): Tested {
  const n = a.length;
  if (n < 2) return { notComputable: n === 0 ? 'empty' : 'too-few', n };
  const [scaledA, scaledB] = [centred(a), centred(b)];
  if (!scaledA || !scaledB) return { notComputable: 'constant', n };
  let cross = 0;
  for (let i = 0; i < n; i++) cross += scaledA[i]! * scaledB[i]!;
  // Rounding alone keeps a perfect correlation from ±1.
  const statistic = Math.abs(cross) > 1 - 1e-15 ? Math.sign(cross) : cross;
  const rest = (1 - Math.abs(statistic)) * (1 + Math.abs(statistic));
  return { statistic, p: n === 2 ? 1 : betaI(rest, (n - 2) / 2, 0.5, statistic * statistic), df: n - 2 };
}

/** (x - mean)/norm, undefined for a constant column; scaled first, so that squares of huge values do not overflow. */
function centred(values: Float64Array): Float64Array | undefined {
  const first = values[0]!;
  if (values.every((x) => x === first)) return undefined;
  const centre = mean(values);
  const gaps = values.map((x) => x - centre);
  const largest = gaps.reduce((most, gap) => Math.max(most, Math.abs(gap)), 0);
  let squares = 0;
  for (const gap of gaps) squares += (gap / largest) ** 2;
  const norm = Math.sqrt(squares) * largest;
  return norm > 0 ? gaps.map((gap) => gap / norm) : undefined;
}

export interface KendallResult extends TestResult {
  readonly method: 'exact' | 'asymptotic';
}

/**
 * Kendall's τ-b. p is exact without ties when n ≤ 33 or at most one pair is discordant (or concordant), else from the normal with tie terms.
 */
export function kendall(x: Numbers, y: Numbers, method: 'auto' | 'exact' | 'asymptotic' = 'auto'): Tested<KendallResult> {
  const [a, b] = presentPairs(x, y);
  requirePresent(a, 'first column');
  const n = a.length;
  if (n < 2) return { notComputable: n === 0 ? 'empty' : 'too-few', n };
  const order = sortOrder(b);
  const byBoth = stableBy(order, a);
  const discordant = countInversions(Float64Array.from(byBoth, (row) => b[row]!));
  const [tiesA, tiesB] = [tieCounts(a), tieCounts(b)];
  const both = jointTies(a, b, byBoth);
  const pairs = (n * (n - 1)) / 2;
  if (tiesA.pairs === pairs || tiesB.pairs === pairs) return { notComputable: 'constant', n };
  const balance = pairs - tiesA.pairs - tiesB.pairs + both - 2 * discordant;
  const statistic = Math.min(1, Math.max(-1, balance / Math.sqrt(pairs - tiesA.pairs) / Math.sqrt(pairs - tiesB.pairs)));
  const untied = tiesA.pairs === 0 && tiesB.pairs === 0;
  if (method === 'exact' && !untied) throw new RangeError("an exact p of Kendall's τ needs data without ties");
  if (method === 'exact' || (method === 'auto' && untied && (n <= 33 || Math.min(discordant, pairs - discordant) <= 1))) {
    return { statistic, p: exactKendallP(n, Math.min(discordant, pairs - discordant)), method: 'exact' };
  }
  const m = n * (n - 1);
  const variance =
    (m * (2 * n + 5) - tiesA.variance - tiesB.variance) / 18 +
    (2 * tiesA.pairs * tiesB.pairs) / m +
    (n > 2 ? (tiesA.triples * tiesB.triples) / (9 * m * (n - 2)) : 0);
  return { statistic, p: normalTwoSided(balance / Math.sqrt(variance)), method: 'asymptotic' };
}

/** Stable order by `values`, starting from the order given. */
function stableBy(order: Uint32Array, values: Float64Array): Uint32Array {
  const inner = sortOrder(Float64Array.from(order, (row) => values[row]!));
  return inner.map((at) => order[at]!);
}

/** Pairs out of order in a sequence, by merge sort; equal values are in order. */
function countInversions(values: Float64Array): number {
  let from = Float64Array.from(values);
  let to = new Float64Array(values.length);
  let count = 0;
  for (let width = 1; width < values.length; width *= 2) {
    for (let start = 0; start < values.length; start += 2 * width) {
      const middle = Math.min(start + width, values.length);
      const end = Math.min(start + 2 * width, values.length);
      let [i, j] = [start, middle];
      for (let k = start; k < end; k++) {
        if (j >= end || (i < middle && from[i]! <= from[j]!)) to[k] = from[i++]!;
        else {
          count += middle - i;
          to[k] = from[j++]!;
        }
      }
    }
    [from, to] = [to, from];
  }
  return count;
}

/** Σt(t-1)/2, Σt(t-1)(t-2) and Σt(t-1)(2t+5) over groups of equal values. */
function tieCounts(values: Float64Array): { pairs: number; triples: number; variance: number } {
  const sorted = values.toSorted();
  const ties = { pairs: 0, triples: 0, variance: 0 };
  for (let start = 0; start < sorted.length; ) {
    let end = start + 1;
    while (end < sorted.length && sorted[end] === sorted[start]) end++;
    const t = end - start;
    ties.pairs += (t * (t - 1)) / 2;
    ties.triples += t * (t - 1) * (t - 2);
    ties.variance += t * (t - 1) * (2 * t + 5);
    start = end;
  }
  return ties;
}

/** Pairs tied in both columns, rows given in an order that puts equal rows together. */
function jointTies(a: Float64Array, b: Float64Array, order: Uint32Array): number {
  let pairs = 0;
  let run = 1;
  for (let i = 1; i <= order.length; i++) {
    if (i < order.length && a[order[i]!] === a[order[i - 1]!] && b[order[i]!] === b[order[i - 1]!]) run++;
    else {
      pairs += (run * (run - 1)) / 2;
      run = 1;
    }
  }
  return pairs;
}

/** Two-sided p of c discordant pairs (c in the lower half): inversions of a random permutation (Kendall 1970). */
function exactKendallP(n: number, c: number): number {
  if (n === 1 || 4 * c === n * (n - 1)) return 1;
  let shares = new Float64Array(c + 1);
  shares[0] = 1;
  for (let j = 2; j <= n; j++) {
    const next = new Float64Array(c + 1);
    let window = 0;
    for (let k = 0; k <= c; k++) {
      window += shares[k]!;
      if (k >= j) window -= shares[k - j]!;
      next[k] = window / j;
    }
    shares = next;
  }
  return Math.min(1, 2 * shares.reduce((total, share) => total + share, 0));
}
