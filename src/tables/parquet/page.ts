import { readHybrid } from './bits.ts';
import { Damaged } from './damaged.ts';
import { readDelta, readDeltaBytes } from './delta.ts';
import { decimalOf, type Leaf, numberOfBytes } from './leaf.ts';
import type { PageHeader } from './page-header.ts';
import type { Texts } from './texts.ts';

const PLAIN = 0;
const PLAIN_DICTIONARY = 2;
const RLE = 3;
const DELTA_BINARY_PACKED = 5;
const DELTA_LENGTH_BYTE_ARRAY = 6;
const DELTA_BYTE_ARRAY = 7;
const RLE_DICTIONARY = 8;
const BYTE_STREAM_SPLIT = 9;

/** The non-missing values of a page, dense; dictionary pages give codes into the chunk's dictionary. */
export type PageValues =
  | { readonly kind: 'numbers'; readonly values: Float64Array }
  | { readonly kind: 'texts'; readonly texts: Texts }
  | { readonly kind: 'codes'; readonly codes: Int32Array };

/** A decoded data page: its rows, which of them are there (undefined: all), and the values of those. */
export interface Page {
  readonly rows: number;
  readonly present: Int32Array | undefined;
  readonly values: PageValues;
}

/** Decodes an unpacked data page; `levels` are the definition levels of a version 2 page, which stand apart. */
export function decodePage(
  leaf: Leaf,
  header: PageHeader,
  bytes: Uint8Array,
  levels: Uint8Array | undefined,
  dictionaryBits: boolean,
): Page {
  const rows = header.values;
  let at = 0;
  let present: Int32Array | undefined;
  let there = rows;
  if (leaf.optional) {
    present = new Int32Array(rows);
    if (levels !== undefined) readHybrid(levels, 0, levels.length, 1, present, rows);
    else {
      if (bytes.length < 4) throw new Damaged('a page ends too early');
      const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
      if (4 + length > bytes.length) throw new Damaged('a page ends too early');
      readHybrid(bytes, 4, 4 + length, 1, present, rows);
      at = 4 + length;
    }
    there = 0;
    for (let i = 0; i < rows; i++) there += present[i];
    if (there === rows) present = undefined;
  }
  const { encoding } = header;
  if (encoding === PLAIN_DICTIONARY || encoding === RLE_DICTIONARY) {
    if (!dictionaryBits) throw new Damaged('codes without a dictionary');
    const codes = new Int32Array(there);
    if (there > 0) {
      if (at >= bytes.length) throw new Damaged('a page ends too early');
      readHybrid(bytes, at + 1, bytes.length, bytes[at], codes, there);
    }
    return { rows, present, values: { kind: 'codes', codes } };
  }
  try {
    return { rows, present, values: decodeValues(leaf, encoding, bytes.subarray(at), there) };
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    throw new TooLargeAt(error.message, rowOf(present, error.index));
  }
}

/** `count` values in the given encoding: the body of a data page, or of a dictionary page (plain). */
export function decodeValues(leaf: Leaf, encoding: number, bytes: Uint8Array, count: number): PageValues {
  const { physical } = leaf;
  if (encoding === PLAIN) {
    if (leaf.type === 'text' && leaf.meaning === 'plain') return { kind: 'texts', texts: plainTexts(bytes, count) };
    return physical === 'FIXED_LEN_BYTE_ARRAY' || physical === 'INT96' || physical === 'BYTE_ARRAY'
      ? bytesAsValues(leaf, bytes, count)
      : { kind: 'numbers', values: plainNumbers(leaf, bytes, count) };
  }
  if (encoding === RLE && physical === 'BOOLEAN') {
    const bits = new Int32Array(count);
    readHybrid(bytes, 4, bytes.length, 1, bits, count);
    return { kind: 'numbers', values: Float64Array.from(bits) };
  }
  if (encoding === DELTA_BINARY_PACKED && (physical === 'INT32' || physical === 'INT64')) {
    const { values } = readDelta(bytes, 0, count, physical === 'INT32' ? 32 : 64);
    return { kind: 'numbers', values: Float64Array.from(values, (value, i) => wholeOf(leaf, value, i)) };
  }
  if ((encoding === DELTA_LENGTH_BYTE_ARRAY || encoding === DELTA_BYTE_ARRAY) && leaf.type === 'text' && physical === 'BYTE_ARRAY') {
    return { kind: 'texts', texts: readDeltaBytes(bytes, count, encoding === DELTA_BYTE_ARRAY) };
  }
  if (encoding === BYTE_STREAM_SPLIT && physical !== 'BYTE_ARRAY') {
    const width = physical === 'FLOAT' || physical === 'INT32' ? 4 : physical === 'FIXED_LEN_BYTE_ARRAY' ? leaf.byteLength : 8;
    if (bytes.length < count * width) throw new Damaged('a page ends too early');
    const joined = new Uint8Array(count * width);
    for (let i = 0; i < count; i++) for (let b = 0; b < width; b++) joined[i * width + b] = bytes[b * count + i];
    return decodeValues(leaf, PLAIN, joined, count);
  }
  throw new Damaged(`encoding ${encoding} of ${physical} is not read`, 'unsupported-parquet');
}

