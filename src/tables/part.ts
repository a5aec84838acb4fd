import type { DatePattern } from './date-pattern.ts';
import type { Evidence } from './evidence.ts';
import type { Batch, ColumnType } from './table.ts';

/** A column of the table as every file of it must deliver it. */
export interface PartField {
  readonly name: string;
  readonly type: ColumnType;
  /** By the user, or by the file itself (Parquet); else inferred from the first rows. */
  readonly declared: boolean;
  /** How its dates are written, where that is declared. */
  readonly pattern?: DatePattern;
}

/** What a pass over the files left out, as it grows. */
export interface PassCounts {
  rows: number;
  emptyLines: number;
  badRows: number;
  readonly badByCode: Record<string, number>;
  readonly examples: string[];
}

/** One file of a table, after a look at its first rows. */
export interface Part {
  readonly name: string;
  /** Columns in the order of the file, with what their first values were seen to be. */
  readonly seen: ReadonlyMap<string, Evidence>;
  /** False when the look showed that there is no row at all. */
  readonly hasRows: boolean;
  /** Columns whose type the file itself declares. */
  readonly typed: boolean;
  /** Rows of this file; `firstRow` counts from 0 in it. `fields` are all columns of the table, `wanted` those to deliver, in order. `reuse`: as in `BatchOptions`. */
  batches(
    fields: readonly PartField[],
    wanted: readonly string[],
    counts: PassCounts,
    signal?: AbortSignal,
    reuse?: boolean,
  ): AsyncIterable<Batch>;
}
