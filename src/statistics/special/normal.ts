/** Σ coefficients[i]·xⁱ. */
function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = sum * x + coefficients[i]!;
  return sum;
}

const SQRT_HALF = Math.SQRT1_2;
const INV_SQRT_PI = 0.5641895835477563;

// W. J. Cody, Rational Chebyshev approximations for the error function (1969): lowest power first.
const ERF_P = [3209.3775891384694, 377.485237685302, 113.86415415105016, 3.1611237438705655, 0.18577770618460315];
const ERF_Q = [2844.236833439171, 1282.6165260773723, 244.02463793444417, 23.601290952344122, 1];
const MIDDLE_P = [
  1230.3393547979972, 2051.0783778260716, 1712.0476126340707, 881.952221241769, 298.6351381974001, 66.11919063714163, 8.883149794388377,
  0.5641884969886701, 2.1531153547440383e-8,
];
const MIDDLE_Q = [
  1230.3393548037495, 3439.3676741437216, 4362.619090143247, 3290.7992357334597, 1621.3895745666903, 537.1811018620099, 117.6939508913125,
  15.744926110709834, 1,
];
const FAR_P = [
  6.587491615298378e-4, 0.01608378514874228, 0.12578172611122926, 0.36034489994980445, 0.30532663496123236, 0.016315387137302097,
];
const FAR_Q = [0.002335204976268692, 0.06051834131244132, 0.5279051029514285, 1.8729528499234604, 2.568520192289822, 1];

/** e^{-x²} with x² split so that its rounding does not enter the exponent. */
function expMinusSquare(x: number): number {
  const head = Math.trunc(x * 16) / 16;
  return Math.exp(-head * head) * Math.exp(-(x - head) * (x + head));
}

/** erfc(x) = 2/√π ∫ₓ^∞ e^{-t²} dt by Cody's rational approximations; full relative accuracy in the upper tail. */
export function erfc(x: number): number {
  const y = Math.abs(x);
  if (y <= 0.46875) {
    const square = y * y;
    return 1 - (x * polynomial(ERF_P, square)) / polynomial(ERF_Q, square);
  }
  let tail: number;
  if (y <= 4) tail = (expMinusSquare(y) * polynomial(MIDDLE_P, y)) / polynomial(MIDDLE_Q, y);
  else if (y > 27.3) tail = y > 0 ? 0 : Number.NaN;
  else {
    const inverse = 1 / (y * y);
    tail = (expMinusSquare(y) / y) * (INV_SQRT_PI - (inverse * polynomial(FAR_P, inverse)) / polynomial(FAR_Q, inverse));
  }
  return x < 0 ? 2 - tail : tail;
}

/** Φ(z), standard normal distribution function. */
export const normalCdf = (z: number): number => erfc(-z * SQRT_HALF) / 2;

/** 1 - Φ(z), computed as a tail. */
export const normalSf = (z: number): number => erfc(z * SQRT_HALF) / 2;

/** P(abs(Z) ≥ abs(z)). */
export const normalTwoSided = (z: number): number => erfc(Math.abs(z) * SQRT_HALF);

/** Density of the standard normal distribution, e^(-x²/2)/√(2π). */
export const normalDensity = (z: number): number => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);

// M. J. Wichura, Algorithm AS 241 (1988), PPND16: lowest power first.
const CENTRE_P = [
  3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987, 67265.7709270087, 33430.57558358813,
  2509.0809287301227,
];
const CENTRE_Q = [
  1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271, 28729.085735721943, 5226.495278852854,
];
const NEAR_P = [
  1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684, 0.2417807251774506,
  0.022723844989269184, 7.745450142783414e-4,
];
const NEAR_Q = [
  1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457, 5.475938084995345e-4,
  1.0507500716444169e-9,
];
const TAIL_P = [
  6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124, 0.0012426609473880784,
  2.7115555687434876e-5, 2.0103343992922881e-7,
];
const TAIL_Q = [
  1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 7.868691311456133e-4, 1.8463183175100548e-5, 1.421511758316446e-7,
  2.0442631033899397e-15,
];

/** Φ⁻¹(p), 0 ≤ p ≤ 1 (∓∞ at the ends), by Wichura's AS 241. */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  if (p === 0) return Number.NEGATIVE_INFINITY;
  if (p === 1) return Number.POSITIVE_INFINITY;
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(CENTRE_P, r)) / polynomial(CENTRE_Q, r);
  }
  const r = Math.sqrt(-Math.log(q < 0 ? p : 1 - p));
  const z = r <= 5 ? polynomial(NEAR_P, r - 1.6) / polynomial(NEAR_Q, r - 1.6) : polynomial(TAIL_P, r - 5) / polynomial(TAIL_Q, r - 5);
  return q < 0 ? -z : z;
}
