import { BadInput } from '../tables/bad-input.ts';

/** A column of numbers; rows in messages count from 1. */
export type Numbers = Float64Array | readonly number[];

/** Refuses missing values (NaN); ±∞ stays a value of an ordered sample. */
export function requirePresent(values: Numbers, what: string): void {
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i]!))
      throw new BadInput(
        'missing-value',
        `${what}: expected a number, found a missing value (NaN).`,
        { row: i + 1 },
        'leave the row out, or fill the value',
      );
  }
}

/** Refuses missing and infinite values. */
export function requireFinite(values: Numbers, what: string): void {
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i]!)) continue;
    const code = Number.isNaN(values[i]!) ? 'missing-value' : 'non-finite';
    throw new BadInput(
      code,
      `${what}: expected a finite number, found ${values[i]}.`,
      { row: i + 1 },
      'leave the row out, or mend the value',
    );
  }
}

/** Refuses columns of different lengths. */
export function requireSameLength(a: { readonly length: number }, b: { readonly length: number }, what: string): void {
  if (a.length !== b.length) {
    throw new BadInput('length-mismatch', `${what}: expected two columns of the same rows, found ${a.length} and ${b.length}.`);
  }
}

/** Refuses counts that are negative, missing or infinite. */
export function requireCounts(counts: Numbers, what: string): void {
  for (let i = 0; i < counts.length; i++) {
    if (!(counts[i]! >= 0) || counts[i] === Number.POSITIVE_INFINITY) {
      throw new BadInput('bad-count', `${what}: expected a count of 0 or more, found ${counts[i]}.`, { row: i + 1 });
    }
  }
}

/** Σ values, Neumaier's compensated sum: ten times .1 gives 1. */
export function sum(values: Numbers): number {
  let total = 0;
  let lost = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return Number.isFinite(lost) ? total + lost : total;
}

/** Σ values / n; NaN when empty. Scaled when the sum leaves the range of doubles. */
export function mean(values: Numbers): number {
  const total = sum(values);
  if (Number.isFinite(total) || values.length === 0) return total / values.length;
  let scaled = 0;
  for (let i = 0; i < values.length; i++) scaled += values[i]! / values.length;
  return scaled;
}

/** Variance about the mean: ddof 1 (sample, default) or 0. Two passes with the corrected sum; NaN when n ≤ ddof. */
export function variance(values: Numbers, ddof: 0 | 1 = 1): number {
  const n = values.length;
  if (n <= ddof) return Number.NaN;
  return centredSquares(values, mean(values)) / (n - ddof);
}

/** Σ(x - centre)² less the square of what the rounding of the centre left. */
export function centredSquares(values: Numbers, centre: number): number {
  let squares = 0;
  let rest = 0;
  for (let i = 0; i < values.length; i++) {
    const d = values[i]! - centre;
    squares += d * d;
    rest += d;
  }
  return values.length === 0 ? 0 : Math.max(0, squares - (rest * rest) / values.length);
}
