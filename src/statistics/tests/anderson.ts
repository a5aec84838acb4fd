import { type Numbers, requirePresent } from '../numbers.ts';
import { sortNumbers } from '../sort.ts';
import type { Tested } from './tested.ts';

/** Scholz and Stephens (1987), table 2: critical values b₀ + b₁/√m + b₂/m at these levels. */
const LEVELS = [0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001];
const B0 = [0.675, 1.281, 1.645, 1.96, 2.326, 2.573, 3.085];
const B1 = [-0.245, 0.25, 0.678, 1.149, 1.822, 2.364, 3.615];
const B2 = [-0.105, -0.305, -0.362, -0.391, -0.396, -0.345, -0.154];

/**
 * Anderson-Darling test of k samples, midrank form, standardised. p from a quadratic through the table in log p, kept within .001….25.
 * Fewer than two distinct values: `constant`; fewer than four values in all: `too-few`.
 */
export function andersonDarling(...samples: readonly Numbers[]): Tested {
  samples.forEach((sample, i) => {
    requirePresent(sample, `sample ${i + 1}`);
  });
  const sorted = samples.map((sample) => sortNumbers(sample));
  const n = sorted.reduce((total, sample) => total + sample.length, 0);
  if (sorted.some((sample) => sample.length === 0)) return { notComputable: 'empty', n };
  if (n < 4) return { notComputable: 'too-few', n };
  const pooled = new Float64Array(n);
  let filled = 0;
  for (const sample of sorted) {
    pooled.set(sample, filled);
    filled += sample.length;
  }
  pooled.sort();
  if (pooled[0] === pooled[n - 1]) return { notComputable: 'constant', n };
  const statistic = (midrankStatistic(sorted, pooled) - (sorted.length - 1)) / Math.sqrt(nullVariance(sorted, n));
  return { statistic, p: tableP(statistic, sorted.length - 1) };
}

function midrankStatistic(samples: readonly Float64Array[], pooled: Float64Array): number {
  const n = pooled.length;
  const at = samples.map(() => 0);
  const totals = samples.map(() => 0);
  for (let start = 0; start < n; ) {
    let end = start + 1;
    while (end < n && pooled[end] === pooled[start]) end++;
    const tied = end - start;
    const below = start + tied / 2;
    const weight = tied / n / (below * (n - below) - (n * tied) / 4);
    samples.forEach((sample, s) => {
      const from = at[s]!;
      let to = from;
      while (to < sample.length && sample[to] === pooled[start]) to++;
      at[s] = to;
      totals[s]! += weight * (n * ((from + to) / 2) - below * sample.length) ** 2;
    });
    start = end;
  }
  return ((n - 1) / n) * samples.reduce((total, sample, s) => total + totals[s]! / sample.length, 0);
}

function nullVariance(samples: readonly Float64Array[], n: number): number {
  const k = samples.length;
  const H = samples.reduce((total, sample) => total + 1 / sample.length, 0);
  let h = 0;
  let g = 0;
  for (let i = n - 1; i >= 2; i--) {
    h += 1 / i;
    g += h / (n - i + 1);
  }
  h += 1;
  const a = (4 * g - 6) * (k - 1) + (10 - 6 * g) * H;
  const b = (2 * g - 4) * k * k + 8 * h * k + (2 * g - 14 * h - 4) * H - 8 * h + 4 * g - 6;
  const c = (6 * h + 2 * g - 2) * k * k + (4 * h - 4 * g + 6) * k + (2 * h - 6) * H + 4 * h;
  const d = (2 * h + 6) * k * k - 4 * h * k;
  return (((a * n + b) * n + c) * n + d) / ((n - 1) * (n - 2) * (n - 3));
}

function tableP(statistic: number, m: number): number {
  const critical = B0.map((b, i) => b + B1[i]! / Math.sqrt(m) + B2[i]! / m);
  if (statistic < critical[0]!) return LEVELS[0]!;
  if (statistic > critical.at(-1)!) return LEVELS.at(-1)!;
  return Math.exp(quadraticFit(critical, LEVELS.map(Math.log))(statistic));
}

/** Least-squares parabola, through polynomials orthogonal on the points. */
function quadraticFit(x: readonly number[], y: readonly number[]): (x: number) => number {
  const n = x.length;
  const dot = (f: (x: number) => number, g: (x: number, i: number) => number): number =>
    x.reduce((total, xi, i) => total + f(xi) * g(xi, i), 0);
  const centre = x.reduce((total, xi) => total + xi, 0) / n;
  const first = (v: number): number => v - centre;
  const norm1 = dot(first, first);
  const skew = dot(first, (v) => first(v) ** 2) / norm1;
  const second = (v: number): number => first(v) ** 2 - skew * first(v) - norm1 / n;
  const [c0, c1, c2] = [
    y.reduce((total, yi) => total + yi, 0) / n,
    dot(first, (_, i) => y[i]!) / norm1,
    dot(second, (_, i) => y[i]!) / dot(second, second),
  ];
  return (v) => c0 + c1 * first(v) + c2 * second(v);
}
