import { Damaged } from './damaged.ts';
import type { Texts } from './texts.ts';

/** DELTA_BINARY_PACKED: first value, then blocks of bit-packed differences above the block's smallest. Wraps like the stored width. */
export function readDelta(
  bytes: Uint8Array,
  from: number,
  count: number,
  bits: 32 | 64,
): { readonly values: BigInt64Array; readonly next: number } {
  let at = from;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (at >= bytes.length) throw new Damaged('a page ends too early');
      const byte = bytes[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw new Damaged('a number of a page is too long');
  };
  const zigzag = (): bigint => {
    const value = varint();
    return (value >> 1n) ^ -(value & 1n);
  };
  const blockSize = Number(varint());
  const miniBlocks = Number(varint());
  const total = Number(varint());
  const perMini = blockSize / miniBlocks;
  if (!(miniBlocks > 0) || !Number.isInteger(perMini) || perMini % 8 !== 0 || perMini > 1 << 20 || total !== count)
    throw new Damaged('a page of differences does not fit its header');
  const values = new BigInt64Array(count);
  let value = zigzag();
  let filled = 0;
  if (count > 0) values[filled++] = BigInt.asIntN(bits, value);
  while (filled < count) {
    const least = zigzag();
    const widths = bytes.subarray(at, at + miniBlocks);
    at += miniBlocks;
    if (at > bytes.length) throw new Damaged('a page ends too early');
    for (let mini = 0; mini < miniBlocks && filled < count; mini++) {
      const width = widths[mini];
      if (width > 64 || at + (perMini * width) / 8 > bytes.length) throw new Damaged('a page ends too early');
      for (let i = 0; i < perMini && filled < count; i++) {
        value = BigInt.asIntN(bits, value + least + bitsAt(bytes, at, i * width, width));
        values[filled++] = value;
      }
      at += (perMini * width) / 8;
    }
  }
  return { values, next: at };
}

function bitsAt(bytes: Uint8Array, from: number, bit: number, width: number): bigint {
  let value = 0n;
  let got = 0;
  while (got < width) {
    const position = bit + got;
    const inByte = position & 7;
    const take = Math.min(8 - inByte, width - got);
    value |= BigInt((bytes[from + (position >> 3)] >> inByte) & ((1 << take) - 1)) << BigInt(got);
    got += take;
  }
  return value;
}

/** DELTA_LENGTH_BYTE_ARRAY, and DELTA_BYTE_ARRAY (`prefixed`): lengths as differences, then the texts, each after a prefix of the one before. */
export function readDeltaBytes(bytes: Uint8Array, count: number, prefixed: boolean): Texts {
  const prefixes = prefixed ? readDelta(bytes, 0, count, 32) : undefined;
  const lengths = readDelta(bytes, prefixes?.next ?? 0, count, 32);
  const starts = new Int32Array(count);
  const ends = new Int32Array(count);
  let at = lengths.next;
  if (prefixes === undefined) {
    for (let i = 0; i < count; i++) {
      starts[i] = at;
      at += Number(lengths.values[i]);
      if (at > bytes.length || at < starts[i]) throw new Damaged('a text runs over the end of its page');
      ends[i] = at;
    }
    return { bytes, starts, ends };
  }
  const pieces: Uint8Array[] = [];
  let before: Uint8Array = new Uint8Array(0);
  let used = 0;
  for (let i = 0; i < count; i++) {
    const prefix = Number(prefixes.values[i]);
    const length = Number(lengths.values[i]);
    if (prefix < 0 || prefix > before.length || length < 0 || at + length > bytes.length)
      throw new Damaged('a text runs over the end of its page');
    const text = new Uint8Array(prefix + length);
    text.set(before.subarray(0, prefix));
    text.set(bytes.subarray(at, at + length), prefix);
    at += length;
    pieces.push(text);
    before = text;
    starts[i] = used;
    used += text.length;
    ends[i] = used;
  }
  return { bytes: Buffer.concat(pieces), starts, ends };
}
