import { slot } from '../../kernel/stage.ts';
import type { Table } from '../../tables/table.ts';

/** How files of a source are to be read; all optional, defaults as in docs. */
export interface ReadOptions {
  readonly format?: 'csv' | 'tsv' | 'json' | 'jsonl' | 'parquet';
  readonly delimiter?: string;
  readonly encoding?: string;
  /** Words that mean missing, besides the unquoted empty field. */
  readonly missing?: readonly string[];
  /** Declared column types; they win over inference. */
  readonly types?: Readonly<Record<string, 'number' | 'integer' | 'boolean' | 'date' | 'timestamp' | 'text'>>;
  readonly onBadRow?: 'error' | 'count';
}

export interface SourceFile {
  /** Local path. */
  readonly path: string;
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** One kind of place data comes from: files, a bucket, a table of a service, a generator. */
export interface Source {
  /** Cheap and stable: equal means surely nothing new. Undefined when the source has nothing of the kind. */
  fingerprint(reference: string, signal: AbortSignal): Promise<string | undefined>;
  /** Brings the data to local files, each read once and digested; sorted by name. `into` may stay empty for local files. */
  fetch(reference: string, into: string, signal: AbortSignal): Promise<readonly SourceFile[]>;
}

/** What stages see: any reference (path, glob, URI, dataset.json of fetch-data) as a table. */
export interface Data {
  fingerprint(reference: string, signal: AbortSignal): Promise<string | undefined>;
  fetch(reference: string, into: string, signal: AbortSignal): Promise<readonly SourceFile[]>;
  open(reference: string, options: ReadOptions, signal: AbortSignal): Promise<Table>;
}

export const data = slot<Data>('data');
