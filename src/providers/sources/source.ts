import { slot } from '../../kernel/stage.ts';
import type { Profile } from '../../tables/profile-types.ts';
import type { Table } from '../../tables/table.ts';

/** How files of a source are to be read; all optional, defaults as in docs. */
export interface ReadOptions {
  readonly format?: 'csv' | 'tsv' | 'json' | 'jsonl' | 'parquet';
  readonly delimiter?: string;
  readonly encoding?: string;
  /** Texts that a model has written: U+0000 is a character like others, half a surrogate pair becomes U+FFFD. By default both are errors. */
  readonly anyText?: boolean;
  /** Words that mean missing, besides the unquoted empty field. */
  readonly missing?: readonly string[];
  /** Declared column types; they win over inference. */
  readonly types?: Readonly<Record<string, 'number' | 'integer' | 'boolean' | 'date' | 'timestamp' | 'text'>>;
  /** How columns write their dates, where not as ISO 8601: `DD.MM.YYYY`. */
  readonly dates?: Readonly<Record<string, string>>;
  readonly onBadRow?: 'error' | 'count';
  /** A longer record is an error: 16 MiB by default. */
  readonly maxRecordBytes?: number;
}

export interface SourceFile {
  /** Local path. */
  readonly path: string;
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Where it came from, when that was a store in the network: at a fixed revision where it has them. */
  readonly uri?: string;
  readonly generation?: string;
}

/** What lies at a reference, found without reading it. */
export interface Look {
  readonly files: number;
  /** Distinct `key=value/…` folders with files in them; the files themselves where there is no such folder. */
  readonly folders: number;
  /** Cheap and stable: equal means surely nothing new. Absent when the source has nothing of the kind. */
  readonly fingerprint?: string;
  /** Latest change the source knows of, ISO 8601. */
  readonly modified?: string;
}

/** One kind of place data comes from: files, a bucket, a table of a service, a generator. */
export interface Source {
  /** A pattern or folder without a match gives `files: 0`; a literal path that is missing is a `UserError` `missing-file`. */
  look(reference: string, signal: AbortSignal): Promise<Look>;
  /** Brings the data to local files, each read once and digested; sorted by name. Files of this machine are copied into the cache. */
  fetch(reference: string, signal: AbortSignal): Promise<readonly SourceFile[]>;
}

export interface ProfileRun {
  readonly signal: AbortSignal;
  /** Rows read so far. */
  readonly onProgress?: (rows: number) => void;
}

/** What stages see: any reference (path, folder, glob, URI, `dataset.json` of fetch-data) as a table. */
export interface Data extends Source {
  open(reference: string, options: ReadOptions, signal: AbortSignal): Promise<Table>;
  /** The profile of the table at a reference; large ones are read in other threads. */
  profile(reference: string, options: ReadOptions, run: ProfileRun): Promise<Profile>;
  /** The same counted on the edges of a profile: quicker, in memory that does not grow with the rows, and enough to compare the two. */
  count(reference: string, options: ReadOptions, on: Profile, run: ProfileRun): Promise<Profile>;
}

export const data = slot<Data>('data');
