import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { FileMetadata } from '@google-cloud/storage';
import { codeOf, explainFileError } from '../../kernel/durable-file.ts';
import { UserError, WorldError } from '../../kernel/errors.ts';
import { Crc32c } from '../crc32c.ts';
import { DAMAGED_UPLOAD, refusalOf } from './gs-errors.ts';
import { isPassing, type Patience, rest } from './patience.ts';

/** What is sent at once; Cloud Storage wants multiples of 256 KiB. */
const CHUNK_BYTES = 16 * 1024 * 1024;
const READ_BYTES = 1024 * 1024;

export interface LocalFile {
  readonly sha256: string;
  /** Base64. */
  readonly crc32c: string;
  readonly bytes: number;
}

/** Digest, checksum and size of a file that is to be sent. `missing-file` when it is not there. */
export async function readForUpload(from: string, signal: AbortSignal): Promise<LocalFile> {
  try {
    await using file = await open(from);
    const sha256 = createHash('sha256');
    const crc32c = new Crc32c();
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    let bytes = 0;
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, READ_BYTES);
      if (bytesRead === 0) return { sha256: sha256.digest('hex'), crc32c: crc32c.base64, bytes };
      const part = buffer.subarray(0, bytesRead);
      sha256.update(part);
      crc32c.update(part);
      bytes += bytesRead;
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT')
      throw new UserError('missing-file', `Could not store the file: ${from} does not exist.`, { cause: error });
    throw explainFileError(error, 'read the file to store', from);
  }
}

interface Options {
  readonly uri: string;
  readonly explain: (error: unknown) => unknown;
  readonly patience: Patience;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
  readonly onBytes?: (bytes: number) => void;
}

/** What the service said of a session: how many bytes it has, or the object it has become. */
interface Said {
  readonly has?: number;
  readonly stored?: FileMetadata;
}

const SESSION_GONE = 'session-gone';

/**
 * Sends a file through a resumable upload session, whose address is the permission for it. After a fault the session is asked what it has:
 * a lost answer is looked up, never sent again. For a session that is gone, or whose bytes are damaged, another is opened.
 */
export async function sendToSession(
  openSession: () => Promise<string>,
  from: string,
  { bytes }: LocalFile,
  options: Options,
): Promise<FileMetadata> {
  const { patience, signal, log, onBytes } = options;
  await using file = await open(from);
  let session: string | undefined;
  let at = 0;
  let asking = false;
  for (let failures = 0; ; ) {
    signal.throwIfAborted();
    try {
      session ??= await openSession();
      const said = asking
        ? await tell(session, `bytes */${bytes}`, undefined, options)
        : await sendChunk(session, file, at, bytes, options);
      asking = false;
      if (said.has !== undefined && said.has > at) failures = 0;
      at = said.has ?? bytes;
      onBytes?.(at);
      if (said.stored) return said.stored;
    } catch (error) {
      signal.throwIfAborted();
      const explained = options.explain(error);
      failures += 1;
      if (!isPassing(explained) || failures >= patience.tries) throw explained;
      if (explained instanceof WorldError && [SESSION_GONE, DAMAGED_UPLOAD].includes(explained.code)) {
        session = undefined;
        at = 0;
      }
      asking = session !== undefined;
      await rest(failures, explained, { patience, signal, log });
    }
  }
}

async function sendChunk(session: string, file: FileHandle, at: number, bytes: number, options: Options): Promise<Said> {
  const size = Math.min(CHUNK_BYTES, bytes - at);
  const chunk = new Uint8Array(size);
  for (let read = 0; read < size; ) {
    const { bytesRead } = await file.read(chunk, read, size - read, at + read);
    if (bytesRead === 0)
      throw new UserError('file-changed', `The file for ${options.uri} became shorter while it was sent.`, {
        todo: 'Run again when nobody writes to it.',
      });
    read += bytesRead;
  }
  return tell(session, bytes === 0 ? 'bytes */0' : `bytes ${at}-${at + size - 1}/${bytes}`, chunk, options);
}

async function tell(
  session: string,
  range: string,
  body: Uint8Array<ArrayBuffer> | undefined,
  { uri, patience, signal }: Options,
): Promise<Said> {
  const reply = await fetch(session, {
    method: 'PUT',
    headers: { 'content-range': range },
    ...(body && { body }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(patience.stallMs)]),
  });
  if (reply.status === 308) {
    await reply.body?.cancel();
    const [, last] = /^bytes=0-(\d+)$/.exec(reply.headers.get('range') ?? '') ?? [];
    return { has: last === undefined ? 0 : Number(last) + 1 };
  }
  if (reply.status === 404 || reply.status === 410) {
    await reply.body?.cancel();
    throw new WorldError(SESSION_GONE, `${uri}: Cloud Storage has forgotten the upload; it starts again.`);
  }
  if (!reply.ok) throw await refusalOf(reply);
  return { stored: (await reply.json()) as FileMetadata };
}
