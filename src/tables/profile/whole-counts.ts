import { scaleOf, WHOLE_MAX, wholeAt } from '../../statistics/sort-numbers.ts';

/** Counted values as plain data: `counts[i]` values equal (least + i)/scale. */
export interface WholeCountsState {
  readonly scale: number;
  readonly least: number;
  readonly counts: Uint32Array<ArrayBuffer>;
  readonly n: number;
}

/** Cells of four bytes per value, so that counting never takes more memory than holding the values. */
const CELLS_PER_VALUE = 2;
/** No batch is longer than what is missing to 2^32. */
const COUNT_MAX = 2 ** 31;

/**
 * Counts values k/scale by k, where a column has few decimals in a range that is narrow for its length: all that sorting them would tell,
 * without holding or sorting them. Exact: a value that k/scale does not give back is refused.
 */
export class WholeCounts {
  readonly scale: number;
  #least: number;
  #counts: Uint32Array<ArrayBuffer>;
  n: number;

  private constructor({ scale, least, counts, n }: WholeCountsState) {
    this.scale = scale;
    this.#least = least;
    this.#counts = counts;
    this.n = n;
  }

  /** Counts of the values of all chunks; undefined where they cannot be counted, or not in less memory than they take. */
  static of(chunks: readonly Float64Array[]): WholeCounts | undefined {
    const longest = chunks.reduce((a, b) => (b.length > a.length ? b : a));
    const scale = scaleOf(longest);
    if (scale === undefined) return undefined;
    const n = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const chunk of chunks) {
      const range = rangeOf(chunk, scale);
      if (range === undefined) return undefined;
      low = Math.min(low, range.low);
      high = Math.max(high, range.high);
    }
    if (!(high - low < n * CELLS_PER_VALUE)) return undefined;
    const made = new WholeCounts({ scale, least: low, counts: new Uint32Array(high - low + 1), n: 0 });
    for (const chunk of chunks) made.#count(chunk, 1);
    return made;
  }

  static from(state: WholeCountsState): WholeCounts {
    return new WholeCounts(state);
  }

  state(): WholeCountsState {
    return { scale: this.scale, least: this.#least, counts: this.#counts, n: this.n };
  }

  /** Values that would take the memory of the counts; infinitely many when another one may not fit its cell of 32 bits. */
  get held(): number {
    return this.n > COUNT_MAX ? Number.POSITIVE_INFINITY : this.#counts.length / CELLS_PER_VALUE;
  }

  /** Counts the values; false, and nothing is changed, when they cannot be counted in less memory than they take. */
  add(values: Float64Array): boolean {
    const taken = this.#count(values, 1);
    if (taken === values.length) return true;
    this.#count(values.subarray(0, taken), -1);
    const range = rangeOf(values, this.scale);
    if (range === undefined || !this.#reach(range.low, range.high, this.n + values.length)) return false;
    this.#count(values, 1);
    return true;
  }

  /** Adds the counts of another; false, and nothing is changed, when both do not fit one range. */
  merge({ scale, least, counts, n }: WholeCountsState): boolean {
    if (scale !== this.scale || !this.#reach(least, least + counts.length - 1, this.n + n)) return false;
    const mine = this.#counts;
    const shift = least - this.#least;
    for (let i = 0; i < counts.length; i++) mine[i + shift]! += counts[i]!;
    this.n += n;
    return true;
  }

  /** Every value with how often it was seen, ascending. */
  each(use: (value: number, count: number) => void): void {
    const counts = this.#counts;
    for (let i = 0; i < counts.length; i++) {
      const count = counts[i]!;
      if (count > 0) use((this.#least + i) / this.scale + 0, count);
    }
  }

  /** The values themselves, ascending. */
  values(): Float64Array<ArrayBuffer> {
    const all = new Float64Array(this.n);
    let at = 0;
    this.each((value, count) => {
      all.fill(value, at, at + count);
      at += count;
    });
    return all;
  }

  /** Counts (or takes back, `by` -1) the values up to the first that has no place; returns how many. */
  #count(values: Float64Array, by: 1 | -1): number {
    const { scale } = this;
    const counts = this.#counts;
    const least = this.#least;
    let i = 0;
    for (; i < values.length; i++) {
      const value = values[i]!;
      const whole = wholeAt(value, scale);
      const place = whole - least;
      if (!(place >= 0 && place < counts.length && whole / scale === value)) break;
      counts[place]! += by;
    }
    this.n += i * by;
    return i;
  }

  /** Widens the range to hold low and high, when `n` values warrant it. */
  #reach(low: number, high: number, n: number): boolean {
    const cells = this.#counts.length;
    const last = this.#least + cells - 1;
    const [from, to] = [Math.min(low, this.#least), Math.max(high, last)];
    if (!(to - from < n * CELLS_PER_VALUE)) return false;
    if (from === this.#least && to === last) return true;
    // A column that rises with its rows asks for more with every batch: half as much again is made in advance.
    const spare = Math.min(Math.floor((to - from) / 2), n * CELLS_PER_VALUE - 1 - (to - from));
    const least = low < this.#least ? from - spare : from;
    const wider = new Uint32Array(to - from + 1 + spare);
    wider.set(this.#counts, this.#least - least);
    this.#counts = wider;
    this.#least = least;
    return true;
  }
}

/** Smallest and largest k of the values; undefined when one of them is not k/scale. */
function rangeOf(values: Float64Array, scale: number): { readonly low: number; readonly high: number } | undefined {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const whole = wholeAt(value, scale);
    if (whole / scale !== value) return undefined;
    low = whole < low ? whole : low;
    high = whole > high ? whole : high;
  }
  return low < -WHOLE_MAX || high > WHOLE_MAX ? undefined : { low, high };
}
