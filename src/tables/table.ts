/** `timestamp` and `date` are milliseconds since 1970-01-01T00:00Z, a double that may have a fraction. */
export type ColumnType = 'number' | 'integer' | 'boolean' | 'date' | 'timestamp' | 'text';

export interface Field {
  readonly name: string;
  readonly type: ColumnType;
}

export type Schema = readonly Field[];

/** Numbers, booleans (0/1), dates. A missing value is NaN in `values` **and** 1 in `missing`; NaN alone never occurs. */
export interface NumberColumn {
  readonly kind: 'number';
  readonly values: Float64Array;
  /** One byte a row, 1 = missing; absent when nothing is. */
  readonly missing?: Uint8Array;
}

/**
 * Text by code into a dictionary of this batch alone; code -1 is missing. The dictionary may hold texts that no row uses, and batches may
 * share the same array: what was worked out per entry may be kept while the array is the same.
 */
export interface TextColumn {
  readonly kind: 'text';
  readonly codes: Int32Array;
  readonly dictionary: readonly string[];
}

export type Column = NumberColumn | TextColumn;

/** Some thousand rows at a time; never the whole table. */
export interface Batch {
  /** 0-based number of the first row within the table. */
  readonly firstRow: number;
  readonly rows: number;
  /** Aligned with `schema` of this batch. */
  readonly schema: Schema;
  readonly columns: readonly Column[];
  /** Where its rows came from, for messages; absent for tables that were never a file. */
  readonly source?: RowSource;
}

/** The file behind a batch. */
export interface RowSource {
  readonly file: string;
  /** Row of that file (from 1; the header of a CSV file is row 1, and empty lines count) that became row `row` (from 0) of the batch. */
  rowOf(row: number): number;
}

export interface BatchOptions {
  /** Only these columns, in this order; all of them by default. An unknown name is a `BadInput`. */
  readonly columns?: readonly string[];
  readonly signal?: AbortSignal;
  /**
   * The next batch may overwrite the arrays of this one: for readers that are done with a batch before they ask for the next. New arrays
   * for each are what most of the memory of a plain pass goes into.
   */
  readonly reuse?: boolean;
}

/** A table that is read as a stream and can be read again. */
export interface Table {
  readonly schema: Schema;
  /** Shown in messages: a path or URI. */
  readonly name: string;
  batches(options?: BatchOptions): AsyncIterable<Batch>;
}
