import { fnv1a, type Interner } from '../csv/intern.ts';
import { Damaged } from './damaged.ts';
import type { Leaf } from './leaf.ts';
import { decodePage, decodeValues, type Page, type PageValues, TooLarge, TooLargeAt } from './page.ts';
import { readPageHeader } from './page-header.ts';
import { unpack } from './unpack.ts';

/** No writer makes larger pages; a damaged header would ask for gigabytes. */
const PAGE_ROWS_MAX = 1 << 26;
const DATA = 0;
const DICTIONARY = 2;
const DATA_V2 = 3;

/** The column being filled for the batch at hand. */
export interface Target {
  readonly values: Float64Array;
  readonly codes: Int32Array;
  readonly missing: Uint8Array;
  anyMissing: boolean;
}

/** Walks the pages of one column of one row group and hands out its rows; one page at a time is unpacked. */
export class ChunkCursor {
  readonly #leaf: Leaf;
  readonly #bytes: Uint8Array;
  readonly #codec: string;
  readonly #interner: Interner;
  #at = 0;
  #dictionary: PageValues | undefined;
  #tooLarge: TooLarge | undefined;
  /** Code in the interner per entry of the dictionary, looked up when first used; -2 = not yet. */
  #map = new Int32Array(0);
  #generation = -1;
  #page: Page | undefined;
  #row = 0;
  #value = 0;
  /** Rows handed out. */
  rows = 0;

  constructor(leaf: Leaf, bytes: Uint8Array, codec: string, interner: Interner) {
    this.#leaf = leaf;
    this.#bytes = bytes;
    this.#codec = codec;
    this.#interner = interner;
  }

  /** Writes the next `count` rows to `target` from row `to` on. */
  fill(target: Target, to: number, count: number): void {
    for (let filled = 0; filled < count; ) {
      if (this.#page === undefined || this.#row === this.#page.rows) this.#nextPage();
      const page = this.#page as Page;
      const taken = Math.min(count - filled, page.rows - this.#row);
      this.#copy(page, target, to + filled, taken);
      this.#row += taken;
      this.rows += taken;
      filled += taken;
    }
  }

  #copy({ present, values }: Page, target: Target, to: number, count: number): void {
    if (values.kind === 'numbers' && present === undefined) {
      target.values.set(values.values.subarray(this.#value, this.#value + count), to);
      this.#value += count;
      this.#markNaN(target, to, count);
      return;
    }
    if (this.#leaf.type === 'text') this.#copyTexts(present, values, target, to, count);
    else {
      this.#copyNumbers(present, values, target, to, count);
      this.#markNaN(target, to, count);
    }
  }

  #copyNumbers(present: Int32Array | undefined, values: PageValues, target: Target, to: number, count: number): void {
    const out = target.values;
    if (values.kind === 'numbers') {
      for (let i = 0; i < count; i++)
        out[to + i] = present !== undefined && present[this.#row + i] === 0 ? Number.NaN : values.values[this.#value++];
      return;
    }
    const dictionary = this.#dictionary;
    if (values.kind !== 'codes' || dictionary?.kind !== 'numbers') throw new Damaged('text where numbers were promised');
    const known = dictionary.values;
    const { codes } = values;
    const row = this.#row;
    let at = this.#value;
    for (let i = 0; i < count; i++) {
      if (present !== undefined && present[row + i] === 0) {
        out[to + i] = Number.NaN;
        continue;
      }
      const code = codes[at++];
      if (!(code >= 0 && code < known.length)) {
        throw this.#tooLarge === undefined
          ? new Damaged('a code outside the dictionary')
          : new TooLargeAt(this.#tooLarge.message, this.rows + i);
      }
      out[to + i] = known[code];
    }
    this.#value = at;
  }

  #copyTexts(present: Int32Array | undefined, values: PageValues, target: Target, to: number, count: number): void {
    const codeOf = this.#codesOf(values);
    const out = target.codes;
    for (let i = 0; i < count; i++) out[to + i] = present !== undefined && present[this.#row + i] === 0 ? -1 : codeOf(this.#value++);
  }

  /** A NaN counts as missing (S2), whether stored or put in for a null. */
  #markNaN(target: Target, to: number, count: number): void {
    const { values, missing } = target;
    let any = target.anyMissing;
    for (let i = to; i < to + count; i++) {
      if (!Number.isNaN(values[i])) continue;
      missing[i] = 1;
      any = true;
    }
    target.anyMissing = any;
  }

  #codesOf(values: PageValues): (index: number) => number {
    const interner = this.#interner;
    if (values.kind === 'texts') {
      const { bytes, starts, ends } = values.texts;
      return (index) => interner.code(bytes, starts[index], ends[index], fnv1a(bytes, starts[index], ends[index]));
    }
    const dictionary = this.#dictionary;
    if (values.kind !== 'codes' || dictionary?.kind !== 'texts') throw new Damaged('numbers where text was promised');
    const { bytes, starts, ends } = dictionary.texts;
    if (this.#generation !== interner.generation) {
      this.#generation = interner.generation;
      this.#map = new Int32Array(starts.length).fill(-2);
    }
    const map = this.#map;
    const { codes } = values;
    return (index) => {
      const entry = codes[index];
      if (entry < 0 || entry >= map.length) throw new Damaged('a code outside the dictionary');
      if (map[entry] === -2) map[entry] = interner.code(bytes, starts[entry], ends[entry], fnv1a(bytes, starts[entry], ends[entry]));
      return map[entry];
    };
  }

  /** An entry too large for a number is an error where a row uses it: only there its row is known. */
  #decodeDictionary(bytes: Uint8Array, count: number): PageValues {
    try {
      return decodeValues(this.#leaf, 0, bytes, count);
    } catch (error) {
      if (!(error instanceof TooLarge)) throw error;
      this.#tooLarge = error;
      return decodeValues(this.#leaf, 0, bytes, error.index);
    }
  }

  #nextPage(): void {
    for (;;) {
      if (this.#at >= this.#bytes.length) throw new Damaged('the column has fewer rows than its row group');
      const header = readPageHeader(this.#bytes, this.#at);
      const end = header.next + header.packedBytes;
      if (end > this.#bytes.length) throw new Damaged('a page runs over the end of its column');
      const body = this.#bytes.subarray(header.next, end);
      this.#at = end;
      if (header.kind === DICTIONARY) {
        this.#dictionary = this.#decodeDictionary(unpack(body, this.#codec, header.unpackedBytes), header.values);
        this.#generation = -1;
        continue;
      }
      if (header.kind !== DATA && header.kind !== DATA_V2) continue;
      if (header.values > PAGE_ROWS_MAX) throw new Damaged(`a page says it has ${header.values} rows; at most ${PAGE_ROWS_MAX} are read`);
      const levelBytes = header.definitionBytes + header.repetitionBytes;
      const two = header.kind === DATA_V2;
      if (two && levelBytes > body.length) throw new Damaged('a page ends too early');
      const packed = two ? body.subarray(levelBytes) : body;
      const unpacked = two && !header.packed ? packed : unpack(packed, this.#codec, header.unpackedBytes - (two ? levelBytes : 0));
      const levels = two ? body.subarray(header.repetitionBytes, levelBytes) : undefined;
      this.#row = 0;
      this.#value = 0;
      try {
        this.#page = decodePage(this.#leaf, header, unpacked, levels, this.#dictionary !== undefined);
      } catch (error) {
        if (error instanceof TooLargeAt) throw new TooLargeAt(error.message, this.rows + error.row);
        throw error;
      }
      if (header.values > 0) return;
    }
  }
}
