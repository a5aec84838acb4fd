import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError, WorldError } from '../../kernel/errors.ts';
import type { Store } from '../stores/store.ts';

export interface SmallObject {
  readonly bytes: Uint8Array;
  readonly generation: string;
}

const READS_MAX = 20;

/** Whether a store refused because something else lies there than was expected. */
export const isLostRace = (error: unknown): boolean => error instanceof WorldError && error.code === 'precondition-failed';

/** A small object's bytes, or undefined when there is none. */
export async function readObject(store: Store, uri: string, signal: AbortSignal): Promise<SmallObject | undefined> {
  return inScratch(async (file) => {
    for (let tried = 1; ; tried++) {
      try {
        const { generation } = await store.get(uri, file, { signal });
        return { bytes: await readFile(file), generation };
      } catch (error) {
        if (error instanceof UserError && error.code === 'no-such-object') return undefined;
        // Replaced while it was read.
        if (!isLostRace(error) || tried === READS_MAX) throw error;
      }
    }
  });
}

/** Writes a small object, bound to what lies there; gives its generation. */
export async function writeObject(
  store: Store,
  uri: string,
  text: string,
  ifGeneration: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  return inScratch(async (file) => {
    await writeFile(file, text);
    return (await store.put(file, uri, { signal, ...(ifGeneration !== undefined && { ifGeneration }) })).generation;
  });
}

/** A store moves files. */
async function inScratch<T>(work: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'retrain-registry-'));
  try {
    return await work(join(folder, 'object'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
