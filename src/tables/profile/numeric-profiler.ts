import { Moments, type MomentsState } from '../../statistics/moments.ts';
import { mergeSorted, sortParts } from '../../statistics/sort-numbers.ts';
import type { Edges, NumericProfile } from '../profile-types.ts';
import type { NumberColumn } from '../table.ts';
import { edgesOfWeighted, factsOfSorted, NO_EDGES } from './edges.ts';
import { HyperLogLog } from './hyperloglog.ts';
import { KLL_RANK_ERROR, Kll, type KllState } from './kll.ts';

const TOP_MAX = 20;

/** Totals as plain data. */
export interface TotalsState {
  readonly rows: number;
  readonly missing: number;
  readonly infinite: number;
  readonly min: number;
  readonly max: number;
  readonly moments: MomentsState;
}

/** What a numeric profiler knows, as plain data that can go to another thread: its values ascending, or a sketch of them. */
export type NumericState = { readonly totals: TotalsState } & (
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
    let { min, max } = this;
    let infinite = 0;
    for (let i = 0; i < present.length; i++) {
      const value = present[i];
      if (value < min) min = value;
      if (value > max) max = value;
      if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) infinite++;
    }
    this.min = min;
    this.max = max;
    this.infinite += infinite;
    const finite = infinite === 0 ? present : this.#withoutInfinite(present);
    this.moments.add(finite);
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

/** Profiles one numeric column: keeps its values to sort them at the end, until {@link sketch} is called; from then on a sketch. */
export class NumericProfiler {
  readonly name: string;
  readonly type: NumericProfile['type'];
  readonly #index: number;
  readonly #totals = new NumericTotals();
  #chunks: Float64Array<ArrayBuffer>[] = [];
  #held = 0;
  /** Every chunk is ascending: they came from other profilers. */
  #ascending = true;
  #sketch: { readonly quantiles: Kll; readonly distinct: HyperLogLog } | undefined;

  constructor(name: string, type: NumericProfile['type'], index: number) {
    this.name = name;
    this.type = type;
    this.#index = index;
  }

  /** Values held in memory. */
  get held(): number {
    return this.#held;
  }

  add(column: NumberColumn, rows: number): void {
    const present = this.#totals.add(column, rows);
    if (this.#sketch !== undefined) this.#feed(present);
    else if (present.length > 0) {
      this.#chunks.push(present.slice());
      this.#ascending = false;
      this.#held += present.length;
    }
  }

  /** Gives the held values to a sketch and frees them. */
  sketch(): void {
    if (this.#sketch !== undefined) return;
    this.#sketch = { quantiles: new Kll(this.#index), distinct: new HyperLogLog() };
    for (const chunk of this.#chunks) this.#feed(chunk);
    this.#chunks = [];
    this.#held = 0;
  }

  /** Takes the other's values over; the other is used up. */
  merge(other: NumericProfiler): void {
    this.#totals.merge(other.#totals);
    if (other.#sketch !== undefined) this.sketch();
    if (this.#sketch === undefined) {
      for (const chunk of other.#chunks) this.#chunks.push(chunk);
      this.#ascending &&= other.#ascending;
      this.#held += other.#held;
      return;
    }
    for (const chunk of other.#chunks) this.#feed(chunk);
    if (other.#sketch === undefined) return;
    this.#sketch.quantiles.merge(other.#sketch.quantiles);
    this.#sketch.distinct.merge(other.#sketch.distinct);
  }

  /** Sorts what is held. */
  state(): NumericState {
    const totals = this.#totals.state();
    if (this.#sketch === undefined) return { totals, ascending: this.#sorted() };
    return { totals, quantiles: this.#sketch.quantiles.state(), distinct: this.#sketch.distinct.state() };
  }

  /** Takes over what another profiler knows. */
  absorb(state: NumericState): void {
    const other = new NumericProfiler(this.name, this.type, this.#index);
    other.#totals.merge(state.totals);
    if ('ascending' in state) {
      other.#chunks = [state.ascending];
      other.#held = state.ascending.length;
    } else other.#sketch = { quantiles: Kll.from(state.quantiles, this.#index), distinct: HyperLogLog.from(state.distinct) };
    this.merge(other);
  }

  finish(): NumericProfile {
    if (this.#sketch === undefined) {
      const facts = factsOfSorted(this.#sorted(), TOP_MAX);
      const distinct = { value: facts.distinct, exact: true, once: facts.once };
      return this.#totals.profile(this.name, this.type, { distinct, distribution: facts.distribution, top: facts.top });
    }
    const { quantiles, distinct } = this.#sketch;
    const { values, weights } = quantiles.weighted();
    const { count, min, max } = this.#totals;
    const distribution: Edges = count === 0 ? NO_EDGES : edgesOfWeighted(values, weights, count, min, max, KLL_RANK_ERROR);
    return this.#totals.profile(this.name, this.type, { distinct: { value: distinct.estimate(), exact: false }, distribution, top: [] });
  }

  #sorted(): Float64Array<ArrayBuffer> {
    const sorted = this.#ascending && this.#chunks.length > 0 ? mergedAll(this.#chunks) : sortParts(this.#chunks);
    this.#chunks = [sorted];
    this.#ascending = true;
    return sorted;
  }

  #feed(values: Float64Array): void {
    if (this.#sketch === undefined) return;
    const { quantiles, distinct } = this.#sketch;
    for (let i = 0; i < values.length; i++) {
      quantiles.add(values[i] + 0);
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
