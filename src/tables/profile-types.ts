import type { ColumnType } from './table.ts';

/** Form of a stored profile. A newer major is refused on reading. */
export const PROFILE_SCHEMA = 'retrain/profile/1';

/** Equi-depth edges of a numeric column; 10,000 is divisible by 10, so the deciles of S17 are among them. */
export const EDGES_MAX = 10_000;

/** Values a categorical column may have before it counts as high-cardinality. */
export const CATEGORIES_MAX = 10_000;

/** What is known of a table without its rows. Columns stand in the order of the table. */
export interface Profile {
  readonly schema: typeof PROFILE_SCHEMA;
  readonly rows: number;
  readonly columns: readonly ColumnProfile[];
}

export type ColumnProfile = NumericProfile | CategoricalProfile;

/** Different values among the non-missing. `exact` up to 1,000,000, then a HyperLogLog estimate (p = 14, standard error 0.81 %). */
export interface Distinct {
  readonly value: number;
  readonly exact: boolean;
  /** Values seen exactly once; absent when not exact. */
  readonly once?: number;
}

/** Sums about the mean of the finite values: m2 = Σ(x-mean)², m3 and m4 alike; `Moments.from({ ...moments, rest: 0 })` of statistics gives the rest. */
export interface Moments {
  readonly n: number;
  readonly mean: number;
  readonly m2: number;
  readonly m3: number;
  readonly m4: number;
}

/**
 * The distribution function of the column, known at the edges. All three have the same length (0 when the column is empty):
 * `edges` strictly ascending (may start with -Infinity and end with Infinity), `below[i]` = number of values < edges[i],
 * `atOrBelow[i]` = number of values ≤ edges[i].
 *
 * - up to 10,000 different values: the edges are all of them (`complete`), so the distribution is known exactly;
 * - above: edge i is the `inverted_cdf` quantile at i/10,000, i = 0…10,000 (smallest and largest value included), equal ones once;
 * - of a table counted on another profile's edges ({@link Profile} from `countOnEdges`): those edges; values may lie outside them.
 */
export interface Edges {
  readonly edges: Float64Array;
  readonly below: Float64Array;
  readonly atOrBelow: Float64Array;
  /** Every value is an edge. */
  readonly complete: boolean;
  /** Largest error of `below` and `atOrBelow` as a share of `count`: 0 when counted exactly, the sketch's error otherwise. */
  readonly rankError: number;
}

/** A number, integer, date or timestamp (the last two in milliseconds since 1970, UTC). */
export interface NumericProfile {
  readonly kind: 'numeric';
  readonly name: string;
  readonly type: Exclude<ColumnType, 'text' | 'boolean'>;
  /** Non-missing values, infinite ones included. */
  readonly count: number;
  readonly missing: number;
  /** Absent when the values were counted on another profile's edges. */
  readonly distinct?: Distinct;
  /** Absent when the column is empty. */
  readonly min?: number;
  readonly max?: number;
  /** Values that are ±Infinity: part of `count` and of the edges, not of the moments. */
  readonly infinite: number;
  readonly moments: Moments;
  readonly distribution: Edges;
  /** Most frequent values first (ties: smaller value first), at most 20; empty when none could be counted exactly. */
  readonly top: readonly { readonly value: number; readonly count: number }[];
}

/** Text, or a boolean (values `true` and `false`). */
export interface CategoricalProfile {
  readonly kind: 'categorical';
  readonly name: string;
  readonly type: 'text' | 'boolean';
  readonly count: number;
  readonly missing: number;
  readonly distinct: Distinct;
  /** Length of the texts in UTF-16 units. */
  readonly length?: { readonly min: number; readonly max: number; readonly mean: number };
  /**
   * Count descending, then UTF-8 bytes ascending. All values when `complete` (at most 10,000);
   * else the column is high-cardinality and these are its 100 most frequent, as far as they were counted.
   */
  readonly values: readonly { readonly value: string; readonly count: number }[];
  readonly complete: boolean;
}
