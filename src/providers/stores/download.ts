import { createHash } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { explainFileError, openNew, partialName, syncFolder } from '../../kernel/durable-file.ts';
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
  /** Sees each part once, in order. */
  onPart?(part: Uint8Array): void;
  /** Throws when the whole, of this SHA-256, is not what the service says it is. */
  verify?(sha256: string): void;
}

interface Options {
  readonly sha256?: string;
  readonly patience: Patience;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
  readonly onBytes?: (bytes: number) => void;
}

/**
 * Downloads to a new file in constant memory: under a temporary name, synced, checked, then renamed; nothing is left after an error.
 * After a cut it goes on where it was cut. `digest-mismatch` when `sha256` is given and differs.
 */
export async function download(source: Download, to: string, options: Options): Promise<{ sha256: string; bytes: number }> {
  const partial = partialName(to);
  try {
    await mkdir(dirname(to), { recursive: true });
    const sha256 = await fill(partial, source, options);
    source.verify?.(sha256);
    if (options.sha256 !== undefined && options.sha256 !== sha256) {
      throw new UserError(
        'digest-mismatch',
        `${source.uri} is not what was expected: SHA-256 ${options.sha256} expected, ${sha256} found (${source.bytes} bytes).`,
        { todo: 'Find out who changed the file; put the right one back.' },
      );
    }
    await rename(partial, to);
    await syncFolder(dirname(to));
    return { sha256, bytes: source.bytes };
  } catch (error) {
    throw explainFileError(error, 'store the download', to);
  } finally {
    await rm(partial, { force: true });
  }
}

async function fill(partial: string, source: Download, { patience, signal, log, onBytes }: Options): Promise<string> {
  const hash = createHash('sha256');
  await using file = await openNew(partial);
  let at = 0;
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
        await file.writeFile(part).catch((error: unknown) => {
          throw new UnwritableFile(error);
        });
        hash.update(part);
        source.onPart?.(part);
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
  return hash.digest('hex');
}

class UnwritableFile extends Error {
  constructor(cause: unknown) {
    super('the file cannot be written', { cause });
  }
}
