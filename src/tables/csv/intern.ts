import { BadInput } from '../bad-input.ts';

/** Turns the bytes of a field into text; throws a code of `BadInput` as its message when they are not of the encoding. */
export type Decode = (bytes: Uint8Array, from: number, to: number) => string;

/** From this many entries or bytes on, a column's dictionary starts afresh with the next batch: memory stays bounded. */
const KEEP_ENTRIES = 16_384;
const KEEP_BYTES = 1 << 20;

/**
 * Gives equal texts equal codes, by their bytes: text is decoded and checked once per different value, not once per cell.
 * The dictionary lives on over batches while it is small, so that consumers may cache by its identity.
 */
export class Interner {
  readonly #decode: Decode;
  readonly #missing: ReadonlySet<string>;
  #slots = new Int32Array(1024);
  #hashes = new Int32Array(256);
  #ends = new Int32Array(256);
  /** Code in the dictionary per entry; -1 for a declared missing word. */
  #codes = new Int32Array(256);
  #bytes = new Uint8Array(4096);
  #entries = 0;
  #used = 0;
  #texts: string[] = [];
  #snapshot: readonly string[] = [];
  /** Rises whenever codes given before have lost their meaning. */
  generation = 0;

  constructor(decode: Decode, missing: ReadonlySet<string>) {
    this.#decode = decode;
    this.#missing = missing;
  }

  /** Code of the text in `bytes[from, to)` with FNV-1a hash `hash`; -1 when it is a missing word. */
  code(bytes: Uint8Array, from: number, to: number, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const length = to - from;
    let slot = (hash ^ (hash >>> 15)) & mask;
    for (;;) {
      const entry = slots[slot] - 1;
      if (entry < 0) return this.#add(bytes, from, to, hash, slot);
      if (this.#hashes[entry] === hash) {
        const start = entry === 0 ? 0 : this.#ends[entry - 1];
        if (this.#ends[entry] - start === length) {
          const known = this.#bytes;
          let i = 0;
          while (i < length && known[start + i] === bytes[from + i]) i++;
          if (i === length) return this.#codes[entry];
        }
      }
      slot = (slot + 1) & mask;
    }
  }

  /** The dictionary of the batch just filled; the same array as last time when nothing was added. */
  take(): readonly string[] {
    if (this.#snapshot.length !== this.#texts.length) this.#snapshot = this.#texts.slice();
    const taken = this.#snapshot;
    if (this.#entries > KEEP_ENTRIES || this.#used > KEEP_BYTES) this.#clear();
    return taken;
  }

  #clear(): void {
    this.generation++;
    this.#slots = new Int32Array(1024);
    this.#entries = 0;
    this.#used = 0;
    this.#texts = [];
    this.#snapshot = [];
  }

  #add(bytes: Uint8Array, from: number, to: number, hash: number, slot: number): number {
    const text = this.#decode(bytes, from, to);
    const entry = this.#entries;
    if (entry === this.#hashes.length) this.#growEntries();
    while (this.#used + (to - from) > this.#bytes.length) this.#bytes = grown(this.#bytes);
    this.#bytes.set(bytes.subarray(from, to), this.#used);
    this.#used += to - from;
    this.#ends[entry] = this.#used;
    this.#hashes[entry] = hash;
    const code = this.#missing.has(text) ? -1 : this.#texts.push(text) - 1;
    this.#codes[entry] = code;
    this.#slots[slot] = entry + 1;
    this.#entries = entry + 1;
    if (this.#entries * 2 > this.#slots.length) this.#rehash();
    return code;
  }

  #growEntries(): void {
    this.#hashes = grown(this.#hashes);
    this.#ends = grown(this.#ends);
    this.#codes = grown(this.#codes);
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 4);
    const mask = slots.length - 1;
    for (let entry = 0; entry < this.#entries; entry++) {
      const hash = this.#hashes[entry];
      let slot = (hash ^ (hash >>> 15)) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry + 1;
    }
    this.#slots = slots;
  }
}

function grown<A extends Int32Array | Uint8Array>(old: A): A {
  const next = (old instanceof Int32Array ? new Int32Array(old.length * 2) : new Uint8Array(old.length * 2)) as A;
  next.set(old);
  return next;
}

export function fnv1a(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  return hash;
}

/** Reasons a decoder refuses bytes; the parser adds file, row and column. */
export class BadText extends Error {
  readonly code: 'bad-encoding' | 'nul-byte';
  constructor(code: 'bad-encoding' | 'nul-byte', message: string) {
    super(message);
    this.code = code;
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Bytes that windows-1252 leaves undefined. */
const UNDEFINED_1252 = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d]);

/** The decoder of a declared encoding; with `anyText` that of UTF-8 keeps U+0000. */
export function decoderOf(encoding = 'utf-8', anyText = false): Decode {
  const name = encoding.toLowerCase();
  if (name === 'utf-8' || name === 'utf8') return anyText ? utf8 : decodeUtf8;
  if (name === 'windows-1252' || name === 'cp1252') return decode1252;
  if (name === 'iso-8859-1' || name === 'latin1' || name === 'latin-1') return (bytes, from, to) => asciiOf(bytes, from, to);
  throw new BadInput('unknown-encoding', `Encoding "${encoding}" is not known.`, {}, 'Use utf-8, windows-1252 or iso-8859-1.');
}

function decodeUtf8(bytes: Uint8Array, from: number, to: number): string {
  let all = 0;
  for (let i = from; i < to; i++) {
    const byte = bytes[i];
    if (byte === 0) throw new BadText('nul-byte', 'A NUL byte.');
    all |= byte;
  }
  return all < 0x80 ? asciiOf(bytes, from, to) : utf8(bytes, from, to);
}

function utf8(bytes: Uint8Array, from: number, to: number): string {
  try {
    return strictUtf8.decode(bytes.subarray(from, to));
  } catch {
    throw new BadText('bad-encoding', 'The bytes are not valid UTF-8.');
  }
}

const decoder1252 = new TextDecoder('windows-1252');

function decode1252(bytes: Uint8Array, from: number, to: number): string {
  for (let i = from; i < to; i++) {
    if (bytes[i] === 0) throw new BadText('nul-byte', 'A NUL byte.');
    if (UNDEFINED_1252.has(bytes[i])) throw new BadText('bad-encoding', `Byte 0x${bytes[i].toString(16)} is not defined in windows-1252.`);
  }
  return decoder1252.decode(bytes.subarray(from, to));
}

/** One UTF-16 unit per byte. */
function asciiOf(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
}
