import type { ByteRange } from './byte-source.ts';
import type { ColumnType } from './table.ts';

export type Format = 'csv' | 'tsv' | 'json' | 'jsonl' | 'parquet';

/** How files are to be read; nothing of it is guessed from the data except the types. */
export interface ReadOptions {
  /** By default from the file's name: `.csv`, `.tsv`, `.json`, `.jsonl` or `.ndjson`, `.parquet`; a `.gz` after it is ignored. */
  readonly format?: Format;
  /** One ASCII character; `,` by default, tab for TSV. */
  readonly delimiter?: string;
  /** `utf-8` (default), `windows-1252` or `iso-8859-1`; for CSV and TSV only. */
  readonly encoding?: string;
  /** Texts that a model has written: U+0000 is a character like others, half a surrogate pair becomes U+FFFD. By default both are errors. */
  readonly anyText?: boolean;
  /** Words that mean missing, besides the unquoted empty field. */
  readonly missing?: readonly string[];
  /** Declared column types; they win over inference. */
  readonly types?: Readonly<Record<string, ColumnType>>;
  /** How dates are written in columns that do not use ISO 8601: `DD.MM.YYYY`, `M/D/YYYY hh:mm`. Makes the column a date, or a timestamp when it has hours. */
  readonly dates?: Readonly<Record<string, string>>;
  /** `error` (default) stops at the first bad row; `count` leaves it out and counts it. */
  readonly onBadRow?: 'error' | 'count';
  /** A record or JSON value longer than this is an error: 16 MiB by default. */
  readonly maxRecordBytes?: number;
  /** Bytes worked on at a time: 4 MiB by default. Less takes less memory. */
  readonly blockBytes?: number;
  /**
   * Of an uncompressed CSV file only the records within these bytes, which must begin and end where records do; the header and the types
   * still come from the beginning of the file. Rows in messages count from the range.
   */
  readonly range?: ByteRange;
}

export const BLOCK_BYTES = 4 * 1024 * 1024;
export const MAX_RECORD_BYTES = 16 * 1024 * 1024;

/** What reading left out, shown to the reader instead of being swallowed. Counts are those of the latest pass. */
export interface ReadCounts {
  readonly rows: number;
  /** Empty lines skipped (CSV of two or more columns, JSONL). */
  readonly emptyLines: number;
  readonly badRows: number;
  /** Bad rows by code of the error. */
  readonly badByCode: Readonly<Record<string, number>>;
  /** The first few messages, with file, row and column. */
  readonly examples: readonly string[];
}

export const NO_COUNTS: ReadCounts = { rows: 0, emptyLines: 0, badRows: 0, badByCode: {}, examples: [] };
