import { normalCdf, normalDensity, normalQuantile } from '../special/normal.ts';

export interface Power {
  /** Two-sided; .05 unless asked otherwise. */
  readonly alpha?: number;
  /** .8 unless asked otherwise. */
  readonly power?: number;
}

const factor = ({ alpha = 0.05, power = 0.8 }: Power): number => normalQuantile(1 - alpha / 2) + normalQuantile(power);

/** Smallest true difference seen with the given power (S24): (z_{1-α/2} + z_{power})·SE of the paired difference. */
export const smallestDifference = (standardError: number, power: Power = {}): number => factor(power) * standardError;

/** The same for 0/1 metrics, whose SE under no difference is √(b + c)/n with b + c discordant rows of n. */
export const smallestShareDifference = (discordant: number, n: number, power: Power = {}): number =>
  smallestDifference(Math.sqrt(discordant) / n, power);

/** Rows needed to see a difference δ when row-wise differences have deviation σ: (z + z)²σ²/δ², not rounded. */
export const rowsNeeded = (deviation: number, difference: number, power: Power = {}): number =>
  ((factor(power) * deviation) / difference) ** 2;

/** Cohen's h: 2 asin √p₁ - 2 asin √p₂. */
export const cohenH = (p1: number, p2: number): number => 2 * Math.asin(Math.sqrt(p1)) - 2 * Math.asin(Math.sqrt(p2));

/**
 * Rows needed per side to tell two independent shares apart, by Cohen's h, not rounded. Solves Φ(δ - z) + Φ(-δ - z) = power for
 * δ = h√(n/2): the chance to reject on the wrong side counts as well.
 */
export function rowsPerSide(p1: number, p2: number, { alpha = 0.05, power = 0.8 }: Power = {}): number {
  const z = normalQuantile(1 - alpha / 2);
  let shift = z + normalQuantile(power);
  for (let step = 0; step < 20; step++) {
    const gap = normalCdf(shift - z) + normalCdf(-shift - z) - power;
    shift -= gap / (normalDensity(shift - z) - normalDensity(-shift - z));
  }
  return 2 * (shift / cohenH(p1, p2)) ** 2;
}
