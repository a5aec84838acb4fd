import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isLocked } from '../../kernel/file-lock.ts';

/** Something of the cache that is kept or freed as a whole: a file by digest, an unfinished download, an environment. */
export interface CachedThing {
  /** Folder of the cache it belongs to. */
  readonly what: string;
  readonly path: string;
  readonly files: number;
  readonly bytes: number;
  /** Milliseconds: when it was last used, as far as anybody noted it. */
  readonly used: number;
  /** A living process works on it. */
  readonly busy: boolean;
}

/** Where one folder holds many things, each a file. */
const BY_DIGEST = ['data', 'models'];
/** Below them: which content goes by another name. */
const REFERRALS = 'names';

/** What lies in a cache, in order. */
export async function cachedThings(cache: string): Promise<readonly CachedThing[]> {
  const found: CachedThing[] = [];
  for (const what of await namesIn(cache)) {
    const folder = join(cache, what);
    if (BY_DIGEST.includes(what)) {
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
        if (entry.isFile() && entry.parentPath !== join(folder, REFERRALS))
          found.push(await thing(what, join(entry.parentPath, entry.name)));
      continue;
    }
    const names = await readdir(folder).catch(() => undefined);
    if (!names) found.push(await thing(what, folder));
    for (const name of (names ?? []).sort()) if (!name.endsWith('.lock')) found.push(await thing(what, join(folder, name)));
  }
  return found;
}

/** Frees some of it, and what led to it. */
export async function free(cache: string, things: readonly CachedThing[]): Promise<void> {
  for (const { path } of things) for (const each of [path, `${path}.lock`]) await rm(each, { recursive: true, force: true });
  for (const what of BY_DIGEST) {
    const referrals = join(cache, what, REFERRALS);
    for (const name of await namesIn(referrals)) {
      const digest = await readFile(join(referrals, name), 'utf8').catch(() => '');
      const target = await stat(join(cache, what, digest.slice(0, 2), digest)).catch(() => undefined);
      if (!target?.isFile()) await rm(join(referrals, name), { force: true });
    }
  }
}

async function thing(what: string, path: string): Promise<CachedThing> {
  const own = await stat(path);
  const inside = own.isDirectory() ? await readdir(path, { recursive: true, withFileTypes: true }) : [];
  let files = own.isDirectory() ? 0 : 1;
  let bytes = own.isDirectory() ? 0 : own.size;
  let used = own.mtimeMs;
  for (const entry of inside) {
    if (!entry.isFile()) continue;
    const { size, mtimeMs } = await stat(join(entry.parentPath, entry.name));
    files++;
    bytes += size;
    // An environment notes its use in a file at its root.
    if (entry.parentPath === path) used = Math.max(used, mtimeMs);
  }
  return { what, path, files, bytes, used, busy: await isLocked(`${path}.lock`) };
}

const namesIn = async (folder: string): Promise<string[]> => (await readdir(folder).catch(() => [])).sort();
