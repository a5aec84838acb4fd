import { slot } from '../../kernel/stage.ts';

export interface StoredObject {
  readonly uri: string;
  readonly bytes: number;
  /** Changes whenever the content does; what preconditions compare. */
  readonly generation: string;
  readonly modified: string;
  /** Hex SHA-256 when the store knows it. */
  readonly sha256?: string;
}

/** Where bytes live: `file:`, `gs://`, `s3://`, `hf://`. Every read is checked; every write is all or nothing. */
export interface Store {
  stat(uri: string, signal: AbortSignal): Promise<StoredObject | undefined>;
  /** All objects under a prefix, in pages, sorted by URI. */
  list(prefix: string, signal: AbortSignal): AsyncIterable<StoredObject>;
  /** Downloads to a new file (temporary name, then rename); resumes after a cut; `digest-mismatch` when `sha256` is given and differs. */
  get(
    uri: string,
    to: string,
    options: { sha256?: string; generation?: string; signal: AbortSignal; onBytes?: (bytes: number) => void },
  ): Promise<{ sha256: string; bytes: number; generation: string }>;
  /** `ifGeneration: 'absent'` creates only; a generation replaces only that one; else `precondition-failed` (WorldError). */
  put(
    from: string,
    uri: string,
    options: { ifGeneration?: 'absent' | (string & {}); signal: AbortSignal; onBytes?: (bytes: number) => void },
  ): Promise<StoredObject>;
  remove(uri: string, signal: AbortSignal): Promise<void>;
}

export const store = slot<Store>('store');
