import { binomialPmf } from './discrete.ts';

const SQRT_2PI = Math.sqrt(2 * Math.PI);
const PI2 = Math.PI ** 2;
/** From here on the one-sided tail is its first-order limit, as scipy has it. */
const SMIRNOV_EXACT_MAX = 1_000_000;

/** P(√n·D_n > z) in the limit of large n: the theta series, its dual below z = 1. */
export function kolmogorovSf(z: number): number {
  if (Number.isNaN(z)) return z;
  if (z <= 0.04) return 1;
  let sum = 0;
  if (z < 1) {
    for (let k = 1; k <= 20; k += 2) sum += Math.exp((-k * k * PI2) / (8 * z * z));
    return 1 - (SQRT_2PI / z) * sum;
  }
  for (let k = 1; k <= 20; k++) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * z * z);
  return Math.min(1, sum);
}

/** P(D⁺_n ≥ d), one sample, one side: dΣC(n, j)(d + j/n)^{j-1}(1 - d - j/n)^{n-j}, each term a binomial mass. */
export function smirnovSf(n: number, d: number): number {
  if (d <= 0) return 1;
  if (d >= 1) return 0;
  if (n > SMIRNOV_EXACT_MAX) return Math.exp(-((6 * n * d + 1) ** 2) / (18 * n));
  let total = 0;
  const last = Math.floor(n * (1 - d));
  for (let j = 0; j <= last; j++) {
    const p = d + j / n;
    if (p < 1) total += binomialPmf(j, n, p) / p;
  }
  return Math.min(1, d * total);
}

/**
 * P(D_n ≥ d) for the two-sided one-sample Kolmogorov statistic, n whole. Regions of Simard and L'Ecuyer (2011) with the bounds scipy uses,
 * since the expansion of Pelz and Good is approximate.
 */
export function kolmogorovSmirnovSf(d: number, n: number): number {
  if (Number.isNaN(d) || !(n >= 1) || !Number.isInteger(n)) return Number.NaN;
  const t = n * d;
  if (d >= 1) return 0;
  if (t <= 0.5) return 1;
  if (t <= 1) return 1 - rubenGambino(n, 2 * t - 1);
  if (t >= n - 1) return Math.min(1, 2 * (1 - d) ** n);
  if (d >= 0.5) return Math.min(1, 2 * smirnovSf(n, d));
  const w = t * d;
  if (n <= 140) return w <= 4 ? clip(1 - durbin(n, d)) : Math.min(1, 2 * smirnovSf(n, d));
  if (w >= 370) return 0;
  if (w >= 2.2) return Math.min(1, 2 * smirnovSf(n, d));
  return clip(1 - (n <= 100_000 && n * d ** 1.5 <= 1.4 ? durbin(n, d) : pelzGood(n, d)));
}

const clip = (p: number): number => Math.min(1, Math.max(0, p));

/** n!(x/n)ⁿ, factor by factor. */
function rubenGambino(n: number, x: number): number {
  let product = 1;
  for (let i = 1; i <= n && product > 0; i++) product *= (i / n) * x;
  return product;
}

/** P(D_n ≤ d) by Durbin's matrix in the form of Marsaglia, Tsang and Wang (2003): element (k, k) of n!/nⁿ·Hⁿ. */
function durbin(n: number, d: number): number {
  const k = Math.ceil(n * d);
  const h = k - n * d;
  const m = 2 * k - 1;
  const powered = matrixPower(durbinMatrix(m, h), m, n, k - 1);
  let [p, exponent] = [powered.value, powered.exponent];
  for (let i = 1; i <= n; i++) {
    p = (p * i) / n;
    if (p < 1e-140) {
      p *= 1e140;
      exponent -= 140;
    }
  }
  return p * 10 ** exponent;
}

