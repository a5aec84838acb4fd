import { Damaged } from './damaged.ts';

/**
 * Parquet's hybrid of run lengths and bit-packed groups: `count` unsigned values of `width` bits from `bytes[from, to)`.
 * Returns where it ended.
 */
export function readHybrid(bytes: Uint8Array, from: number, to: number, width: number, out: Int32Array, count: number): number {
  if (width === 0) {
    out.fill(0, 0, count);
    return from;
  }
  if (width > 32) throw new Damaged('levels wider than 32 bits');
  let at = from;
  let filled = 0;
  while (filled < count) {
    let head = 0;
    let shift = 1;
    for (;;) {
      if (at >= to) throw new Damaged('levels or codes end too early');
      const byte = bytes[at++];
      head += (byte & 127) * shift;
      if (byte < 128) break;
      shift *= 128;
    }
    if (head % 2 === 0) {
      const run = Math.min(head / 2, count - filled);
      if (run === 0) throw new Damaged('an empty run');
      let value = 0;
      for (let i = 0; i < (width + 7) >> 3; i++) value |= bytes[at++] << (8 * i);
      out.fill(value, filled, filled + run);
      filled += run;
      continue;
    }
    const groups = (head - 1) / 2;
    if (groups === 0) throw new Damaged('an empty run');
    const values = Math.min(groups * 8, count - filled);
    unpackBits(bytes, at, to, width, out, filled, values);
    filled += values;
    at += groups * width;
  }
  return at;
}

function unpackBits(bytes: Uint8Array, from: number, to: number, width: number, out: Int32Array, start: number, count: number): void {
  if (from + Math.ceil((count * width) / 8) > to) throw new Damaged('levels or codes end too early');
  if (width === 8) {
    for (let i = 0; i < count; i++) out[start + i] = bytes[from + i];
    return;
  }
  if (width <= 24) {
    const mask = (1 << width) - 1;
    let held = 0;
    let bits = 0;
    let at = from;
    for (let i = 0; i < count; i++) {
      while (bits < width) {
        held |= bytes[at++] << bits;
        bits += 8;
      }
      out[start + i] = held & mask;
      held >>>= width;
      bits -= width;
    }
    return;
  }
  for (let i = 0; i < count; i++) {
    let value = 0;
    for (let b = 0; b < width; b++) {
      const bit = i * width + b;
      value |= ((bytes[from + (bit >> 3)] >> (bit & 7)) & 1) << b;
    }
    out[start + i] = value;
  }
}

/** Bits needed for codes 0…`max`. */
export const widthOf = (max: number): number => (max === 0 ? 0 : 32 - Math.clz32(max));
