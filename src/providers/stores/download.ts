import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, copyDigested, explainFileError, openNew, partialName, syncFolder } from '../../kernel/durable-file.ts';
import { UserError, WorldError } from '../../kernel/errors.ts';
import { isPassing, type Patience, rest } from './patience.ts';

/** Bytes of a known number that can be asked for from any place on. */
export interface Download {
  readonly uri: string;
  readonly bytes: number;
  /** Asks for the bytes from `from` on: the answer holds just those. */
  request(from: number, signal: AbortSignal): Promise<Response>;
  /** Turns whatever was thrown into an error of ours. */
  explain(error: unknown): unknown;
  /** What compares the bytes, from the first to the last, with what the service says of them. */
  check(): Check;
}

export interface Check {
  /** Sees each part once, in order. */
  onPart?(part: Uint8Array): void;
  /** Throws when the whole, of this SHA-256, is not what the service says it is. */
  verify(sha256: string): void;
}

interface Options {
  readonly sha256?: string;
  /**
   * Where an unfinished download stays when the call ends, or the process does, and is gone on with by the next. Its name must stand for these
   * very bytes, and nobody else may use it meanwhile. Absent: nothing stays.
   */
  readonly partial?: string;
  readonly patience: Patience;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
  readonly onBytes?: (bytes: number) => void;
}

const READ_BYTES = 1 << 20;

/**
 * Downloads to a new file in constant memory: under another name, synced, checked, then renamed; nothing is left beside `to` after an error.
 * After a cut it goes on where it was cut. `digest-mismatch` when `sha256` is given and differs.
 */
export async function download(source: Download, to: string, options: Options): Promise<{ sha256: string; bytes: number }> {
  const partial = options.partial ?? partialName(to);
  try {
    await mkdir(dirname(partial), { recursive: true });
    await mkdir(dirname(to), { recursive: true });
    const sha256 = await wholeAndRight(partial, source, options);
    await moveInto(partial, to, options.signal);
    return { sha256, bytes: source.bytes };
  } catch (error) {
    if (options.partial === undefined || !isWorthKeeping(error)) await rm(partial, { force: true });
    throw explainFileError(error, 'store the download', to);
  }
}

/** Fills the partial file and compares it. What an earlier call left may be damaged: then it is thrown away, and the whole is fetched. */
async function wholeAndRight(partial: string, source: Download, options: Options): Promise<string> {
  for (;;) {
    const check = source.check();
    const { sha256, kept } = await fill(partial, source, check, options);
    try {
      check.verify(sha256);
      if (options.sha256 !== undefined && options.sha256 !== sha256) {
        throw new UserError(
          'digest-mismatch',
          `${source.uri} is not what was expected: SHA-256 ${options.sha256} expected, ${sha256} found (${source.bytes} bytes).`,
          { todo: 'Find out who changed the file; put the right one back.' },
        );
      }
      return sha256;
    } catch (error) {
      if (kept === 0) throw error;
      options.log(`The ${kept} bytes of ${source.uri} that an earlier call left are not right; it is fetched from the beginning.`);
      await rm(partial, { force: true });
    }
  }
}

async function fill(partial: string, source: Download, check: Check, options: Options): Promise<{ sha256: string; kept: number }> {
  const { patience, signal, log, onBytes } = options;
  const hash = createHash('sha256');
  const take = (part: Uint8Array): void => {
    hash.update(part);
    check.onPart?.(part);
  };
  await using file = await (options.partial === undefined ? openNew(partial) : openKept(partial));
  const kept = await takeKept(file, source.bytes, take, signal);
  if (kept > 0) log(`${source.uri}: ${kept} of ${source.bytes} bytes are here already; fetching the rest.`);
  await refuseTooFull(partial, source, source.bytes - kept);
  let at = kept;
  if (kept > 0) onBytes?.(at);
  for (let failures = 0; at < source.bytes; ) {
    const before = at;
    signal.throwIfAborted();
    const within = new AbortController();
    const stalled = setTimeout(
      () => within.abort(new WorldError('stalled', `${source.uri}: no bytes came for ${patience.stallMs / 1000} s.`)),
      patience.stallMs,
    );
    try {
      const reply = await source.request(at, AbortSignal.any([signal, within.signal]));
      for await (const part of reply.body ?? []) {
        stalled.refresh();
        if (at + part.length > source.bytes)
          throw new WorldError('too-long', `${source.uri}: more bytes came than the ${source.bytes} it has.`);
        await writeAt(file, part, at).catch((error: unknown) => {
          throw new UnwritableFile(error);
        });
        take(part);
        at += part.length;
        onBytes?.(at);
        signal.throwIfAborted();
      }
      if (at < source.bytes) throw new WorldError('cut', `${source.uri}: the connection ended after ${at} of ${source.bytes} bytes.`);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof UnwritableFile) throw error.cause;
      const explained = source.explain(within.signal.aborted ? within.signal.reason : error);
      failures = at > before ? 1 : failures + 1;
      if (!isPassing(explained) || failures >= patience.tries) throw explained;
      await rest(failures, explained, { patience, signal, log });
    } finally {
      clearTimeout(stalled);
      within.abort();
    }
  }
  await file.sync();
  return { sha256: hash.digest('hex'), kept };
}

/** A file to go on with, made where there is none; a link is refused. */
const openKept = (path: string): Promise<FileHandle> => open(path, constants.O_CREAT | constants.O_RDWR | constants.O_NOFOLLOW, 0o644);

/** Hands on what is in the file; more than the whole cannot be a part of it. */
async function takeKept(file: FileHandle, whole: number, take: (part: Uint8Array) => void, signal: AbortSignal): Promise<number> {
  const { size } = await file.stat();
  if (size > whole) {
    await file.truncate(0);
    return 0;
  }
  const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, size));
  let at = 0;
  while (at < size) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) break;
    take(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
  return at;
}

async function writeAt(file: FileHandle, part: Uint8Array, at: number): Promise<void> {
  for (let written = 0; written < part.length; )
    written += (await file.write(part, written, part.length - written, at + written)).bytesWritten;
}

/** Better before the first byte than after hours. A system that does not tell is believed to have room. */
async function refuseTooFull(partial: string, { uri }: Download, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(partial)).catch(() => ({ bavail: Number.POSITIVE_INFINITY, bsize: 1 }));
  if (bytes > bavail * bsize)
    throw new WorldError('disk-full', `${uri}: ${bytes} bytes are to come, and ${bavail * bsize} are free at ${dirname(partial)}.`, {
      todo: 'Free some space (`retrain cache prune` frees the cache) and run again.',
    });
}

/** A rename; where the two are on different disks, a copy and a rename. */
async function moveInto(partial: string, to: string, signal: AbortSignal): Promise<void> {
  try {
    await rename(partial, to);
  } catch (error) {
    if (codeOf(error) !== 'EXDEV') throw error;
    const beside = partialName(to);
    try {
      await copyDigested(partial, beside, { signal });
      await rename(beside, to);
    } finally {
      await rm(beside, { force: true });
    }
    await rm(partial, { force: true });
  }
  await syncFolder(dirname(to));
}

/** After these, what was fetched is of no use later: it is of something else now, or wrong, or fills a disk that others need. */
const OF_NO_USE = [
  'precondition-failed',
  'damaged-download',
  'digest-mismatch',
  'too-long',
  'range-ignored',
  'disk-full',
  'ENOSPC',
  'EDQUOT',
];

const isWorthKeeping = (error: unknown): boolean => !OF_NO_USE.includes(codeOf(error));

class UnwritableFile extends Error {
  constructor(cause: unknown) {
    super('the file cannot be written', { cause });
  }
}
