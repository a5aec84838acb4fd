import { mean, type Numbers, requireFinite } from '../numbers.ts';
import { quantiles } from '../quantiles.ts';
import { chiSquareSf } from '../special/distributions.ts';
import type { Tested } from './tested.ts';

const POINTS = [0.4, 0.8];

/**
 * Epps and Singleton's test (1986): distance of the empirical characteristic functions at t = .4 and .8 in units of the pooled half
 * interquartile range, with the small-sample factor below 25 values. Fewer than 5 values on a side: `too-few`; no spread: `constant`.
 */
export function eppsSingleton(a: Numbers, b: Numbers): Tested {
  requireFinite(a, 'first sample');
  requireFinite(b, 'second sample');
  const [n, m] = [a.length, b.length];
  const total = n + m;
  if (n === 0 || m === 0) return { notComputable: 'empty', n: total };
  if (n < 5 || m < 5) return { notComputable: 'too-few', n: total };
  const [low, high] = quantiles([...a, ...b], [0.25, 0.75]) as [number, number];
  const scale = (high - low) / 2;
  if (scale === 0) return { notComputable: 'constant', n: total };
  const [one, two] = [waves(a, scale), waves(b, scale)];
  const size = one.length;
  const covariance = one.map((_, r) =>
    one.map((_, c) => (total / n) * biasedCovariance(one[r]!, one[c]!) + (total / m) * biasedCovariance(two[r]!, two[c]!)),
  );
  const gap = one.map((wave, r) => mean(wave) - mean(two[r]!));
  const { values, vectors } = eigen(covariance);
  const largest = Math.max(...values);
  let statistic = 0;
  let df = 0;
  for (let e = 0; e < size; e++) {
    if (!(values[e]! > 1e-15 * largest)) continue;
    df++;
    const along = gap.reduce((sum, g, r) => sum + g * vectors[r]![e]!, 0);
    statistic += (along * along) / values[e]!;
  }
  statistic *= total;
  if (Math.max(n, m) < 25) statistic /= 1 + total ** -0.45 + 10.1 * (n ** -1.7 + m ** -1.7);
  return { statistic, p: chiSquareSf(statistic, df), df };
}

const waves = (values: Numbers, scale: number): Float64Array[] =>
  [Math.cos, Math.sin].flatMap((wave) => POINTS.map((t) => Float64Array.from(values, (x) => wave((t / scale) * x))));

function biasedCovariance(a: Float64Array, b: Float64Array): number {
  const [centreA, centreB] = [mean(a), mean(b)];
  let total = 0;
  for (let i = 0; i < a.length; i++) total += (a[i]! - centreA) * (b[i]! - centreB);
  return total / a.length;
}

/** Eigenvalues and vectors (columns) of a small symmetric matrix by Jacobi's rotations. */
function eigen(symmetric: readonly (readonly number[])[]): { values: number[]; vectors: number[][] } {
  const n = symmetric.length;
  const a = symmetric.map((row) => [...row]);
  const vectors = a.map((_, r) => a.map((_, c) => (r === c ? 1 : 0)));
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (a[p]![q] === 0) continue;
        off += Math.abs(a[p]![q]!);
        const theta = (a[q]![q]! - a[p]![p]!) / (2 * a[p]![q]!);
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        rotate(a, vectors, p, q, 1 / Math.sqrt(t * t + 1), t / Math.sqrt(t * t + 1));
      }
    }
    if (off < 1e-300) break;
  }
  return { values: a.map((row, i) => row[i]!), vectors };
}

function rotate(a: number[][], vectors: number[][], p: number, q: number, c: number, s: number): void {
  for (const row of a) [row[p], row[q]] = [c * row[p]! - s * row[q]!, s * row[p]! + c * row[q]!];
  const [rowP, rowQ] = [a[p]!, a[q]!];
  for (let k = 0; k < a.length; k++) [rowP[k], rowQ[k]] = [c * rowP[k]! - s * rowQ[k]!, s * rowP[k]! + c * rowQ[k]!];
  rowP[q] = 0;
  rowQ[p] = 0;
  for (const row of vectors) [row[p], row[q]] = [c * row[p]! - s * row[q]!, s * row[p]! + c * row[q]!];
}
