import { Moments, type MomentsState } from '../../statistics/moments.ts';
import { mergeSorted, sortParts } from '../../statistics/sort-numbers.ts';
import type { Edges, NumericProfile } from '../profile-types.ts';
import type { NumberColumn } from '../table.ts';
import { edgesOfWeighted, factsOfCounts, factsOfSorted, NO_EDGES } from './edges.ts';
import { HyperLogLog } from './hyperloglog.ts';
import { KLL_RANK_ERROR, Kll, type KllState } from './kll.ts';
import { WholeCounts, type WholeCountsState } from './whole-counts.ts';

const TOP_MAX = 20;
/** Fewer values are sorted as fast as they are counted. */
const COUNTED_MIN = 1 << 16;

/** Totals as plain data. */
export interface TotalsState {
  readonly rows: number;
  readonly missing: number;
  readonly infinite: number;
  readonly min: number;
  readonly max: number;
  readonly moments: MomentsState;
}

/** What a numeric profiler knows, as plain data that can go to another thread: its values counted or ascending, or a sketch of them. */
export type NumericState = { readonly totals: TotalsState } & (
  | { readonly counted: WholeCountsState }
  | { readonly ascending: Float64Array<ArrayBuffer> }
  | { readonly quantiles: KllState; readonly distinct: Uint8Array }
);

/** What every profile of a numeric column holds whatever becomes of its values. */
export class NumericTotals {
  rows = 0;
  missing = 0;
  infinite = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  readonly moments = new Moments();
  #present = new Float64Array(0);
  #finite = new Float64Array(0);

  get count(): number {
    return this.rows - this.missing;
  }

  /** Takes a batch in and returns its non-missing values; valid until the next call. */
  add(column: NumberColumn, rows: number): Float64Array {
    let present = column.values;
    if (column.missing !== undefined) {
      if (this.#present.length < rows) this.#present = new Float64Array(rows);
      let used = 0;
      for (let i = 0; i < rows; i++) if (column.missing[i] === 0) this.#present[used++] = column.values[i];
      present = this.#present.subarray(0, used);
    } else if (present.length !== rows) present = present.subarray(0, rows);
    this.rows += rows;
    this.missing += rows - present.length;
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < present.length; i++) {
      const value = present[i];
      min = value < min ? value : min;
      max = value > max ? value : max;
    }
    const finite = min === Number.NEGATIVE_INFINITY || max === Number.POSITIVE_INFINITY ? this.#withoutInfinite(present) : present;
    this.infinite += present.length - finite.length;
    this.moments.add(finite);
    this.min = Math.min(this.min, min);
    this.max = Math.max(this.max, max);
    return present;
  }

  state(): TotalsState {
    const { rows, missing, infinite, min, max } = this;
    return { rows, missing, infinite, min, max, moments: this.moments.state() };
  }

  merge(other: TotalsState): void {
    this.rows += other.rows;
    this.missing += other.missing;
    this.infinite += other.infinite;
    this.min = Math.min(this.min, other.min);
    this.max = Math.max(this.max, other.max);
    this.moments.merge(other.moments);
  }

  profile(name: string, type: NumericProfile['type'], rest: Pick<NumericProfile, 'distinct' | 'distribution' | 'top'>): NumericProfile {
    const { count, missing, infinite } = this;
    const { n, mean, rest: rounding, m2, m3, m4 } = this.moments;
    const moments = { n, mean: mean + rounding, m2, m3, m4 };
    const range = count === 0 ? {} : { min: this.min + 0, max: this.max + 0 };
    return { kind: 'numeric', name, type, count, missing, ...range, infinite, moments, ...rest };
  }

  #withoutInfinite(present: Float64Array): Float64Array {
    if (this.#finite.length < present.length) this.#finite = new Float64Array(present.length);
    let used = 0;
    for (const value of present) if (Number.isFinite(value)) this.#finite[used++] = value;
    return this.#finite.subarray(0, used);
  }
}

/**
 * Profiles one numeric column: counts its values where they are whole numbers or decimals in a narrow range, else keeps them to sort them
 * at the end, until {@link sketch} is called; from then on a sketch.
 */
export class NumericProfiler {
  readonly name: string;
  readonly type: NumericProfile['type'];
  readonly #index: number;
  readonly #totals = new NumericTotals();
  #chunks: Float64Array<ArrayBuffer>[] = [];
  #held = 0;
  /** Every chunk is ascending: they came from other profilers. */
  #ascending = true;
  /** In place of the chunks, while it takes every value. */
  #counts: WholeCounts | undefined;
  /** Values held from which on counting them is tried (again). */
  #countFrom = COUNTED_MIN;
  #sketch: { readonly quantiles: Kll; readonly distinct: HyperLogLog } | undefined;

  constructor(name: string, type: NumericProfile['type'], index: number) {
    this.name = name;
    this.type = type;
    this.#index = index;
  }

  /** Values held in memory, or as many as take the memory of the counts. */
  get held(): number {
    return this.#counts?.held ?? this.#held;
  }

  /** Values that are still to be sorted. */
  get unsorted(): number {
    return this.#held;
  }

