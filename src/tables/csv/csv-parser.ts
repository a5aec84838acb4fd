import { BadInput } from '../bad-input.ts';
import { BadCell, BadText, type Cells, INTEGER, NUMBER, SKIP, TEXT } from './cells.ts';
import type { Decode } from './intern.ts';

const LF = 10;
const CR = 13;
const QUOTE = 34;
const MINUS = 45;
const DOT = 46;

/** Powers of ten that doubles hold exactly: one division by them is correctly rounded for up to 15 digits. */
const POW10 = Float64Array.from({ length: 23 }, (_, i) => 10 ** i);

export interface CsvLayout {
  readonly file: string;
  readonly delimiter: number;
  /** Names of all columns of the file, in its order. */
  readonly names: readonly string[];
  /** The column being filled per column of the file; undefined where nobody asks for it. */
  readonly cells: readonly (Cells | undefined)[];
  readonly maxRecordBytes: number;
  readonly countBadRows: boolean;
  readonly decode: Decode;
  /** Rows of a batch. */
  readonly capacity: number;
}

/**
 * RFC 4180 over bytes, as S7 defines it: the inner loop of reading. It is handed a buffer that begins at a record, fills the columns,
 * and says how far it came; whole records only. A bad record leaves no trace in the columns: `rows` does not move.
 */
export class CsvParser {
  readonly #layout: CsvLayout;
  readonly #kinds: Uint8Array;
  #scratch = new Uint8Array(256);
  /** Records met in this file so far, empty lines included: the row number of messages is `record + 1`. */
  record: number;
  rows = 0;
  /** Records left out since the last batch: pairs of the row before which they stand and how many they are. */
  skipped: number[] = [];
  emptyLines = 0;
  badRows = 0;
  readonly badByCode: Record<string, number> = {};
  readonly examples: string[] = [];

  constructor(layout: CsvLayout, record: number) {
    this.#layout = layout;
    this.#kinds = Uint8Array.from(layout.cells, (cells) => cells?.kind ?? SKIP);
    this.record = record;
  }

