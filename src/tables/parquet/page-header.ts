import { Damaged } from './damaged.ts';

/** What decoding a page needs of its header (parquet.thrift, `PageHeader`). */
export interface PageHeader {
  /** 0 data page, 2 dictionary page, 3 data page of version 2; others are skipped. */
  readonly kind: number;
  readonly unpackedBytes: number;
  readonly packedBytes: number;
  readonly values: number;
  readonly encoding: number;
  /** Version 2 only: bytes of the levels, which stand unpacked before the values. */
  readonly definitionBytes: number;
  readonly repetitionBytes: number;
  /** Version 2 only: whether the values are compressed. */
  readonly packed: boolean;
  /** Where the page's bytes begin. */
  readonly next: number;
}

type Struct = Map<number, number | boolean | Struct>;

/** Reads the header at `bytes[at]`: Thrift's compact protocol, only as much of it as headers use. */
export function readPageHeader(bytes: Uint8Array, at: number): PageHeader {
  const reader = new CompactReader(bytes, at);
  const fields = reader.struct(0);
  const kind = integer(fields, 1);
  const inner = struct(fields, kind === 0 ? 5 : kind === 2 ? 7 : kind === 3 ? 8 : -1);
  const two = kind === 3;
  return {
    kind,
    unpackedBytes: integer(fields, 2),
    packedBytes: integer(fields, 3),
    values: inner === undefined ? 0 : integer(inner, 1),
    encoding: inner === undefined ? 0 : integer(inner, two ? 4 : 2),
    definitionBytes: two && inner !== undefined ? integer(inner, 5) : 0,
    repetitionBytes: two && inner !== undefined ? integer(inner, 6) : 0,
    packed: !(two && inner?.get(7) === false),
    next: reader.at,
  };
}

function integer(fields: Struct, id: number): number {
  const value = fields.get(id);
  if (typeof value !== 'number' || value < 0) throw new Damaged(`a page header lacks field ${id}`);
  return value;
}

function struct(fields: Struct, id: number): Struct | undefined {
  const value = fields.get(id);
  return value instanceof Map ? value : undefined;
}

class CompactReader {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  struct(depth: number): Struct {
    if (depth > 8) throw new Damaged('a page header is nested too deep');
    const fields: Struct = new Map();
    let id = 0;
    for (;;) {
      const byte = this.#byte();
      const type = byte & 15;
      if (type === 0) return fields;
      id = byte >> 4 === 0 ? this.#zigzag() : id + (byte >> 4);
      const value = this.#value(type, depth);
      if (value !== undefined) fields.set(id, value);
    }
  }

  #value(type: number, depth: number): number | boolean | Struct | undefined {
    switch (type) {
      case 1:
      case 2:
        return type === 1;
      case 3:
        this.at++;
        return undefined;
      case 4:
      case 5:
      case 6:
        return this.#zigzag();
      case 7:
        this.at += 8;
        return undefined;
      case 8: {
        const length = this.#varint();
        this.at += length;
        return undefined;
      }
      case 9:
      case 10: {
        const byte = this.#byte();
        const size = byte >> 4 === 15 ? this.#varint() : byte >> 4;
        for (let i = 0; i < size; i++) this.#value(byte & 15, depth + 1);
        return undefined;
      }
      case 12:
        return this.struct(depth + 1);
      default:
        throw new Damaged('a page header cannot be read');
    }
  }

  #byte(): number {
    if (this.at >= this.#bytes.length) throw new Damaged('a page header ends too early');
    return this.#bytes[this.at++];
  }

  #varint(): number {
    let value = 0;
    for (let shift = 1, i = 0; i < 10; i++, shift *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
    throw new Damaged('a page header cannot be read');
  }

  #zigzag(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
