import type { Numbers } from './numbers.ts';
import { BUCKETS, bucketStarts, countDigits, DIGIT_BITS, DIGITS, SMALL } from './sort-numbers.ts';

export { sortNumbers } from './sort-numbers.ts';

/** Doubles as pairs of 32-bit words (low, high) whose unsigned order is the order of the numbers; -0 becomes 0, NaN sorts last. */
function toKeys(values: Numbers, keys: Float64Array): Uint32Array {
  for (let i = 0; i < values.length; i++) keys[i] = values[i]! + 0;
  const words = new Uint32Array(keys.buffer, keys.byteOffset, keys.length * 2);
  for (let i = 1; i < words.length; i += 2) {
    const high = words[i]!;
    if ((high & 0x7ff00000) === 0x7ff00000 && ((high & 0xfffff) | words[i - 1]!) !== 0) {
      words[i] = 0xffffffff;
      words[i - 1] = 0xffffffff;
    } else if (high >>> 31 === 1) {
      words[i] = ~high;
      words[i - 1] = ~words[i - 1]!;
    } else words[i] = high ^ 0x80000000;
  }
  return words;
}

/** Digit `d` of the key (low, high): bits 11d … 11d + 10. */
function digitOf(low: number, high: number, d: number): number {
  if (d < 2) return (low >>> (d * DIGIT_BITS)) & (BUCKETS - 1);
  if (d === 2) return ((low >>> 22) | (high << 10)) & (BUCKETS - 1);
  return (high >>> (d * DIGIT_BITS - 32)) & (BUCKETS - 1);
}

/** The stable ascending order of the values: `values[order[0]] ≤ values[order[1]] ≤ …`; NaN last. 24 bytes a value while it runs. */
export function sortOrder(values: Numbers): Uint32Array<ArrayBuffer> {
  const n = values.length;
  let order = new Uint32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  if (n < SMALL) return order.sort((a, b) => compareNumbers(values[a]!, values[b]!) || a - b);
  const keys = new Float64Array(n);
  const words = toKeys(values, keys);
  const counts = countDigits(words);
  let next = new Uint32Array(n);
  for (let d = 0; d < DIGITS; d++) {
    const starts = bucketStarts(counts, d, n);
    if (!starts) continue;
    for (let i = 0; i < n; i++) {
      const row = order[i]!;
      next[starts[digitOf(words[2 * row]!, words[2 * row + 1]!, d)]!++] = row;
    }
    [order, next] = [next, order];
  }
  return order;
}

function compareNumbers(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  return Number.isNaN(a) ? (Number.isNaN(b) ? 0 : 1) : -1;
}

/** Midranks from 1: tied values share the mean of their places. `order` is `sortOrder(values)` where it is known already. */
export function midranks(values: Numbers, order: Uint32Array = sortOrder(values)): Float64Array<ArrayBuffer> {
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    const rank = (start + 1 + end) / 2;
    for (let i = start; i < end; i++) ranks[order[i]!] = rank;
    start = end;
  }
  return ranks;
}

/** Σ(t³ - t) over the runs of tied values in a sorted sample: the tie term of rank tests. */
export function tieTerm(sorted: Numbers): number {
  let total = 0;
  for (let start = 0; start < sorted.length; ) {
    let end = start + 1;
    while (end < sorted.length && sorted[end] === sorted[start]) end++;
    const t = end - start;
    total += t * t * t - t;
    start = end;
  }
  return total;
}
