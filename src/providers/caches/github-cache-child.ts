import { execFileSync } from 'node:child_process';
import { restoreCache, saveCache } from '@actions/cache';

export interface CacheOrder {
  readonly operation: 'restore' | 'save';
  /** Part of what names an entry: equal when it is saved and restored. */
  readonly pattern: string;
  readonly key: string;
  /** Beginnings of other keys that will do when there is none like it, the best first. */
  readonly others: readonly string[];
}

export interface CacheReply {
  readonly done: boolean;
  /** Why not, where the client says so. */
  readonly failure?: string;
}

/** Serves one order, in a process of its own: the client reads where to work from the environment and prints to standard output. */
process.once('message', (order: CacheOrder) => {
  serve(order)
    .catch((error: unknown): CacheReply => ({ done: false, failure: error instanceof Error ? error.message : String(error) }))
    .then((reply) => process.send?.(reply, () => process.disconnect()));
});

async function serve({ operation, pattern, key, others }: CacheOrder): Promise<CacheReply> {
  if (!hasGnuTar()) return { done: false, failure: 'there is no GNU tar, the only one that can be kept inside a folder' };
  if (operation === 'save') return { done: (await saveCache([pattern], key)) !== -1 };
  return { done: (await restoreCache([pattern], key, [...others])) !== undefined };
}

/** The client lets tar write wherever an entry says (`-P`). GNU tar, alone, takes `TAR_OPTIONS` that bend every name back. */
function hasGnuTar(): boolean {
  try {
    return execFileSync(process.platform === 'darwin' ? 'gtar' : 'tar', ['--version'], { encoding: 'utf8' }).includes('GNU tar');
  } catch {
    return false;
  }
}
