import type { Numbers } from './numbers.ts';

export const DIGIT_BITS = 11;
export const BUCKETS = 1 << DIGIT_BITS;
const MASK = BUCKETS - 1;
export const DIGITS = 6;
/** Below this the engine's own sort is faster. */
export const SMALL = 2048;

/** A sorted copy. -0 becomes 0, NaN sorts last. At most 16 bytes a value while it runs. */
export function sortNumbers(values: Numbers): Float64Array<ArrayBuffer> {
  return sortInPlace(new Float64Array(values));
}

/** The values of all parts, sorted: what {@link sortNumbers} gives for their concatenation. */
export function sortParts(parts: readonly Float64Array[]): Float64Array<ArrayBuffer> {
  const all = new Float64Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return sortInPlace(all);
}

/**
 * Sorts an array that the caller gives away; the result may be another one. Ascending values are left as they are, whole numbers and
 * decimals of few places in a small range are counted, everything else goes through a radix sort.
 */
export function sortInPlace(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  if (values.length < SMALL) {
    for (let i = 0; i < values.length; i++) values[i] += 0;
    return values.sort();
  }
  return isAscending(values) ? withoutNegativeZero(values) : sortByCounting(values) ? values : sortByRadix(values);
}

/** Two ascending arrays as one. */
export function mergeSorted(a: Float64Array, b: Float64Array): Float64Array<ArrayBuffer> {
  const merged = new Float64Array(a.length + b.length);
  let i = 0;
  let j = 0;
  let at = 0;
  while (i < a.length && j < b.length) merged[at++] = a[i]! <= b[j]! ? a[i++]! : b[j++]!;
  merged.set(i < a.length ? a.subarray(i) : b.subarray(j), at);
  return merged;
}

function isAscending(values: Float64Array): boolean {
  let before = values[0]!;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!(value >= before)) return false;
    before = value;
  }
  return true;
}

function withoutNegativeZero(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  for (let i = 0; i < values.length; i++) values[i] += 0;
  return values;
}

const SCALES = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];
const SAMPLED = 64;
/** Cells of four bytes that counting may use beside the values. */
const CELLS_MIN = 1 << 16;
/** Beyond it k/scale does not tell every k from its neighbours. */
export const WHOLE_MAX = 2 ** 51;

/** The whole number k nearest to value · scale; the value is k/scale if that division gives it back. */
export const wholeAt = (value: number, scale: number): number => Math.floor(value * scale + 0.5);

/** The smallest power of ten that turns values into whole numbers k, such that k/scale is the value again; of a sample. */
export function scaleOf(values: Float64Array): number | undefined {
  let at = 0;
  const step = Math.max(1, Math.floor(values.length / SAMPLED));
  for (let i = 0; i < values.length; i += step) {
    const value = values[i]!;
    while (at < SCALES.length && wholeAt(value, SCALES[at]!) / SCALES[at]! !== value) at++;
    if (at === SCALES.length) return undefined;
  }
  return SCALES[at];
}

/** Sorts by counting each value k/scale when all values are such and their range is narrow enough; else does nothing. */
function sortByCounting(values: Float64Array): boolean {
  const scale = scaleOf(values);
  if (scale === undefined) return false;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const whole = wholeAt(value, scale);
    if (whole / scale !== value) return false;

    if (whole < least) least = whole;
    if (whole > most) most = whole;
  }
  const cells = most - least + 1;
  if (cells > Math.max(CELLS_MIN, values.length / 2) || least < -WHOLE_MAX || most > WHOLE_MAX) return false;
  const counts = new Uint32Array(cells);
  for (let i = 0; i < values.length; i++) counts[wholeAt(values[i]!, scale) - least]!++;
  let at = 0;
  for (let cell = 0; cell < cells; cell++) {
    const count = counts[cell]!;
    if (count === 0) continue;
    const value = (cell + least) / scale + 0;
    for (const end = at + count; at < end; at++) values[at] = value;
  }
  return true;
}

/** How often every digit occurs in the bits of the values, for all six digits in one pass. */
export function countDigits(words: Uint32Array): Uint32Array {
  const counts = new Uint32Array(DIGITS * BUCKETS);
  for (let i = 0; i < words.length; i += 2) {
    const low = words[i]!;
    const high = words[i + 1]!;
    counts[low & MASK]!++;
    counts[BUCKETS + ((low >>> 11) & MASK)]!++;
    counts[2 * BUCKETS + (((low >>> 22) | (high << 10)) & MASK)]!++;
    counts[3 * BUCKETS + ((high >>> 1) & MASK)]!++;
    counts[4 * BUCKETS + ((high >>> 12) & MASK)]!++;
    counts[5 * BUCKETS + (high >>> 23)]!++;
  }
  return counts;
}

/** Where each bucket of digit `d` begins, or undefined when all values share the digit and the pass can be left out. */
export function bucketStarts(counts: Uint32Array, d: number, n: number): Uint32Array | undefined {
  const starts = new Uint32Array(BUCKETS);
  let at = 0;
  for (let b = 0; b < BUCKETS; b++) {
    const count = counts[d * BUCKETS + b]!;
    if (count === n) return undefined;
    starts[b] = at;
    at += count;
  }
  return starts;
}

/**
 * Least-significant-digit radix sort by the bits of the doubles, 11 at a time. The numbers move as they are; bits order negative ones
 * after the positive and by size, which the end puts right.
 */
function sortByRadix(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  let n = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isNaN(value)) values[n++] = value + 0;
  }
  let from = values.subarray(0, n);
  let to = new Float64Array(values.length).subarray(0, n);
  const counts = countDigits(wordsOf(from));
  for (let d = 0; d < DIGITS; d++) {
    const starts = bucketStarts(counts, d, n);
    if (!starts) continue;
    distribute(from, to, starts, d);
    [from, to] = [to, from];
  }
  let negative = 0;
  while (negative < n && from[n - 1 - negative]! < 0) negative++;
  if (negative > 0) {
    for (let i = 0; i < negative; i++) to[i] = from[n - 1 - i]!;
    to.set(from.subarray(0, n - negative), negative);
    from = to;
  }
  return new Float64Array(from.buffer).fill(Number.NaN, n);
}

const wordsOf = (values: Float64Array): Uint32Array => new Uint32Array(values.buffer, values.byteOffset, values.length * 2);

function distribute(from: Float64Array, to: Float64Array, starts: Uint32Array, d: number): void {
  const words = wordsOf(from);
  const n = from.length;
  if (d < 2) {
    const shift = d * DIGIT_BITS;
    for (let i = 0; i < n; i++) to[starts[(words[2 * i]! >>> shift) & MASK]!++] = from[i]!;
  } else if (d === 2) {
    for (let i = 0; i < n; i++) to[starts[((words[2 * i]! >>> 22) | (words[2 * i + 1]! << 10)) & MASK]!++] = from[i]!;
  } else {
    const shift = d * DIGIT_BITS - 32;
    for (let i = 0; i < n; i++) to[starts[(words[2 * i + 1]! >>> shift) & MASK]!++] = from[i]!;
  }
}
