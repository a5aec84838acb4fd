import { hash } from 'node:crypto';
import { BadInput } from './bad-input.ts';
import type { Batch, Column, Field, Schema } from './table.ts';

/** Between the cells of a key of several columns, and of a row digest: occurs in no sane key. */
const SEPARATOR = '\u001f';

/** Text of a cell as keys and reports show it (`undefined` = missing). Numbers as `String` writes them, dates as ISO 8601. */
export function cellText(column: Column, field: Field, row: number): string | undefined {
  if (column.kind === 'text') {
    const code = column.codes[row]!;
    return code < 0 ? undefined : column.dictionary[code];
  }
  const value = column.values[row]!;
  if (Number.isNaN(value)) return undefined;
  switch (field.type) {
    case 'boolean':
      return value === 0 ? 'false' : 'true';
    case 'date':
      return isoText(value)?.slice(0, 10) ?? String(value);
    case 'timestamp':
      return isoText(value) ?? String(value);
    default:
      return String(value === 0 ? 0 : value);
  }
}

function isoText(milliseconds: number): string | undefined {
  return Number.isInteger(milliseconds) && Math.abs(milliseconds) <= 8.64e15 ? new Date(milliseconds).toISOString() : undefined;
}

/** Position of a column, or a `BadInput` that lists what there is. */
export function columnIndex(schema: Schema, name: string, table: string): number {
  const index = schema.findIndex((field) => field.name === name);
  if (index < 0) {
    throw new BadInput('unknown-column', `There is no column "${name}"; there are ${schema.map((field) => field.name).join(', ')}.`, {
      file: table,
    });
  }
  return index;
}

/**
 * Text of the key of a row: the cell itself for one column, cells joined by U+001F for several.
 * Undefined when any of them is missing.
 */
export function keyText(batch: Batch, positions: readonly number[], row: number): string | undefined {
  if (positions.length === 1) return cellText(batch.columns[positions[0]!]!, batch.schema[positions[0]!]!, row);
  const cells: string[] = [];
  for (const position of positions) {
    const text = cellText(batch.columns[position]!, batch.schema[position]!, row);
    if (text === undefined) return undefined;
    cells.push(text);
  }
  return cells.join(SEPARATOR);
}

/** Text that stands for a whole row: `name=cell` of all columns, ordered by name, so that the order of columns does not matter. */
export function rowText(batch: Batch, row: number): string {
  const order = byName(batch.schema);
  let text = '';
  for (const position of order) {
    const cell = cellText(batch.columns[position]!, batch.schema[position]!, row);
    text += `${batch.schema[position]!.name}${cell === undefined ? '' : `=${cell}`}${SEPARATOR}`;
  }
  return text;
}

const orders = new WeakMap<Schema, readonly number[]>();
function byName(schema: Schema): readonly number[] {
  const known = orders.get(schema);
  if (known) return known;
  const order = schema.map((_, position) => position).sort((a, b) => (schema[a]!.name < schema[b]!.name ? -1 : 1));
  orders.set(schema, order);
  return order;
}

/** First 64 bits of SHA-256 over the UTF-8 bytes of `salt|key`, as two unsigned words. */
export function hashKey(salt: string, key: string): { readonly high: number; readonly low: number } {
  const digest = hash('sha256', `${salt}|${key}`, 'buffer');
  return { high: digest.readUInt32BE(0), low: digest.readUInt32BE(4) };
}

/** 0 ≤ u < 1 from the first 53 bits of the same digest (S10). */
export const shareOf = (high: number, low: number): number => (high * 2 ** 21 + (low >>> 11)) / 2 ** 53;

/** A list of 64-bit hashes that grows by doubling: 8 bytes a row. */
export class HashList {
  #words = new Uint32Array(2048);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(high: number, low: number): void {
    const at = 2 * this.#length++;
    if (at === this.#words.length) {
      const larger = new Uint32Array(2 * this.#words.length);
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#words[at] = low;
    this.#words[at + 1] = high;
  }

  high(index: number): number {
    return this.#words[2 * index + 1]!;
  }

  low(index: number): number {
    return this.#words[2 * index]!;
  }

  /** The hashes in rising order, those of `keep` only when given. */
  sorted(keep?: (index: number) => boolean): BigUint64Array {
    const chosen = new Uint32Array(2 * this.#length);
    let count = 0;
    for (let index = 0; index < this.#length; index++) {
      if (keep && !keep(index)) continue;
      chosen[2 * count] = this.low(index);
      chosen[2 * count + 1] = this.high(index);
      count++;
    }
    return new BigUint64Array(chosen.buffer, 0, count).sort();
  }

  /** Indices (rising) of all entries whose hash occurs more than once, at most `limit`, and how many there are. */
  repeated(limit: number): { readonly rows: readonly number[]; readonly count: number; readonly distinct: number } {
    const sorted = this.sorted();
    const twice = new Set<bigint>();
    let distinct = 0;
    let count = 0;
    for (let from = 0; from < sorted.length; ) {
      let to = from + 1;
      while (to < sorted.length && sorted[to] === sorted[from]) to++;
      distinct++;
      if (to - from > 1) {
        count += to - from;
        twice.add(sorted[from]!);
      }
      from = to;
    }
    const rows: number[] = [];
    for (let index = 0; count > 0 && index < this.#length && rows.length < limit; index++) {
      if (twice.has((BigInt(this.high(index)) << 32n) | BigInt(this.low(index)))) rows.push(index);
    }
    return { rows, count, distinct };
  }
}

/** A list of doubles that grows by doubling: 8 bytes a value. */
export class NumberList {
  #values = new Float64Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float64Array(2 * this.#values.length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }

  /** The values so far; a view, valid until the next `push`. */
  view(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }
}