  /**
   * Reads records of `buffer[from, end)` until the batch is full or the bytes are used up; `buffer[end]` must be writable (it becomes a
   * sentinel). Returns where the first record not read begins. `final`: nothing follows `end`.
   */
  parse(buffer: Uint8Array, from: number, end: number, final: boolean): number {
    const { delimiter, cells, capacity, maxRecordBytes } = this.#layout;
    const kinds = this.#kinds;
    const width = kinds.length;
    buffer[end] = LF;
    let p = from;
    let row = this.rows;

    record: while (p < end && row < capacity) {
      const start = p;
      let c = buffer[p];
      if ((c === LF || c === CR) && width > 1) {
        if (c === CR && p + 1 === end && !final) break;
        p += c === CR && p + 1 < end && buffer[p + 1] === LF ? 2 : 1;
        this.record++;
        this.emptyLines++;
        this.#skip(row);
        continue;
      }

      let column = 0;
      for (;;) {
        const kind = column < width ? kinds[column] : SKIP;
        c = buffer[p];
        let q = p;
        let done = false;

        if (kind === NUMBER || kind === INTEGER) {
          const negative = c === MINUS;
          if (negative) c = buffer[++q];
          const digits = q;
          const leadingZero = c === 48;
          let mantissa = 0;
          while (c >= 48 && c <= 57) {
            mantissa = mantissa * 10 + (c - 48);
            c = buffer[++q];
          }
          const whole = q - digits;
          let fraction = 0;
          if (c === DOT && kind === NUMBER) {
            const point = ++q;
            c = buffer[q];
            while (c >= 48 && c <= 57) {
              mantissa = mantissa * 10 + (c - 48);
              c = buffer[++q];
            }
            fraction = q - point;
          }
          if ((c === delimiter || c === LF || c === CR) && whole > 0 && whole + fraction <= 15 && (!leadingZero || whole === 1)) {
            const value = fraction === 0 ? mantissa : mantissa / POW10[fraction];
            const target = cells[column] as Cells;
            target.values[row] = negative ? -value : value;
            if (target.missing !== undefined) target.missing[row] = 0;
            done = true;
          } else {
            q = p;
            c = buffer[q];
          }
        } else if (kind === TEXT && c !== QUOTE) {
          let hash = 0x811c9dc5 | 0;
          while (c !== delimiter && c !== LF && c !== CR) {
            hash = Math.imul(hash ^ c, 0x01000193);
            c = buffer[++q];
          }
          if (q >= end && !final) {
            p = start;
            break record;
          }
          const target = cells[column] as Cells;
          if (q === p) target.codes[row] = -1;
          else {
            try {
              target.codes[row] = target.interner.code(buffer, p, q, hash);
            } catch (error) {
              p = this.#bad(error, buffer, start, q, end, final, column);
              if (p < 0) {
                p = start;
                break record;
              }
              continue record;
            }
          }
          done = true;
        }

        if (!done) {
          q = this.#slowField(buffer, p, end, final, column, row, kind);
          if (q < 0) {
            if (this.#pending === undefined) {
              p = start;
              break record;
            }
            p = this.#bad(this.#pending, buffer, start, this.#resumeAt, end, final, column);
            if (p < 0) {
              p = start;
              break record;
            }
            continue record;
          }
          c = buffer[q];
        }

        if (q >= end) {
          if (!final) {
            p = start;
            break record;
          }
          p = end;
          column++;
          break;
        }
        column++;
        if (c === delimiter) {
          p = q + 1;
          continue;
        }
        if (c === CR) {
          if (q + 1 === end && !final) {
            p = start;
            break record;
          }
          p = q + 1 < end && buffer[q + 1] === LF ? q + 2 : q + 1;
        } else p = q + 1;
        break;
      }

      if (p - start > maxRecordBytes) throw this.tooLong();
      if (column !== width) {
        this.#note(
          new BadCell(
            'ragged-row',
            `expected ${width} fields, found ${column}.`,
            'Quote fields that hold the delimiter, and check the declared delimiter.',
          ),
          undefined,
        );
        continue;
      }
      this.record++;
      row++;
      this.rows = row;
    }
    return p;
  }

  tooLong(): BadInput {
    return new BadInput(
      'record-too-long',
      `the record is longer than ${this.#layout.maxRecordBytes} bytes.`,
      { file: this.#layout.file, row: this.record + 1 },
      'Is a quote left open, or is this no CSV file? Otherwise raise max-record-bytes.',
    );
  }

  #pending: BadCell | BadText | undefined;
  #resumeAt = 0;

  /**
   * A field the fast paths do not know: quoted, empty, odd, or of no interest. Returns where it ends (delimiter, line end or `end`);
   * -1 when it is bad (`#pending`, `#resumeAt`) or needs more bytes (`#pending` is undefined).
   */
  #slowField(buffer: Uint8Array, from: number, end: number, final: boolean, column: number, row: number, kind: number): number {
    const { delimiter, cells, decode, names } = this.#layout;
    this.#pending = undefined;
    const target = column < names.length ? cells[column] : undefined;
    if (buffer[from] !== QUOTE || from >= end) {
      let q = from;
      let c = buffer[q];
      let odd = false;
      while (c !== delimiter && c !== LF && c !== CR) {
        if (c === 0 || c >= 0x80) odd = true;
        c = buffer[++q];
      }
      if (q >= end && !final) return -1;
      try {
        if (target !== undefined) target.set(row, buffer, from, q, false);
        else if (odd) decode(buffer, from, q);
      } catch (error) {
        return this.#fail(error, q);
      }
      return q;
    }

    let q = from + 1;
    let used = 0;
    let copied = q;
    let escaped = false;
    for (;;) {
      while (q < end && buffer[q] !== QUOTE) q++;
      if (q >= end) {
        if (!final) return -1;
        return this.#fail(
          new BadCell(
            'unterminated-quote',
            'a quoted field begins here and never ends.',
            'Close the quote, or double quotes within quoted fields.',
          ),
          end,
        );
      }
      if (q + 1 === end && !final) return -1;
      if (q + 1 < end && buffer[q + 1] === QUOTE) {
        escaped = true;
        used = this.#copy(buffer, copied, q + 1, used);
        q += 2;
        copied = q;
        continue;
      }
      break;
    }
    const close = q++;
    const c = buffer[q];
    if (q < end && c !== delimiter && c !== LF && c !== CR) {
      return this.#fail(new BadCell('text-after-quote', 'text follows a closing quote.', 'Double the quotes that belong to the text.'), q);
    }
    try {
      if (escaped) {
        used = this.#copy(buffer, copied, close, used);
        if (target !== undefined) target.set(row, this.#scratch, 0, used, true);
        else decode(this.#scratch, 0, used);
      } else if (target !== undefined) target.set(row, buffer, from + 1, close, true);
      else if (kind === SKIP) decode(buffer, from + 1, close);
    } catch (error) {
      return this.#fail(error, q);
    }
    return q;
  }

  #copy(buffer: Uint8Array, from: number, to: number, used: number): number {
    if (used + to - from > this.#scratch.length) {
      const larger = new Uint8Array(Math.max(this.#scratch.length * 2, used + to - from));
      larger.set(this.#scratch.subarray(0, used));
      this.#scratch = larger;
    }
    this.#scratch.set(buffer.subarray(from, to), used);
    return used + to - from;
  }

  #fail(error: unknown, resumeAt: number): -1 {
    if (!(error instanceof BadCell || error instanceof BadText)) throw error;
    this.#pending = error;
    this.#resumeAt = resumeAt;
    return -1;
  }

  #skip(row: number): void {
    const { skipped } = this;
    if (skipped.at(-2) === row) skipped[skipped.length - 1]!++;
    else skipped.push(row, 1);
  }

  /** Notes a bad record (or throws it) and returns where the next one begins; -1 when its end is not in the buffer yet. */
  #bad(error: unknown, buffer: Uint8Array, start: number, from: number, end: number, final: boolean, column: number): number {
    if (!(error instanceof BadCell || error instanceof BadText)) throw error;
    if (!this.#layout.countBadRows) throw this.#place(error, column);
    let q = from;
    const { delimiter } = this.#layout;
    let atFieldStart = buffer[q] === delimiter;
    if (atFieldStart) q++;
    for (; q < end; q++) {
      const c = buffer[q];
      if (c === QUOTE && atFieldStart) {
        for (q++; q < end; q++) {
          if (buffer[q] !== QUOTE) continue;
          if (buffer[q + 1] === QUOTE && q + 1 < end) q++;
          else break;
        }
        atFieldStart = false;
        continue;
      }
      atFieldStart = c === delimiter;
      if (c === LF || c === CR) break;
    }
    if (q >= end && !final) return -1;
    if (q - start > this.#layout.maxRecordBytes) throw this.tooLong();
    if (q + 1 === end && buffer[q] === CR && !final) return -1;
    this.#note(error, column);
    return Math.min(end, buffer[q] === CR && q + 1 < end && buffer[q + 1] === LF ? q + 2 : q + 1);
  }

  #note(error: BadCell | BadText, column: number | undefined): void {
    const placed = this.#place(error, column);
    if (!this.#layout.countBadRows) throw placed;
    this.record++;
    this.badRows++;
    this.#skip(this.rows);
    this.badByCode[error.code] = (this.badByCode[error.code] ?? 0) + 1;
    if (this.examples.length < 5) this.examples.push(placed.message);
  }

  #place(error: BadCell | BadText, column: number | undefined): BadInput {
    const { file, names } = this.#layout;
    const todo = 'todo' in error ? error.todo : TODO[error.code];
    return new BadInput(
      error.code,
      error.message,
      { file, row: this.record + 1, ...(column === undefined ? {} : { column: names[column] ?? column + 1 }) },
      todo,
    );
  }
}

const TODO: Readonly<Record<string, string>> = {
  'bad-encoding': 'Save the file as UTF-8, or declare its encoding (encoding: windows-1252).',
  'nul-byte': 'Is this a text file? Save it as UTF-8 without NUL bytes.',
};
