import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError, WorldError } from './errors.ts';

/** First characters of every file that is not complete yet; listings leave such names out. */
export const PARTIAL_PREFIX = '.retrain-partial-';

/** A new name beside `path` for what will be renamed to it. */
export function partialName(path: string): string {
  return join(dirname(path), `${PARTIAL_PREFIX}${process.pid}-${randomBytes(6).toString('hex')}`);
}

export type Content = string | Uint8Array | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/**
 * Writes a file whole, and the folders above it: after a crash at any moment the old content or the new one is there, never a mixture.
 * A link at `path` is replaced, not followed. Errors are those of the file system.
 */
export async function writeWhole(path: string, content: Content): Promise<void> {
  await makeFolders(dirname(path));
  const partial = partialName(path);
  try {
    await using file = await openNew(partial);
    if (typeof content === 'string' || content instanceof Uint8Array) await file.writeFile(content);
    else for await (const chunk of content) await file.writeFile(chunk);
    await file.sync();
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** A folder and those above it, step by step: in one that takes none (`/proc`) Node's `mkdir` with `recursive` never ends. */
export async function makeFolders(path: string): Promise<void> {
  if (await isFolder(path)) return;
  if (dirname(path) !== path) await makeFolders(dirname(path));
  try {
    await mkdir(path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST' || !(await isFolder(path))) throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

export const openNew = (path: string): Promise<FileHandle> =>
  open(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW, 0o644);

/** Makes renames in a folder outlive a power cut, where the system can. */
export async function syncFolder(folder: string): Promise<void> {
  try {
    await using handle = await open(folder, 'r');
    await handle.sync();
  } catch (error) {
    // Windows and some network file systems cannot sync a folder; then the rename is as durable as they make it.
    if (!['EISDIR', 'EPERM', 'EINVAL', 'ENOTSUP', 'EACCES'].includes(codeOf(error))) throw error;
  }
}

const COPY_BYTES = 1 << 20;

/**
 * Copies a file to a new name, digesting what is written, in constant memory; synced to disk. Nothing is left at `to` after an error.
 */
export async function copyDigested(
  from: string,
  to: string,
  options: { signal: AbortSignal; onBytes?: (bytes: number) => void; noFollow?: boolean },
): Promise<{ sha256: string; bytes: number }> {
  await using source = await open(from, constants.O_RDONLY | (options.noFollow ? constants.O_NOFOLLOW : 0));
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(COPY_BYTES);
  let bytes = 0;
  try {
    await using target = await openNew(to);
    for (;;) {
      options.signal.throwIfAborted();
      const { bytesRead } = await source.read(buffer, 0, COPY_BYTES);
      if (bytesRead === 0) break;
      const part = buffer.subarray(0, bytesRead);
      hash.update(part);
      for (let written = 0; written < bytesRead; ) written += (await target.write(part, written)).bytesWritten;
      bytes += bytesRead;
      options.onBytes?.(bytes);
    }
    await target.sync();
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') await rm(to, { force: true });
    throw error;
  }
  return { sha256: hash.digest('hex'), bytes };
}

/** The system's code of an error (`ENOENT`, …), or an empty text. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/**
 * Turns an error of the file system into one that says whose fault it is and what to do; anything else comes back as it was.
 * `doing`: what was tried, e.g. `write the registry`.
 */
export function explainFileError(error: unknown, doing: string, path: string): unknown {
  const options = { cause: error };
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new WorldError('disk-full', `Could not ${doing}: no space is left at ${path}. Nothing was left half there.`, {
        ...options,
        todo: 'Free some space (`retrain cache prune` frees the cache) and run again.',
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new UserError('not-permitted', `Could not ${doing}: no permission at ${path} (${codeOf(error)}).`, {
        ...options,
        todo: 'Give this user the right to read and write there, or choose another folder.',
      });
    case 'ENOTDIR':
    case 'EISDIR':
      return new UserError('wrong-kind', `Could not ${doing}: ${path} is ${codeOf(error) === 'EISDIR' ? 'a folder' : 'not a folder'}.`, {
        ...options,
        todo: 'Move away what lies there, or choose another path.',
      });
    case 'ELOOP':
      return new UserError('link-refused', `Could not ${doing}: ${path} is a symbolic link, and links are not followed here.`, {
        ...options,
        todo: 'Put the file itself there.',
      });
    case 'EIO':
    case 'EMFILE':
    case 'ENFILE':
      return new WorldError('disk-fault', `Could not ${doing}: ${codeOf(error)} at ${path}.`, {
        ...options,
        todo: 'Run again; if it stays, look at the disk.',
      });
    default:
      return error;
  }
}
