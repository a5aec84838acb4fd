import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { Damaged } from './damaged.ts';

/** A page larger than this is refused: no writer makes such, a damaged header does. */
const PAGE_BYTES_MAX = 512 * 1024 * 1024;

/** Undoes a page's compression; `unpackedBytes` is what the header promises and the result must keep. */
export function unpack(bytes: Uint8Array, codec: string, unpackedBytes: number): Uint8Array {
  if (unpackedBytes > PAGE_BYTES_MAX) throw new Damaged(`a page of ${unpackedBytes} bytes; at most ${PAGE_BYTES_MAX} are read`);
  const unpacked = unpackAs(codec, bytes, unpackedBytes);
  if (unpacked.length !== unpackedBytes) throw new Damaged('a page does not unpack to the length its header says');
  return unpacked;
}

function unpackAs(codec: string, bytes: Uint8Array, unpackedBytes: number): Uint8Array {
  // zlib's bound must be positive; an empty page unpacks to nothing
  const options = { maxOutputLength: Math.max(1, unpackedBytes) };
  try {
    switch (codec) {
      case 'UNCOMPRESSED':
        return bytes;
      case 'SNAPPY':
        return unsnap(bytes, unpackedBytes);
      case 'GZIP':
        return plain(gunzipSync(bytes, options));
      case 'ZSTD':
        return plain(zstdDecompressSync(bytes, options));
      case 'BROTLI':
        return plain(brotliDecompressSync(bytes, options));
    }
  } catch (error) {
    if (error instanceof Damaged) throw error;
    throw new Damaged(`a page does not unpack as ${codec.toLowerCase()}`);
  }
  throw new Damaged(`compression ${codec} is not read; write the file with snappy, gzip, zstd or none`, 'unsupported-parquet');
}

/** The bytes without what Buffer changes of Uint8Array (its `slice` copies nothing). */
const plain = (buffer: Buffer): Uint8Array => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);

/** Snappy's raw format: literals and copies from what is already out. */
export function unsnap(input: Uint8Array, outputLength: number): Uint8Array {
  const output = new Uint8Array(outputLength);
  const inputLength = input.length;
  let at = 0;
  while (at < inputLength && input[at] >= 128) at++;
  at++;
  let out = 0;
  while (at < inputLength) {
    const tag = input[at++];
    if ((tag & 3) === 0) {
      let length = (tag >>> 2) + 1;
      if (length > 60) {
        const size = length - 60;
        length = 0;
        for (let i = size - 1; i >= 0; i--) length = length * 256 + input[at + i];
        length++;
        at += size;
      }
      if (at + length > inputLength || out + length > outputLength) throw new Damaged('a snappy page runs over its end');
      if (length > 24) output.set(input.subarray(at, at + length), out);
      else for (let i = 0; i < length; i++) output[out + i] = input[at + i];
      at += length;
      out += length;
      continue;
    }
    let length = (tag >>> 2) + 1;
    let offset: number;
    if ((tag & 3) === 1) {
      length = ((tag >>> 2) & 7) + 4;
      offset = input[at] + ((tag >>> 5) << 8);
      at += 1;
    } else if ((tag & 3) === 2) {
      offset = input[at] + (input[at + 1] << 8);
      at += 2;
    } else {
      offset = input[at] + (input[at + 1] << 8) + (input[at + 2] << 16) + input[at + 3] * 16_777_216;
      at += 4;
    }
    if (!(offset > 0 && offset <= out) || out + length > outputLength) throw new Damaged('a snappy page copies from outside');
    for (let i = 0; i < length; i++) output[out + i] = output[out + i - offset];
    out += length;
  }
  if (out !== outputLength) throw new Damaged('a snappy page is too short');
  return output;
}
