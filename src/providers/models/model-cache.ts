import { createHash } from 'node:crypto';
import { copyFile, link, mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '../../kernel/durable-file.ts';
import { UserError } from '../../kernel/errors.ts';
import type { Store, StoredObject } from '../stores/store.ts';

interface Digests {
  readonly sha256: string;
  readonly md5: string;
  readonly bytes: number;
}

/**
 * Files of models by the digest their store knows (SHA-256, else MD5). What is taken from the cache is digested again and compared with what
 * the store says now: a poisoned entry is thrown away and fetched anew. Objects without a known digest are fetched each time.
 */
export function modelCache(store: Store, folder: string, log: (line: string) => void) {
  return {
    /** Brings an object to a new file. */
    async bring(object: StoredObject, to: string, signal: AbortSignal): Promise<{ sha256: string; bytes: number }> {
      const { uri, generation, sha256, md5 } = object;
      const fetched = (target: string) => store.get(uri, target, { generation, signal, ...(sha256 !== undefined && { sha256 }) });
      const known = sha256 ?? (md5 === undefined ? undefined : `md5-${md5}`);
      if (known === undefined) return fetched(to);

      const kept = join(folder, known.slice(0, 2), known);
      const found = await digestsOf(kept, signal);
      if (found && (sha256 ?? found.sha256) === found.sha256 && (md5 ?? found.md5) === found.md5) {
        await place(kept, to);
        return { sha256: found.sha256, bytes: found.bytes };
      }
      if (found) {
        log(`${kept} is not what its name says; it is thrown away and fetched anew.`);
        await rm(kept, { force: true });
      }
      log(`fetching ${uri} (${object.bytes} bytes)`);
      const got = await fetched(kept);
      await place(kept, to);
      return { sha256: got.sha256, bytes: got.bytes };
    },
  };
}

async function digestsOf(path: string, signal: AbortSignal): Promise<Digests | undefined> {
  try {
    await using file = await open(path);
    const [sha256, md5] = [createHash('sha256'), createHash('md5')];
    let bytes = 0;
    for await (const part of file.createReadStream({ autoClose: false, signal, highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      sha256.update(part);
      md5.update(part);
      bytes += part.length;
    }
    return { sha256: sha256.digest('hex'), md5: md5.digest('hex'), bytes };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** A second name for the same bytes costs nothing; where there is none across file systems, a copy. */
async function place(kept: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await link(kept, to).catch(async (error: unknown) => {
    if (codeOf(error) === 'EEXIST') throw new UserError('bad-name', `${to} is there already.`, { cause: error });
    await copyFile(kept, to);
  });
}
