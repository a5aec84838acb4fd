import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { slot } from '../../kernel/stage.ts';

export interface StoredObject {
  readonly uri: string;
  readonly bytes: number;
  /** Changes whenever the content does; what preconditions compare. */
  readonly generation: string;
  readonly modified: string;
  /** Hex SHA-256 when the store knows it. */
  readonly sha256?: string;
  /** Hex MD5 when the store knows it and no SHA-256. */
  readonly md5?: string;
  /** Hex git id of the bytes as a blob, when the store knows it and no SHA-256. */
  readonly git?: string;
  /** Base64 CRC-32C when it is all that the store knows: it finds damage, and is easily forged. */
  readonly crc32c?: string;
}

/** Where bytes live: `file:`, `gs://`, `hf://`. Every read is checked; every write is all or nothing. */
export interface Store {
  stat(uri: string, signal: AbortSignal): Promise<StoredObject | undefined>;
  /** All objects under a prefix, in pages, sorted by URI. */
  list(prefix: string, signal: AbortSignal): AsyncIterable<StoredObject>;
  /**
   * Downloads to a new file (temporary name, then rename); resumes after a cut; `digest-mismatch` when `sha256` is given and differs.
   * `partial`: a file where a store in the network leaves what it has when it is cut off for good, cancelled or killed, and goes on next time.
   * Its name must stand for these very bytes, and nobody else may use it meanwhile.
   */
  get(
    uri: string,
    to: string,
    options: { sha256?: string; generation?: string; partial?: string; signal: AbortSignal; onBytes?: (bytes: number) => void },
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

/** The URI of a store; a path, or `file:` and a path, as `file:///…`, relative to `base`. A folder keeps its last slash. */
export function absoluteUri(uri: string, base: string): string {
  if (uri.startsWith('file://')) return uri;
  const path = uri.startsWith('file:') ? uri.slice('file:'.length) : uri;
  if (path === '' || (path === uri && /^[a-z][a-z0-9+.-]+:/i.test(uri))) return uri;
  const absolute = pathToFileURL(isAbsolute(path) ? path : resolve(base, path)).href;
  return path.endsWith('/') && !absolute.endsWith('/') ? `${absolute}/` : absolute;
}

/**
 * What an object is called inside its bucket or repository, without a revision, or its path: names under one prefix are compared so, since
 * lists of the Hub name a commit where the prefix names a branch.
 */
export function nameInStore(uri: string): string {
  if (uri.startsWith('file:')) return decodeURIComponent(uri.slice('file://'.length));
  return uri.replace(/^(?:gs:\/\/[^/]*|hf:\/\/(?:datasets\/)?[^/]+\/[^/@]+(?:@[^/]+)?)\/?/, '');
}
