import { type Numbers, requirePresent } from '../numbers.ts';
import { midranks, sortNumbers } from '../sort.ts';
import { lnGamma } from '../special/gamma.ts';
import type { Tested, TestResult } from './tested.ts';

/** Up to this many values on both sides `auto` counts exactly. */
const EXACT_ROWS_MAX = 20;

export interface CramerVonMisesResult extends TestResult {
  readonly method: 'exact' | 'asymptotic';
}

/**
 * Two-sample Cramér-von Mises test: T = U/(nm(n+m)) - (4nm-1)/(6(n+m)) with midranks (Anderson 1962). Exact p by counting all arrangements
 * (Xiao, Gordon, Yakovlev 2006) when both sides have at most 20 values, else the limit law. Fewer than two values on a side: `too-few`.
 */
export function cramerVonMises(a: Numbers, b: Numbers, method: 'auto' | 'exact' | 'asymptotic' = 'auto'): Tested<CramerVonMisesResult> {
  requirePresent(a, 'first sample');
  requirePresent(b, 'second sample');
  const [n, m] = [a.length, b.length];
  if (n === 0 || m === 0) return { notComputable: 'empty', n: n + m };
  if (n < 2 || m < 2) return { notComputable: 'too-few', n: n + m };
  const pooled = new Float64Array(n + m);
  pooled.set(sortNumbers(a));
  pooled.set(sortNumbers(b), n);
  const ranks = midranks(pooled);
  const squares = (from: number, to: number): number => {
    let total = 0;
    for (let i = from; i < to; i++) total += (ranks[i]! - (i - from + 1)) ** 2;
    return total;
  };
  const u = n * squares(0, n) + m * squares(n, n + m);
  const statistic = u / (n * m * (n + m)) - (4 * n * m - 1) / (6 * (n + m));
  const exact = method === 'exact' || (method === 'auto' && Math.max(n, m) <= EXACT_ROWS_MAX);
  return { statistic, p: exact ? exactP(u, n, m) : asymptoticP(statistic, n, m), method: exact ? 'exact' : 'asymptotic' };
}

/** Frequencies of a statistic: ascending values with how many arrangements reach each. */
interface Frequencies {
  readonly values: readonly number[];
  readonly counts: readonly number[];
}

/** Two tables joined, every value raised by `shift`. */
function join(a: Frequencies, b: Frequencies, shift: number): Frequencies {
  const values: number[] = [];
  const counts: number[] = [];
  let [i, j] = [0, 0];
  while (i < a.values.length || j < b.values.length) {
    const x = Math.min(a.values[i] ?? Number.POSITIVE_INFINITY, b.values[j] ?? Number.POSITIVE_INFINITY);
    let count = 0;
    if (a.values[i] === x) count += a.counts[i++]!;
    if (b.values[j] === x) count += b.counts[j++]!;
    values.push(x + shift);
    counts.push(count);
  }
  return { values, counts };
}

function exactP(u: number, n: number, m: number): number {
  const multiple = (n * m) / greatestDivisor(n, m);
  const [stepN, stepM] = [multiple / n, multiple / m];
  const limit = Math.floor((multiple ** 2 * (n + m) * (6 * u - n * m * (4 * n * m - 1))) / (6 * (n * m) ** 2));
  const none: Frequencies = { values: [], counts: [] };
  let row: Frequencies[] = [{ values: [0], counts: [1] }, ...Array.from({ length: n }, () => none)];
  for (let j = 0; j <= m; j++) {
    let left = none;
    row = row.map((above, i) => {
      left = join(left, above, (stepN * i - stepM * j) ** 2);
      return left;
    });
  }
  const { values, counts } = row[n]!;
  let tail = 0;
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    total += counts[i]!;
    if (values[i]! >= limit) tail += counts[i]!;
  }
  return tail / total;
}

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

function asymptoticP(statistic: number, n: number, m: number): number {
  const [k, total] = [n * m, n + m];
  const expected = (1 + 1 / total) / 6;
  const variance = ((total + 1) * (4 * k * total - 3 * (n * n + m * m) - 2 * k)) / (45 * total * total * 4 * k);
  const standard = 1 / 6 + (statistic - expected) / Math.sqrt(45 * variance);
  return standard < 0.003 ? 1 : Math.max(0, 1 - limitCdf(standard));
}

/** Limit law of the one-sample statistic: a series in K_{1/4} (Csörgő, Faraway 1996), cut where scipy cuts it. */
function limitCdf(x: number): number {
  let total = 0;
  for (let k = 0; ; k++) {
    const y = 4 * k + 1;
    const scale = Math.exp(lnGamma(k + 0.5) - lnGamma(k + 1)) / (Math.PI ** 1.5 * Math.sqrt(x));
    const term = scale * Math.sqrt(y) * scaledBessel((y * y) / (16 * x));
    total += term;
    if (term < 1e-7) return total;
  }
}

/** e^{-q}K_{1/4}(q) = ∫e^{-q(1 + cosh t)}cosh(t/4) dt over t > 0; the trapezoidal rule converges geometrically. */
function scaledBessel(q: number): number {
  const step = 1 / 32;
  let total = Math.exp(-2 * q) / 2;
  for (let t = step; ; t += step) {
    const term = Math.exp(-q * (1 + Math.cosh(t))) * Math.cosh(t / 4);
    total += term;
    if (term <= total * 1e-18) return total * step;
  }
}
