import { betaI, binomialKernel } from './beta.ts';
import { gammaP, gammaQ, poissonMass } from './gamma.ts';
import { normalQuantile } from './normal.ts';

/** P(χ²_df > x). */
export const chiSquareSf = (x: number, df: number): number => (x <= 0 ? 1 : gammaQ(df / 2, x / 2));

/** P(χ²_df ≤ x). */
export const chiSquareCdf = (x: number, df: number): number => (x <= 0 ? 0 : gammaP(df / 2, x / 2));

/** P(T_df > t), as a tail also for large df. */
export function studentSf(t: number, df: number): number {
  if (Number.isNaN(t) || !(df > 0)) return Number.NaN;
  if (t === Number.POSITIVE_INFINITY) return 0;
  const square = t * t;
  const tail = betaI(1 / (1 + square / df), df / 2, 0.5, 1 / (1 + df / square)) / 2;
  return t >= 0 ? tail : 1 - tail;
}

/** P(abs(T_df) ≥ abs(t)). */
export const studentTwoSided = (t: number, df: number): number => 2 * studentSf(Math.abs(t), df);

/** P(F_{df1,df2} > x). */
export function fisherFSf(x: number, df1: number, df2: number): number {
  if (x <= 0) return 1;
  return betaI(df2 / (df2 + df1 * x), df2 / 2, df1 / 2, (df1 * x) / (df2 + df1 * x));
}

/**
 * Root of an increasing or decreasing tail: the x in (low, high) with tail(x) = p. Newton on ln tail, kept inside a shrinking bracket.
 * `density` is abs(tail′); `rising` says that the tail grows with x.
 */
function invertTail(
  p: number,
  tail: (x: number) => number,
  density: (x: number) => number,
  start: number,
  [low, high]: readonly [number, number],
  rising: boolean,
): number {
  let [lower, upper] = [low, high];
  let x = start > low && start < high ? start : Number.isFinite(high) ? (low + high) / 2 : low + 1;
  for (let turn = 0; turn < 400; turn++) {
    const value = tail(x);
    if (value === p) return x;
    if (value > p === rising) upper = x;
    else lower = x;
    const slope = density(x) * (rising ? 1 : -1);
    const step = value > 0 && slope !== 0 ? (Math.log(value / p) * value) / slope : Number.NaN;
    // A lower tail is a power of x near 0: there the logarithm of x is the better variable.
    let next = rising ? x * Math.exp(-step / x) : x - step;
    if (!(next > lower && next < upper)) next = between(lower, upper);
    if (Math.abs(next - x) <= 4e-16 * Math.abs(next) || next === lower || next === upper) return next;
    x = next;
  }
  return x;
}

/** A point between two ends: geometric when they differ by orders of magnitude, outward when one is infinite. */
function between(lower: number, upper: number): number {
  if (upper === Number.POSITIVE_INFINITY) return lower > 0 ? lower * 4 : lower + 1;
  if (lower >= 0 && upper > 4 * lower) return Math.sqrt(Math.max(lower, 1e-320) * upper);
  return (lower + upper) / 2;
}

/** x with P(χ²_df ≤ x) = p. Start: Wilson-Hilferty. */
export const chiSquareQuantile = (p: number, df: number): number => (p > 0.5 ? chiSquareIsf(1 - p, df) : chiSquareLower(p, df));

function chiSquareLower(p: number, df: number): number {
  if (p === 0) return 0;
  return invertTail(
    p,
    (x) => chiSquareCdf(x, df),
    (x) => chiSquareDensity(x, df),
    wilsonHilferty(p, df),
    [0, Number.POSITIVE_INFINITY],
    true,
  );
}

/** x with P(χ²_df > x) = q. */
export function chiSquareIsf(q: number, df: number): number {
  if (!(q >= 0 && q <= 1 && df > 0)) return Number.NaN;
  if (q === 0) return Number.POSITIVE_INFINITY;
  if (q === 1) return 0;
  if (q > 0.5) return chiSquareLower(1 - q, df);
  return invertTail(
    q,
    (x) => chiSquareSf(x, df),
    (x) => chiSquareDensity(x, df),
    wilsonHilferty(1 - q, df),
    [0, Number.POSITIVE_INFINITY],
    false,
  );
}

function wilsonHilferty(p: number, df: number): number {
  const k = 2 / (9 * df);
  const x = df * (1 - k + normalQuantile(p) * Math.sqrt(k)) ** 3;
  return x > 0 && Number.isFinite(x) ? x : df;
}

const chiSquareDensity = (x: number, df: number): number => (poissonMass(df / 2, x / 2) * df) / (2 * x);

/** t with P(T_df > t) = q. Start: Cornish-Fisher. */
export function studentIsf(q: number, df: number): number {
  if (!(q >= 0 && q <= 1 && df > 0)) return Number.NaN;
  if (q === 0.5) return 0;
  if (q > 0.5) return -studentIsf(1 - q, df);
  if (q === 0) return Number.POSITIVE_INFINITY;
  const z = -normalQuantile(q);
  const start = z + (z ** 3 + z) / (4 * df) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * df * df);
  const density = (t: number): number => {
    const square = t * t;
    return (binomialKernel(df / 2, 0.5, 1 / (1 + square / df), 1 / (1 + df / square)) * df) / (2 * (df + 1) * t);
  };
  return invertTail(q, (t) => studentSf(t, df), density, start, [0, Number.POSITIVE_INFINITY], false);
}

/** t with P(T_df ≤ t) = p. */
export const studentQuantile = (p: number, df: number): number => (p <= 0.5 ? -studentIsf(p, df) : studentIsf(1 - p, df));

/** x with I_x(a, b) = p. */
export function betaQuantile(p: number, a: number, b: number): number {
  if (!(p >= 0 && p <= 1 && a > 0 && b > 0)) return Number.NaN;
  if (p === 0) return 0;
  if (p === 1) return 1;
  const density = (x: number): number => (binomialKernel(a, b, x, 1 - x) * a * b) / ((a + b) * x * (1 - x));
  const mean = a / (a + b);
  if (p <= 0.5) return invertTail(p, (x) => betaI(x, a, b), density, mean, [0, 1], true);
  return invertTail(1 - p, (x) => betaI(1 - x, b, a, x), density, mean, [0, 1], false);
}
