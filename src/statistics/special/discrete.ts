import { betaI, binomialKernel } from './beta.ts';

/** P(K = k) for K ~ Binomial(n, p), by Loader's saddle point. */
export function binomialPmf(k: number, n: number, p: number): number {
  if (k < 0 || k > n || !Number.isInteger(k)) return 0;
  if (p === 0 || p === 1) return (p === 0 ? k === 0 : k === n) ? 1 : 0;
  if (k === 0) return Math.exp(n * Math.log1p(-p));
  if (k === n) return Math.exp(n * Math.log(p));
  return binomialKernel(k, n - k, p, 1 - p);
}

/** P(K ≤ k) for K ~ Binomial(n, p), by the incomplete beta. */
export function binomialCdf(k: number, n: number, p: number): number {
  const whole = Math.floor(k);
  if (whole < 0) return 0;
  return whole >= n ? 1 : betaI(1 - p, n - whole, whole + 1, p);
}

/** P(K > k) for K ~ Binomial(n, p), as a tail. */
export function binomialSf(k: number, n: number, p: number): number {
  const whole = Math.floor(k);
  if (whole < 0) return 1;
  return whole >= n ? 0 : betaI(p, whole + 1, n - whole, 1 - p);
}

/**
 * P(X = k) for X = marked items among `draws` from `population` items of which `marked` are marked.
 * Loader: a product of three binomial masses, so that large factorials never meet.
 */
export function hypergeometricPmf(k: number, population: number, marked: number, draws: number): number {
  if (k < Math.max(0, draws + marked - population) || k > Math.min(marked, draws) || !Number.isInteger(k)) return 0;
  if (draws === 0 || draws === population) return 1;
  const p = draws / population;
  return (binomialPmf(k, marked, p) * binomialPmf(draws - k, population - marked, p)) / binomialPmf(draws, population, p);
}

/** P(X ≤ k), summed outward by ratios from the end that holds less. */
export function hypergeometricCdf(k: number, population: number, marked: number, draws: number): number {
  const whole = Math.floor(k);
  const least = Math.max(0, draws + marked - population);
  const most = Math.min(marked, draws);
  if (whole < least) return 0;
  if (whole >= most) return 1;
  if (whole > (draws * marked) / population) return 1 - hypergeometricSf(whole, population, marked, draws);
  let term = 1;
  let sum = 1;
  for (let i = whole; i > least && term > sum * 1e-18; i--) {
    term *= (i * (population - marked - draws + i)) / ((marked - i + 1) * (draws - i + 1));
    sum += term;
  }
  return Math.min(1, sum * hypergeometricPmf(whole, population, marked, draws));
}

/** P(X > k), as a tail. */
export function hypergeometricSf(k: number, population: number, marked: number, draws: number): number {
  return hypergeometricCdf(draws - Math.floor(k) - 1, population, population - marked, draws);
}
