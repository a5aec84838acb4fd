import { sortNumbers } from '../../statistics/sort-numbers.ts';
import { byCodePoint } from '../code-point-order.ts';
import { linearQuantile } from '../expression/fits.ts';
import type { NumberList } from '../row-keys.ts';

export interface NumberChoices {
  readonly impute: 'median' | 'mean' | 'mode' | 'none' | { readonly constant: number };
  /** Interquartile ranges beyond the quartiles; undefined: no cap. */
  readonly capFactor: number | undefined;
  readonly scale: 'standard' | 'minmax' | 'none';
}

export interface FittedNumber {
  readonly fill?: number;
  readonly cap?: { readonly low: number; readonly high: number };
  readonly scale?: { readonly shift: number; readonly by: number };
  /** One value only, once missing cells are filled. */
  readonly constant: boolean;
  /** A cap was asked for, but half of the rows hold one value: the quartiles are equal and a cap would flatten the rest. */
  readonly uncapped: boolean;
}

/**
 * Fits one number column: `list` its non-missing values in any order (at least one), `missing` how many are missing.
 * Equal to scikit-learn's SimpleImputer, a clip at the fences, and StandardScaler or MinMaxScaler, one after the other.
 */
export function fitNumber(list: NumberList, missing: number, choices: NumberChoices): FittedNumber {
  const sorted = sortNumbers(list.view());
  const fill = fillOf(sorted, choices.impute);
  const fences = choices.capFactor === undefined ? undefined : fencesOf(sorted, choices.capFactor);
  const uncapped = fences !== undefined && fences.low === fences.high;
  const cap = uncapped ? undefined : fences;
  const clip = (x: number) => (cap ? Math.min(Math.max(x, cap.low), cap.high) : x);
  const filled = fill === undefined ? 0 : missing;
  const low = Math.min(clip(sorted[0]!), filled > 0 ? clip(fill!) : Number.POSITIVE_INFINITY);
  const high = Math.max(clip(sorted.at(-1)!), filled > 0 ? clip(fill!) : Number.NEGATIVE_INFINITY);
  const scale =
    choices.scale === 'none'
      ? undefined
      : choices.scale === 'minmax'
        ? { shift: low, by: high - low || 1 }
        : standard(sorted, clip, fill, filled);
  return {
    ...(fill !== undefined && { fill }),
    ...(cap && { cap }),
    ...(scale && { scale }),
    constant: low === high && (missing === 0 || filled > 0),
    uncapped,
  };
}

function fillOf(sorted: Float64Array, impute: NumberChoices['impute']): number | undefined {
  if (typeof impute === 'object') return impute.constant;
  if (impute === 'none') return undefined;
  if (impute === 'median') return linearQuantile(sorted, 0.5);
  return impute === 'mean' ? meanOf(sorted, (x) => x, 0, 0) : modeOf(sorted);
}

/** Most frequent value, the smallest of several. */
function modeOf(sorted: Float64Array): number {
  let mode = sorted[0]!;
  let most = 0;
  for (let from = 0; from < sorted.length; ) {
    let to = from + 1;
    while (to < sorted.length && sorted[to] === sorted[from]) to++;
    if (to - from > most) [mode, most] = [sorted[from]!, to - from];
    from = to;
  }
  return mode;
}

function fencesOf(sorted: Float64Array, factor: number): { readonly low: number; readonly high: number } {
  const [q1, q3] = [linearQuantile(sorted, 0.25), linearQuantile(sorted, 0.75)];
  return { low: q1 - factor * (q3 - q1), high: q3 + factor * (q3 - q1) };
}

/** Neumaier sum over the clipped values and `times` × `extra`, divided by their number. */
function meanOf(sorted: Float64Array, of: (x: number) => number, extra: number, times: number): number {
  let sum = extra * times;
  let lost = 0;
  for (const raw of sorted) {
    const x = of(raw);
    const next = sum + x;
    lost += Math.abs(sum) >= Math.abs(x) ? sum - next + x : x - next + sum;
    sum = next;
  }
  return (sum + lost) / (sorted.length + times);
}

function standard(
  sorted: Float64Array,
  clip: (x: number) => number,
  fill: number | undefined,
  filled: number,
): { shift: number; by: number } {
  const extra = filled > 0 ? clip(fill!) : 0;
  const mean = meanOf(sorted, clip, extra, filled);
  const variance = meanOf(sorted, (x) => (clip(x) - mean) ** 2, (extra - mean) ** 2, filled);
  const n = sorted.length + filled;
  // scikit-learn takes a variance that is only rounding for 0, and then does not divide.
  const rounding = n * Number.EPSILON * variance + (n * mean * Number.EPSILON) ** 2;
  return { shift: mean, by: variance <= rounding ? 1 : Math.sqrt(variance) };
}

/** How often each text was seen; stops taking new ones at `limit`. */
export class TextCounts {
  readonly counts = new Map<string, number>();
  missing = 0;
  present = 0;
  /** There are more different texts than were kept. */
  overflowed = false;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(codes: Int32Array, dictionary: readonly string[]): void {
    const seen = new Float64Array(dictionary.length);
    for (const code of codes) {
      if (code < 0) this.missing++;
      else seen[code]!++;
    }
    for (let code = 0; code < seen.length; code++) {
      if (seen[code] === 0) continue;
      this.present += seen[code]!;
      const text = dictionary[code]!;
      const before = this.counts.get(text);
      if (before !== undefined) this.counts.set(text, before + seen[code]!);
      else if (this.counts.size < this.#limit) this.counts.set(text, seen[code]!);
      else this.overflowed = true;
    }
  }

  /** Most frequent text, the smallest (by code point) of several. */
  mode(): string {
    let mode = '';
    let most = 0;
    for (const [text, count] of this.counts) {
      if (count > most || (count === most && byCodePoint(text, mode) < 0)) [mode, most] = [text, count];
    }
    return mode;
  }
}

/** Scaling of codes that stand for categories, from how often each occurred. */
export function fitCodes(
  values: readonly number[],
  counts: readonly number[],
  scale: NumberChoices['scale'],
): { shift: number; by: number } | undefined {
  if (scale === 'none') return undefined;
  const seen = values.filter((_, i) => counts[i]! > 0);
  if (scale === 'minmax') return { shift: Math.min(...seen), by: Math.max(...seen) - Math.min(...seen) || 1 };
  const n = counts.reduce((sum, count) => sum + count, 0);
  const mean = values.reduce((sum, value, i) => sum + value * counts[i]!, 0) / n;
  const variance = values.reduce((sum, value, i) => sum + (value - mean) ** 2 * counts[i]!, 0) / n;
  return { shift: mean, by: variance === 0 ? 1 : Math.sqrt(variance) };
}
