import { lnGamma, poissonDeviance, stirlingError } from './gamma.ts';

/** xᵃ yᵇ Γ(a+b+1)/(Γ(a+1)Γ(b+1)) with y = 1 - x: Loader's binomial mass at real a, b ≥ 0. */
export function binomialKernel(a: number, b: number, x: number, y: number): number {
  if (x === 0) return a === 0 ? 1 : 0;
  if (y === 0) return b === 0 ? 1 : 0;
  const n = a + b;
  if (a === 0) return b === 0 ? 1 : Math.exp(b * lnOf(y, x));
  if (b === 0) return Math.exp(a * lnOf(x, y));
  if (a < 1e-3 || b < 1e-3 || n * x < a * 1e-300 || n * y < b * 1e-300) {
    return Math.exp(a * lnOf(x, y) + b * lnOf(y, x) + lnGamma(n + 1) - lnGamma(a + 1) - lnGamma(b + 1));
  }
  const log = stirlingError(n) - stirlingError(a) - stirlingError(b) - poissonDeviance(a, n * x) - poissonDeviance(b, n * y);
  return Math.exp(log) * Math.sqrt(n / (2 * Math.PI * a * b));
}

/** ln x, taken from 1 - x where that is the smaller one. */
const lnOf = (x: number, rest: number): number => (rest < 0.5 ? Math.log1p(-rest) : Math.log(x));

/**
 * Continued fraction of the incomplete beta in the contracted form of Didonato and Morris (1992), modified Lentz. It takes
 * λ = a - (a + b)x from the smaller of x and 1 - x, so that nothing cancels when a or b is large.
 */
function betaFraction(a: number, b: number, x: number, rest: number): number {
  const lambda = x < rest ? a - (a + b) * x : (a + b) * rest - b;
  let beta = (a * (lambda + 1)) / (a + 1);
  if (beta === 0) beta = 1e-300;
  let c = beta;
  let d = 0;
  let h = beta;
  for (let n = 1; n < 1e8; n++) {
    const low = a + 2 * n - 1;
    const alpha = ((a + n - 1) / low) * ((a + b + n - 1) / low) * n * (b - n) * x * x;
    beta = n + (n * (b - n) * x) / low + ((a + n) / (low + 2)) * (lambda + 1 + n * (1 + rest));
    d = beta + alpha * d;
    if (Math.abs(d) < 1e-300) d = 1e-300;
    c = beta + alpha / c;
    if (Math.abs(c) < 1e-300) c = 1e-300;
    d = 1 / d;
    const factor = d * c;
    h *= factor;
    if (Math.abs(factor - 1) < 3e-16) break;
  }
  return 1 / h;
}

/**
 * I_x(a, b), regularised incomplete beta; a, b > 0. `rest` is 1 - x and should be given when the caller knows it better than by subtraction.
 * The smaller of I_x(a, b) and I_{1-x}(b, a) comes from the continued fraction, the other is one minus it.
 */
export function betaI(x: number, a: number, b: number, rest: number = 1 - x): number {
  if (!(a > 0 && b > 0 && x >= 0 && rest >= 0)) return Number.NaN;
  if (x === 0) return 0;
  if (rest === 0) return 1;
  const scale = (binomialKernel(a, b, x, rest) * a * b) / (a + b);
  return x <= (a + 1) / (a + b + 2) ? scale * betaFraction(a, b, x, rest) : 1 - scale * betaFraction(b, a, rest, x);
}
