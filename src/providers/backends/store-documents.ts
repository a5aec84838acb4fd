import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../kernel/errors.ts';
import type { Store } from '../stores/store.ts';

const BYTES_MAX = 64 * 1024 * 1024;

/** A small text of a store with the generation it was read at. */
export interface StoredText {
  readonly text: string;
  readonly generation: string;
}

/** The value of a JSON text; undefined for no text, and for one that is no JSON: what lies in a bucket, others may have written. */
export function jsonOf(found: StoredText | undefined): unknown {
  try {
    return found === undefined ? undefined : JSON.parse(found.text);
  } catch {
    return undefined;
  }
}

/** Small texts in a store, by way of files in a folder of our own. */
export class StoreDocuments {
  readonly #store: Store;
  readonly #folder: string;

  constructor(store: Store, folder: string) {
    this.#store = store;
    this.#folder = folder;
  }

  /** Undefined when there is no such object. `too-large` above 64 MiB: it is not one of ours. */
  async read(uri: string, signal: AbortSignal): Promise<StoredText | undefined> {
    const there = await this.#store.stat(uri, signal);
    if (there === undefined) return undefined;
    if (there.bytes > BYTES_MAX) throw new UserError('too-large', `${uri} has ${there.bytes} bytes; at most ${BYTES_MAX} are read.`);
    const path = await this.#path();
    try {
      const { generation } = await this.#store.get(uri, path, { signal });
      return { text: await readFile(path, 'utf8'), generation };
    } catch (error) {
      // Removed between the two calls.
      if (error instanceof Error && 'code' in error && error.code === 'no-such-object') return undefined;
      throw error;
    } finally {
      await rm(path, { force: true });
    }
  }

  /** Throws unless what lies there has this digest: others may write there, too. */
  async verify(uri: string, sha256: string, signal: AbortSignal): Promise<void> {
    const path = await this.#path();
    try {
      await this.#store.get(uri, path, { sha256, signal });
    } finally {
      await rm(path, { force: true });
    }
  }

  /** Gives the new generation; undefined when `ifGeneration` no longer holds. */
  async write(
    uri: string,
    content: string | Uint8Array,
    { ifGeneration, signal }: { readonly ifGeneration?: string; readonly signal: AbortSignal },
  ): Promise<string | undefined> {
    const path = await this.#path();
    try {
      await writeFile(path, content);
      return (await this.#store.put(path, uri, { ...(ifGeneration !== undefined && { ifGeneration }), signal })).generation;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'precondition-failed') return undefined;
      throw error;
    } finally {
      await rm(path, { force: true });
    }
  }

  async #path(): Promise<string> {
    await mkdir(this.#folder, { recursive: true });
    return join(this.#folder, `document-${randomBytes(6).toString('hex')}`);
  }
}
