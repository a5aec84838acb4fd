import { type BigIntStats, constants } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { codeOf, copyDigested, explainFileError, PARTIAL_PREFIX, partialName, syncFolder } from '../../kernel/durable-file.ts';
import { UserError, WorldError } from '../../kernel/errors.ts';
import { withFileLock } from '../../kernel/file-lock.ts';
import type { Store, StoredObject } from './store.ts';

const LOCK_PREFIX = '.retrain-lock-';

/** Files of this machine as objects: `file:///abs`, `file:relative` or a plain path. URIs given back are `file:///…`. */
export function fileStore(options: { log?: (line: string) => void } = {}): Store {
  return {
    async stat(uri, signal) {
      signal.throwIfAborted();
      const path = pathOf(uri);
      const found = await statOf(path);
      if (found && !found.isFile()) return undefined;
      return found && objectOf(path, found);
    },

    async *list(prefix, signal) {
      const path = pathOf(prefix);
      const wholeFolder = prefix.endsWith('/') || (await statOf(path))?.isDirectory();
      const folder = wholeFolder ? path : dirname(path);
      const found: StoredObject[] = [];
      for await (const each of filesUnder(folder, signal)) if (wholeFolder || each.startsWith(path)) found.push(...(await present(each)));
      yield* found.sort((a, b) => (a.uri < b.uri ? -1 : a.uri > b.uri ? 1 : 0));
    },

    async get(uri, to, { sha256, generation, signal, onBytes }) {
      const path = pathOf(uri);
      const before = await statOf(path);
      if (!before?.isFile()) {
        throw new UserError('no-such-object', `${uri} ${before ? 'is a folder, not a file' : 'does not exist'}.`, {
          todo: 'Check the path.',
        });
      }
      const found = generationOf(before);
      if (generation !== undefined && generation !== found) throw changed(uri, generation, found);
      return explained('fetch the file', to, async () => {
        await mkdir(dirname(to), { recursive: true });
        const partial = partialName(to);
        const copied = await copyDigested(path, partial, { signal, onBytes });
        try {
          const after = await statOf(path);
          if (!after || generationOf(after) !== found) throw changed(uri, found, after ? generationOf(after) : 'nothing');
          if (sha256 !== undefined && copied.sha256 !== sha256) {
            throw new UserError(
              'digest-mismatch',
              `${uri} is not what was expected: SHA-256 ${sha256} expected, ${copied.sha256} found (${copied.bytes} bytes).`,
              {
                todo: 'Find out who changed the file; put the right one back.',
              },
            );
          }
          await rename(partial, to);
          await syncFolder(dirname(to));
        } finally {
          await rm(partial, { force: true });
        }
        return { ...copied, generation: found };
      });
    },

    async put(from, uri, { ifGeneration, signal, onBytes }) {
      const path = pathOf(uri);
      return explained('store the file', path, async () => {
        await mkdir(dirname(path), { recursive: true });
        const partial = partialName(path);
        const copied = await copyDigested(from, partial, { signal, onBytes });
        try {
          if (ifGeneration === 'absent') await createOnly(partial, path, uri);
          else if (ifGeneration === undefined) await rename(partial, path);
          else {
            const replace = async () => {
              const found = await statOf(path);
              if (!found || generationOf(found) !== ifGeneration) throw changed(uri, ifGeneration, found ? generationOf(found) : 'nothing');
              await rename(partial, path);
            };
            await withFileLock(join(dirname(path), LOCK_PREFIX + basename(path)), replace, { signal, log: options.log });
          }
          await syncFolder(dirname(path));
        } finally {
          await rm(partial, { force: true });
        }
        const stored = await statOf(path);
        if (!stored) throw changed(uri, 'what was just written', 'nothing');
        return { ...objectOf(path, stored), sha256: copied.sha256 };
      });
    },

    async remove(uri, signal) {
      signal.throwIfAborted();
      const path = pathOf(uri);
      await explained('remove the file', path, () => rm(path, { force: true }));
    },
  };
}

/** Local path of a `file:` URI or a plain path, absolute. */
function pathOf(uri: string): string {
  if (uri.includes('\0')) throw new UserError('bad-uri', `${JSON.stringify(uri)} is no path.`);
  if (/^file:\/\//i.test(uri)) {
    try {
      return fileURLToPath(uri);
    } catch (error) {
      throw new UserError('bad-uri', `${uri} is no file URI of this machine: expected file:///path.`, { cause: error });
    }
  }
  const path = uri.replace(/^file:/i, '');
  if (path === '' || /^[a-z][a-z0-9+.-]+:/i.test(path))
    throw new UserError('bad-uri', `${JSON.stringify(uri)} is no path: expected file:… or a path.`);
  return resolve(path);
}

const statOf = (path: string): Promise<BigIntStats | undefined> =>
  stat(path, { bigint: true }).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw explainFileError(error, 'look at the file', path);
  });

/** Every `put` makes a new file and renames it, so that inode and times tell contents apart even within a clock tick. */
const generationOf = (found: BigIntStats): string => `${found.ino}-${found.mtimeNs}-${found.ctimeNs}-${found.size}`;

function objectOf(path: string, found: BigIntStats): StoredObject {
  return { uri: pathToFileURL(path).href, bytes: Number(found.size), generation: generationOf(found), modified: found.mtime.toISOString() };
}

async function present(path: string): Promise<readonly StoredObject[]> {
  const found = await statOf(path);
  return found?.isFile() ? [objectOf(path, found)] : [];
}

/** All files below a folder but ours in the making; a link to a folder is not entered, because it may lead round in a circle. */
async function* filesUnder(folder: string, signal: AbortSignal): AsyncIterable<string> {
  signal.throwIfAborted();
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw explainFileError(error, 'list the folder', folder);
  });
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith(PARTIAL_PREFIX) || entry.name.startsWith(LOCK_PREFIX)) continue;
    if (entry.isDirectory()) yield* filesUnder(path, signal);
    else if (entry.isFile() || entry.isSymbolicLink()) yield path;
  }
}

async function createOnly(partial: string, path: string, uri: string): Promise<void> {
  try {
    await link(partial, path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST')
      throw new WorldError('precondition-failed', `${uri} exists already, and was to be created only.`, { cause: error });
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(codeOf(error))) throw error;
    // No hard links here: reserve the name, then put the whole file over the reservation.
    await (await open(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY)).close();
    await rename(partial, path);
  }
}

function changed(uri: string, expected: string, found: string): WorldError {
  return new WorldError('precondition-failed', `${uri} was changed meanwhile: expected generation ${expected}, found ${found}.`, {
    todo: 'Run again.',
  });
}

async function explained<T>(doing: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (codeOf(error) === 'EEXIST')
      throw new UserError('wrong-kind', `Could not ${doing}: a file lies where a folder belongs, on the way to ${path}.`, { cause: error });
    const at = error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : path;
    if (codeOf(error) === 'ENOENT') throw new UserError('missing-file', `Could not ${doing}: ${at} does not exist.`, { cause: error });
    throw explainFileError(error, doing, at);
  }
}