function plainNumbers(leaf: Leaf, bytes: Uint8Array, count: number): Float64Array {
  const { physical, unsigned, factor, divisor } = leaf;
  const width = physical === 'BOOLEAN' ? 1 / 8 : physical === 'INT32' || physical === 'FLOAT' ? 4 : 8;
  if (Math.ceil(count * width) > bytes.length) throw new Damaged('a page ends too early');
  const values = new Float64Array(count);
  if (physical === 'BOOLEAN') {
    for (let i = 0; i < count; i++) values[i] = (bytes[i >> 3] >> (i & 7)) & 1;
    return values;
  }
  if (physical === 'DOUBLE') {
    new Uint8Array(values.buffer).set(bytes.subarray(0, count * 8));
    return values;
  }
  const body = new Uint8Array(bytes.subarray(0, count * width)).buffer;
  if (physical === 'FLOAT') {
    values.set(new Float32Array(body));
    return values;
  }
  if (physical === 'INT32') {
    values.set(unsigned ? new Uint32Array(body) : new Int32Array(body));
    if (factor !== 1 || divisor !== 1) for (let i = 0; i < count; i++) values[i] = (values[i] * factor) / divisor;
    return values;
  }
  const words = new Int32Array(body);
  for (let i = 0; i < count; i++) {
    const low = words[2 * i] >>> 0;
    const high = unsigned ? words[2 * i + 1] >>> 0 : words[2 * i + 1];
    // Within 2^53 the sum is exact; beyond, the whole number decides what is lost.
    values[i] =
      high >= -0x200000 && high < 0x200000 ? (high * 4_294_967_296 + low) / divisor : wholeOf(leaf, (BigInt(high) << 32n) | BigInt(low), i);
  }
  return values;
}

/** A stored integer as number: exact, or an error for what a double cannot hold; timestamps and decimals are rounded to the nearest. */
function wholeOf(leaf: Leaf, stored: bigint, index: number): number {
  const value = leaf.unsigned ? BigInt.asUintN(64, stored) : stored;
  if (leaf.meaning === 'decimal') return decimalOf(value, leaf.divisor, leaf.name);
  if (leaf.type === 'timestamp') return Number(value / BigInt(leaf.divisor)) + Number(value % BigInt(leaf.divisor)) / leaf.divisor;
  if (leaf.type === 'date') return Number(value) * leaf.factor;
  if (value > 9_007_199_254_740_992n || value < -9_007_199_254_740_992n) throw new TooLarge(value, index);
  return Number(value);
}

/** An integer beyond 2^53; the reader adds the place. */
export class TooLarge extends Error {
  /** Which of the page's non-missing values it is, from 0. */
  readonly index: number;
  constructor(value: bigint, index: number) {
    super(`${value} is beyond 2^53 and cannot be held exactly.`);
    this.index = index;
  }
}

/** The same with the row within the page. */
export class TooLargeAt extends Error {
  readonly row: number;
  constructor(message: string, row: number) {
    super(message);
    this.row = row;
  }
}

function rowOf(present: Int32Array | undefined, index: number): number {
  if (present === undefined) return index;
  let row = -1;
  for (let left = index; left >= 0; ) if (present[++row] === 1) left--;
  return row;
}

function plainTexts(bytes: Uint8Array, count: number): Texts {
  if (count * 4 > bytes.length) throw new Damaged('a page ends too early');
  const starts = new Int32Array(count);
  const ends = new Int32Array(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 4 > bytes.length) throw new Damaged('a page ends too early');
    const length = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    at += 4;
    if (length < 0 || at + length > bytes.length) throw new Damaged('a text runs over the end of its page');
    starts[i] = at;
    at += length;
    ends[i] = at;
  }
  return { bytes, starts, ends };
}

function bytesAsValues(leaf: Leaf, bytes: Uint8Array, count: number): PageValues {
  const width = leaf.physical === 'INT96' ? 12 : leaf.byteLength;
  const texts = leaf.physical === 'BYTE_ARRAY' ? plainTexts(bytes, count) : fixed(bytes, count, width);
  if (leaf.meaning !== 'uuid') {
    const values = new Float64Array(count);
    for (let i = 0; i < count; i++) values[i] = numberOfBytes(leaf, bytes.subarray(texts.starts[i], texts.ends[i]));
    return { kind: 'numbers', values };
  }
  const written = Buffer.alloc(count * 36);
  for (let i = 0; i < count; i++) {
    const hex = Buffer.from(bytes.buffer, bytes.byteOffset + texts.starts[i], 16).toString('hex');
    written.write(`${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`, i * 36, 'latin1');
  }
  return { kind: 'texts', texts: fixed(written, count, 36) };
}

function fixed(bytes: Uint8Array, count: number, width: number): Texts {
  if (count * width > bytes.length) throw new Damaged('a page ends too early');
  return {
    bytes,
    starts: Int32Array.from({ length: count }, (_, i) => i * width),
    ends: Int32Array.from({ length: count }, (_, i) => (i + 1) * width),
  };
}
