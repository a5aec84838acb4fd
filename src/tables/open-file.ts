import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { BadInput } from './bad-input.ts';
import type { ByteSource } from './byte-source.ts';

const BLOCK_BYTES = 1024 * 1024;

/** What a compressed file may unpack to; a bomb ends here instead of filling days. */
export const UNPACKED_BYTES_MAX = 256 * 1024 ** 3;

export interface FileOptions {
  /** Shown in messages instead of the path. */
  readonly name?: string;
  /** Bytes read at most, after unpacking. */
  readonly maxBytes?: number;
}

/** A local file; gzip is recognised by its first bytes, whatever the name says. */
export async function openFile(path: string, { name = path, maxBytes = UNPACKED_BYTES_MAX }: FileOptions = {}): Promise<ByteSource> {
  const file = await open(path, 'r');
  let packed: boolean;
  let size: number;
  try {
    const magic = new Uint8Array(2);
    const { bytesRead } = await file.read(magic, 0, 2, 0);
    packed = bytesRead === 2 && magic[0] === 0x1f && magic[1] === 0x8b;
    size = (await file.stat()).size;
  } finally {
    await file.close();
  }
  if (!packed)
    return {
      name,
      size,
      open: (signal) => bounded(readBlocks(path, signal), name, maxBytes),
      slice: (from, to) => readSlice(path, from, to),
      openRange: ({ from, to }, signal) => readBlocks(path, signal, from, to),
    };
  return { name, open: (signal) => bounded(unpack(readBlocks(path, signal), name), name, maxBytes) };
}

/**
 * Blocks of a file, or of its bytes [from, to). A block is overwritten when the next one is asked for; that one is read while this one is
 * worked on.
 */
export async function* readBlocks(path: string, signal?: AbortSignal, from = 0, to = Number.POSITIVE_INFINITY): AsyncIterable<Uint8Array> {
  const file = await open(path, 'r');
  const read = (into: Uint8Array, at: number) => {
    const reading = file.read(into, 0, Math.min(BLOCK_BYTES, to - at), at);
    // It may fail while nobody waits for it; whoever awaits it hears of it then.
    reading.catch(() => {});
    return reading;
  };
  let next = new Uint8Array(BLOCK_BYTES);
  let spare = new Uint8Array(BLOCK_BYTES);
  let reading = read(next, from);
  try {
    for (let at = from; at < to; ) {
      const { bytesRead } = await reading;
      if (bytesRead === 0) return;
      signal?.throwIfAborted();
      at += bytesRead;
      const block = next;
      [next, spare] = [spare, block];
      if (at < to) reading = read(next, at);
      yield bytesRead === BLOCK_BYTES ? block : block.subarray(0, bytesRead);
    }
  } finally {
    await reading.catch(() => {});
    await file.close();
  }
}

async function readSlice(path: string, from: number, to: number): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const bytes = new Uint8Array(Math.max(0, to - from));
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, from + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } finally {
    await file.close();
  }
}

async function* unpack(packed: AsyncIterable<Uint8Array>, name: string): AsyncIterable<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: 256 * 1024 });
  let sourceError: unknown;
  const feeding = (async () => {
    try {
      for await (const block of packed) {
        // gunzip reads later than the next block overwrites this one
        if (!gunzip.write(block.slice())) await new Promise<void>((resolve) => gunzip.once('drain', resolve).once('close', resolve));
        if (gunzip.destroyed) return;
      }
      gunzip.end();
    } catch (error) {
      sourceError = error;
      gunzip.destroy();
    }
  })();
  try {
    for await (const block of gunzip) yield block as Uint8Array;
  } catch (error) {
    if (sourceError === undefined) {
      throw new BadInput(
        'bad-gzip',
        `the compressed data are damaged or cut short (${error instanceof Error ? error.message : String(error)}).`,
        { file: name },
        'Bring the file anew.',
      );
    }
  } finally {
    gunzip.destroy();
    await feeding;
  }
  if (sourceError !== undefined) throw sourceError;
}

async function* bounded(blocks: AsyncIterable<Uint8Array>, name: string, maxBytes: number): AsyncIterable<Uint8Array> {
  let bytes = 0;
  for await (const block of blocks) {
    bytes += block.length;
    if (bytes > maxBytes)
      throw new BadInput('too-large', `more than ${maxBytes} bytes (unpacked).`, { file: name }, 'Split the data, or raise the limit.');
    yield block;
  }
}