  add(column: NumberColumn, rows: number): void {
    const present = this.#totals.add(column, rows);
    if (this.#sketch !== undefined) this.#feed(present);
    else if (present.length > 0 && !this.#counted(present)) {
      this.#chunks.push(present.slice());
      this.#ascending = false;
      this.#held += present.length;
      this.#tryCounting();
    }
  }

  /** Gives the held values to a sketch and frees them. */
  sketch(): void {
    if (this.#sketch !== undefined) return;
    this.#sketch = { quantiles: new Kll(this.#index), distinct: new HyperLogLog() };
    for (const chunk of this.#chunks) this.#feed(chunk);
    this.#counts?.each((value, count) => this.#feed(Float64Array.of(value), count));
    this.#chunks = [];
    this.#counts = undefined;
    this.#held = 0;
  }

  /** Takes the other's values over; the other is used up. */
  merge(other: NumericProfiler): void {
    this.#totals.merge(other.#totals);
    if (other.#sketch !== undefined) this.sketch();
    if (this.#sketch === undefined) {
      if (other.#counts !== undefined && this.#held === 0) {
        this.#counts ??= WholeCounts.from({ ...other.#counts.state(), counts: new Uint32Array(0), n: 0 });
        if (this.#counts.merge(other.#counts.state())) return;
      }
      this.#hold();
      other.#hold();
      for (const chunk of other.#chunks) this.#chunks.push(chunk);
      this.#ascending &&= other.#ascending;
      this.#held += other.#held;
      return;
    }
    for (const chunk of other.#chunks) this.#feed(chunk);
    other.#counts?.each((value, count) => this.#feed(Float64Array.of(value), count));
    if (other.#sketch === undefined) return;
    this.#sketch.quantiles.merge(other.#sketch.quantiles);
    this.#sketch.distinct.merge(other.#sketch.distinct);
  }

  /** Sorts what is held. */
  state(): NumericState {
    const totals = this.#totals.state();
    if (this.#counts !== undefined) return { totals, counted: this.#counts.state() };
    if (this.#sketch === undefined) return { totals, ascending: this.#sorted() };
    return { totals, quantiles: this.#sketch.quantiles.state(), distinct: this.#sketch.distinct.state() };
  }

  /** Takes over what another profiler knows. */
  absorb(state: NumericState): void {
    const other = new NumericProfiler(this.name, this.type, this.#index);
    other.#totals.merge(state.totals);
    if ('counted' in state) other.#counts = WholeCounts.from(state.counted);
    else if ('ascending' in state) {
      other.#chunks = [state.ascending];
      other.#held = state.ascending.length;
    } else other.#sketch = { quantiles: Kll.from(state.quantiles, this.#index), distinct: HyperLogLog.from(state.distinct) };
    this.merge(other);
  }

  finish(): NumericProfile {
    if (this.#sketch === undefined) {
      const facts = this.#counts === undefined ? factsOfSorted(this.#sorted(), TOP_MAX) : factsOfCounts(this.#counts, TOP_MAX);
      const distinct = { value: facts.distinct, exact: true, once: facts.once };
      return this.#totals.profile(this.name, this.type, { distinct, distribution: facts.distribution, top: facts.top });
    }
    const { quantiles, distinct } = this.#sketch;
    const { values, weights } = quantiles.weighted();
    const { count, min, max } = this.#totals;
    const distribution: Edges = count === 0 ? NO_EDGES : edgesOfWeighted(values, weights, count, min, max, KLL_RANK_ERROR);
    return this.#totals.profile(this.name, this.type, { distinct: { value: distinct.estimate(), exact: false }, distribution, top: [] });
  }

  /** Counts the values; false when they must be held. */
  #counted(values: Float64Array): boolean {
    if (this.#counts === undefined) return false;
    if (this.#counts.add(values)) return true;
    this.#hold();
    return false;
  }

  /** From time to time: the longer the column, the wider a range is worth counting in. */
  #tryCounting(): void {
    if (this.#held < this.#countFrom) return;
    this.#countFrom = this.#held * 2;
    this.#counts = WholeCounts.of(this.#chunks);
    if (this.#counts === undefined) return;
    this.#chunks = [];
    this.#held = 0;
  }

  /** Turns what was counted into values. */
  #hold(): void {
    if (this.#counts === undefined) return;
    const values = this.#counts.values();
    this.#counts = undefined;
    this.#chunks.push(values);
    this.#held += values.length;
    this.#countFrom = Math.max(this.#countFrom, this.#held * 2);
  }

  #sorted(): Float64Array<ArrayBuffer> {
    const sorted = this.#ascending && this.#chunks.length > 0 ? mergedAll(this.#chunks) : sortParts(this.#chunks);
    this.#chunks = [sorted];
    this.#ascending = true;
    return sorted;
  }

  #feed(values: Float64Array, times = 1): void {
    if (this.#sketch === undefined) return;
    const { quantiles, distinct } = this.#sketch;
    for (let i = 0; i < values.length; i++) {
      for (let time = 0; time < times; time++) quantiles.add(values[i] + 0);
      distinct.addNumber(values[i]);
    }
  }
}

/** Neighbours by neighbours, so that no value is moved more often than there are doublings. */
function mergedAll(parts: readonly Float64Array<ArrayBuffer>[]): Float64Array<ArrayBuffer> {
  let left = parts;
  while (left.length > 1) {
    const pairs: Float64Array<ArrayBuffer>[] = [];
    for (let i = 0; i < left.length; i += 2) {
      const [a, b] = [left[i], left[i + 1]];
      pairs.push(b === undefined ? a : mergeSorted(a, b));
    }
    left = pairs;
  }
  return left[0];
}
