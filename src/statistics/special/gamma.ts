const HALF_LN_2PI = 0.9189385332046728;

/** ζ(k) - 1 for k = 2…31. */
const ZETA_MINUS_ONE = [
  0.6449340668482264, 0.2020569031595943, 0.08232323371113819, 0.03692775514336993, 0.01734306198444914, 0.008349277381922827,
  0.00407735619794434, 0.0020083928260822143, 0.0009945751278180853, 0.0004941886041194645, 0.0002460865533080483, 0.00012271334757848915,
  6.124813505870483e-5, 3.058823630702049e-5, 1.528225940865187e-5, 7.637197637899763e-6, 3.81729326499984e-6, 1.908212716553939e-6,
  9.539620338727962e-7, 4.769329867878064e-7, 2.38450502727733e-7, 1.1921992596531106e-7, 5.960818905125948e-8, 2.980350351465228e-8,
  1.4901554828365043e-8, 7.45071178983543e-9, 3.725334024788457e-9, 1.862659723513049e-9, 9.313274324196682e-10, 4.656629065033784e-10,
];
const ONE_MINUS_EULER = 0.42278433509846713;

/** Σ B₂ₖ/(2k(2k-1)x^{2k-1}): what Stirling's formula leaves out of ln Γ(x), x ≥ 10. */
function stirlingSeries(x: number): number {
  const y = 1 / (x * x);
  const head =
    1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y * (1 / 1188 - y * (691 / 360360 - y * (1 / 156 - (y * 3617) / 122400))))));
  return head / x;
}

/** ln Γ(2 + z) for abs(z) ≤ ½, by the zeta series: exact where ln Γ has its zero. */
function lnGammaNearTwo(z: number): number {
  let sum = 0;
  for (let k = ZETA_MINUS_ONE.length + 1; k >= 2; k--) sum = (sum + ((k % 2 === 0 ? 1 : -1) * ZETA_MINUS_ONE[k - 2]!) / k) * z;
  return z * (ONE_MINUS_EULER + sum);
}

/**
 * ln Γ(x) for x > 0 (`Infinity` at 0 and ∞, NaN below 0): zeta series near 1 and 2, recurrence up to 10, Stirling with Bernoulli terms above.
 */
export function lnGamma(x: number): number {
  if (!(x >= 0)) return Number.NaN;
  if (x === 0 || x === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  if (x < 0.5) return lnGammaNearTwo(x) - Math.log1p(x) - Math.log(x);
  if (x <= 1.5) return lnGammaNearTwo(x - 1) - Math.log1p(x - 1);
  if (x <= 2.5) return lnGammaNearTwo(x - 2);
  if (x < 10) {
    let product = 1;
    let shifted = x;
    while (shifted > 2.5) {
      shifted -= 1;
      product *= shifted;
    }
    return Math.log(product) + lnGammaNearTwo(shifted - 2);
  }
  return (x - 0.5) * Math.log(x) - x + HALF_LN_2PI + stirlingSeries(x);
}

/** ln Γ(x + 1) less Stirling's (x + ½) ln x - x + ½ ln 2π, x > 0 (Loader 2000, `stirlerr`). */
export function stirlingError(x: number): number {
  return x >= 10 ? stirlingSeries(x) : lnGamma(x + 1) - (x + 0.5) * Math.log(x) + x - HALF_LN_2PI;
}

/** ln(1 + u) - u without cancellation, u > -1. */
export function log1pMinus(u: number): number {
  if (u < -0.7 || u > 1.5) return Math.log1p(u) - u;
  const r = u / (2 + u);
  const y = r * r;
  let sum = 0;
  let power = 1;
  for (let k = 3; ; k += 2) {
    const next = sum + power / k;
    if (next === sum) break;
    sum = next;
    power *= y;
  }
  return r * (2 * y * sum - u);
}

/** x ln(x/m) + m - x, the deviance of a Poisson count (Loader 2000, `bd0`); x, m > 0. */
export function poissonDeviance(x: number, m: number): number {
  const u = (m - x) / x;
  return u < -0.7 ? x * (Math.log(x) - Math.log(m)) + m - x : -x * log1pMinus(u);
}

/** xᵃ e⁻ˣ/Γ(a + 1) by Loader's saddle point: no cancellation at large a. */
export function poissonMass(a: number, x: number): number {
  if (x === 0) return a === 0 ? 1 : 0;
  if (x === Number.POSITIVE_INFINITY) return 0;
  if (a === 0) return Math.exp(-x);
  if (a < 1e-3) return Math.exp(a * Math.log(x) - x - lnGamma(a + 1));
  if (x < a * 1e-300 || a < x * 1e-300) return Math.exp(a * Math.log(x) - x - lnGamma(a + 1));
  return Math.exp(-stirlingError(a) - poissonDeviance(a, x)) / Math.sqrt(2 * Math.PI * a);
}

/** Lower part of the incomplete gamma by its series, without the prefactor: Σ x^k/((a+1)…(a+k)). */
function gammaSeries(a: number, x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; ; k++) {
    term *= x / (a + k);
    sum += term;
    if (term < sum * 1e-17) return sum;
  }
}

/** Upper part by Legendre's continued fraction (modified Lentz), without the prefactor. */
function gammaFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let h = d;
  for (let k = 1; k < 1e8; k++) {
    const numerator = -k * (k - a);
    b += 2;
    d = numerator * d + b;
    if (Math.abs(d) < 1e-300) d = 1e-300;
    c = b + numerator / c;
    if (Math.abs(c) < 1e-300) c = 1e-300;
    d = 1 / d;
    const factor = d * c;
    h *= factor;
    if (Math.abs(factor - 1) < 2e-16) break;
  }
  return h;
}

/** P(a, x), regularised lower incomplete gamma; a > 0, x ≥ 0. Series below a + 1, one minus the fraction above. */
export function gammaP(a: number, x: number): number {
  if (!(a > 0 && x >= 0)) return Number.NaN;
  if (x === 0) return 0;
  if (x === Number.POSITIVE_INFINITY) return 1;
  return x < a + 1 ? poissonMass(a, x) * gammaSeries(a, x) : 1 - poissonMass(a, x) * a * gammaFraction(a, x);
}

/** Q(a, x) = 1 - P(a, x), the upper tail computed directly; a > 0, x ≥ 0. */
export function gammaQ(a: number, x: number): number {
  if (!(a > 0 && x >= 0)) return Number.NaN;
  if (x === 0) return 1;
  if (x === Number.POSITIVE_INFINITY) return 0;
  return x < a + 1 ? 1 - poissonMass(a, x) * gammaSeries(a, x) : poissonMass(a, x) * a * gammaFraction(a, x);
}