function durbinMatrix(m: number, h: number): Float64Array {
  const inverseFactorial = new Float64Array(m + 1).fill(1);
  for (let j = 1; j <= m; j++) inverseFactorial[j] = inverseFactorial[j - 1]! / j;
  const matrix = new Float64Array(m * m);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j <= Math.min(i + 1, m - 1); j++) matrix[i * m + j] = inverseFactorial[i - j + 1]!;
  }
  for (let i = 0; i < m; i++) {
    const edge = (1 - h ** (i + 1)) * inverseFactorial[i + 1]!;
    matrix[i * m] = edge;
    matrix[(m - 1) * m + (m - 1 - i)] = edge;
  }
  matrix[(m - 1) * m] = (1 - 2 * h ** m + (2 * h > 1 ? (2 * h - 1) ** m : 0)) * inverseFactorial[m]!;
  return matrix;
}

/** Element (at, at) of base^power with a decimal exponent kept apart. */
function matrixPower(base: Float64Array, m: number, power: number, at: number): { value: number; exponent: number } {
  let square = base;
  let squareExponent = 0;
  let product: Float64Array | undefined;
  let exponent = 0;
  for (let rest = power; ; ) {
    if (rest % 2 === 1) {
      product = product ? multiply(product, square, m) : Float64Array.from(square);
      exponent += squareExponent + scaledDown(product, at * m + at);
    }
    rest = Math.floor(rest / 2);
    if (rest === 0) break;
    square = multiply(square, square, m);
    squareExponent = 2 * squareExponent + scaledDown(square, at * m + at);
  }
  return { value: product![at * m + at]!, exponent };
}

/** Divides a matrix by 10¹⁴⁰ when an element has grown beyond it; the exponent taken out. */
function scaledDown(matrix: Float64Array, at: number): number {
  if (matrix[at]! <= 1e140) return 0;
  for (let i = 0; i < matrix.length; i++) matrix[i]! *= 1e-140;
  return 140;
}

function multiply(a: Float64Array, b: Float64Array, m: number): Float64Array {
  const out = new Float64Array(m * m);
  for (let i = 0; i < m; i++) {
    for (let k = 0; k < m; k++) {
      const factor = a[i * m + k]!;
      if (factor === 0) continue;
      for (let j = 0; j < m; j++) out[i * m + j]! += factor * b[k * m + j]!;
    }
  }
  return out;
}

/** P(D_n ≤ d) ≈ K₀(z) + K₁(z)/√n + K₂(z)/n + K₃(z)/n^1.5, z = d√n (Pelz, Good 1976), in theta series. */
function pelzGood(n: number, d: number): number {
  const z = Math.sqrt(n) * d;
  const z2 = z * z;
  const z4 = z2 * z2;
  const z6 = z4 * z2;
  const base = -PI2 / (8 * z2);
  if (base < -708) return 0;
  const k = [0, 0, 0, 0];
  const terms = Math.ceil((16 * z) / Math.PI);
  for (let i = terms; i >= 1; i--) {
    const odd = 2 * i - 1;
    const s = (PI2 * odd * odd) / 4;
    const weight = Math.exp(base * odd * odd);
    k[0]! += weight;
    k[1]! += weight * (s - z2);
    k[2]! += weight * (6 * z6 + 2 * z4 + (2 * z4 - 5 * z2) * s + (1 - 2 * z2) * s * s);
    k[3]! += weight * (-30 * z6 - 90 * z4 * z4 + (135 * z4 - 96 * z6) * s + (212 * z4 - 60 * z2) * s * s + (5 - 30 * z2) * s * s * s);
  }
  let second = 0;
  let third = 0;
  for (let i = terms; i >= 1; i--) {
    const s = PI2 * i * i;
    const weight = Math.exp(-s / (2 * z2));
    second += s * weight;
    third += (3 * z2 - s) * s * weight;
  }
  const k0 = (SQRT_2PI / z) * k[0]!;
  const k1 = (SQRT_2PI / (6 * z4)) * k[1]!;
  const k2 = SQRT_2PI * (k[2]! / (72 * z6 * z) - second / (36 * z2 * z));
  const k3 = SQRT_2PI * (k[3]! / (6480 * z6 * z4) + third / (216 * z6));
  return k0 + k1 / Math.sqrt(n) + k2 / n + k3 / (n * Math.sqrt(n));
}
