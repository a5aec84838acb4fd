import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '../../kernel/durable-file.ts';
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

/** What lies in a cache, in order. Others work on it meanwhile: what is gone before it was looked at is not there. */
export async function cachedThings(cache: string): Promise<readonly CachedThing[]> {
  const found: (CachedThing | undefined)[] = [];
  for (const what of await namesIn(cache)) {
    const folder = join(cache, what);
    if (BY_DIGEST.includes(what)) {
      for await (const path of filesBelow(folder)) if (dirname(path) !== join(folder, REFERRALS)) found.push(await thing(what, path));
      continue;
    }
    const names = await readdir(folder).catch(() => undefined);
    if (!names) found.push(await thing(what, folder));
    for (const name of (names ?? []).sort()) if (!name.endsWith('.lock')) found.push(await thing(what, join(folder, name)));
  }
  return found.filter((one) => one !== undefined);
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

async function thing(what: string, path: string): Promise<CachedThing | undefined> {
  const own = await ifThere(stat(path));
  if (!own) return undefined;
  let files = own.isDirectory() ? 0 : 1;
  let bytes = own.isDirectory() ? 0 : own.size;
  let used = own.mtimeMs;
  for await (const inside of own.isDirectory() ? filesBelow(path) : []) {
    const file = await ifThere(stat(inside));
    if (!file) continue;
    files++;
    bytes += file.size;
    // An environment notes its use in a file at its root.
    if (dirname(inside) === path) used = Math.max(used, file.mtimeMs);
  }
  return { what, path, files, bytes, used, busy: await isLocked(`${path}.lock`) };
}

/** Paths of the files in a folder and the folders below it. Links are not followed. */
async function* filesBelow(folder: string): AsyncIterable<string> {
  for (const entry of (await ifThere(readdir(folder, { withFileTypes: true }))) ?? []) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

async function ifThere<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

const namesIn = async (folder: string): Promise<string[]> => (await readdir(folder).catch(() => [])).sort();
