import { binomialCdf, binomialPmf } from '../special/discrete.ts';
import { chiSquareSf } from '../special/distributions.ts';
import type { TestResult } from '../tests/tested.ts';

/** Rows where only one of two models is right: b the candidate, c the champion. */
function requireDiscordant(b: number, c: number): void {
  if (!(Number.isInteger(b) && Number.isInteger(c) && b >= 0 && c >= 0))
    throw new RangeError(`discordant counts are whole and ≥ 0, not ${b} and ${c}`);
}

/** McNemar's exact test: min(1, 2·P(K ≤ min(b, c))), K ~ Binomial(b + c, ½); 1 without discordant rows. */
export function mcnemarExact(b: number, c: number): TestResult {
  requireDiscordant(b, c);
  const least = Math.min(b, c);
  return { statistic: least, p: b + c === 0 ? 1 : Math.min(1, 2 * binomialCdf(least, b + c, 0.5)), method: 'exact' };
}

/** The mid-p version: the observed count weighs half; 1 when b = c. */
export function mcnemarMidP(b: number, c: number): TestResult {
  requireDiscordant(b, c);
  const least = Math.min(b, c);
  const p = b === c ? 1 : 2 * binomialCdf(least, b + c, 0.5) - binomialPmf(least, b + c, 0.5);
  return { statistic: least, p: Math.min(1, p), method: 'mid-p' };
}

/** (b - c)²/(b + c) against χ²₁, or (abs(b - c) - 1)²/(b + c) with correction; 1 without discordant rows. */
export function mcnemarChiSquare(b: number, c: number, corrected = false): TestResult {
  requireDiscordant(b, c);
  if (b + c === 0) return { statistic: 0, p: 1, df: 1, method: 'chi-square' };
  const gap = corrected ? Math.max(0, Math.abs(b - c) - 1) : b - c;
  const statistic = (gap * gap) / (b + c);
  return { statistic, p: chiSquareSf(statistic, 1), df: 1, method: corrected ? 'chi-square-corrected' : 'chi-square' };
}
