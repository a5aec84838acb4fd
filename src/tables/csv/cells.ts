import type { DatePattern } from '../date-pattern.ts';
import { decimalKind } from '../decimal.ts';
import { NO_SUCH_DATE, parseDate, parseTimestamp } from '../iso-date.ts';
import type { ColumnType } from '../table.ts';
import { BadText, type Decode, fnv1a, Interner } from './intern.ts';

/** How the parser's inner loop treats a column. */
export const SKIP = 0;
export const NUMBER = 1;
export const INTEGER = 2;
export const TEXT = 3;
/** Boolean, date, timestamp: cut out first, then read. */
export const OTHER = 4;

export interface CellRules {
  readonly name: string;
  readonly type: ColumnType;
  /** A declared type accepts `007` and `Infinity`; an inferred one does not. */
  readonly declared: boolean;
  /** How dates of this column are written, where that is declared; else ISO 8601. */
  readonly pattern?: DatePattern;
}

/** A cell that does not fit; `code` and sentence of the `BadInput` the parser makes of it, with file, row and column. */
export class BadCell extends Error {
  readonly code: string;
  readonly todo?: string;
  /** Where the one who finds it knows the column and the one who reports it does not. */
  readonly column?: string;
  constructor(code: string, message: string, todo?: string, column?: string) {
    super(message);
    this.code = code;
    this.todo = todo;
    this.column = column;
  }
}

/** The column being filled. Number-like columns use `values` and `missing`, text uses `codes` and `interner`. */
export class Cells {
  readonly rules: CellRules;
  readonly kind: number;
  readonly interner: Interner;
  readonly #decode: Decode;
  readonly #missingWords: ReadonlySet<string>;
  readonly #capacity: number;
  readonly #reuse: boolean;
  #spareMissing: Uint8Array | undefined;
  values: Float64Array;
  codes: Int32Array;
  missing: Uint8Array | undefined;

  constructor(rules: CellRules, decode: Decode, missingWords: ReadonlySet<string>, capacity: number, reuse = false) {
    this.#reuse = reuse;
    this.rules = rules;
    this.kind = rules.type === 'text' ? TEXT : rules.type === 'number' ? NUMBER : rules.type === 'integer' ? INTEGER : OTHER;
    this.#decode = decode;
    this.#missingWords = missingWords;
    this.#capacity = capacity;
    this.interner = new Interner(decode, missingWords);
    this.values = new Float64Array(this.kind === TEXT ? 0 : capacity);
    this.codes = new Int32Array(this.kind === TEXT ? capacity : 0);
  }

  /** Arrays for the next batch: new ones, unless the reader of batches is done with the old. */
  renew(): void {
    if (this.#reuse) {
      this.#spareMissing = this.missing ?? this.#spareMissing;
      this.missing = undefined;
      return;
    }
    if (this.kind === TEXT) this.codes = new Int32Array(this.#capacity);
    else this.values = new Float64Array(this.#capacity);
    this.missing = undefined;
  }

  setMissing(row: number): void {
    if (this.kind === TEXT) {
      this.codes[row] = -1;
      return;
    }
    this.values[row] = Number.NaN;
    this.missing ??= this.#spareMissing?.fill(0) ?? new Uint8Array(this.#capacity);
    this.missing[row] = 1;
  }

  setNumber(row: number, value: number): void {
    this.values[row] = value;
    if (this.missing !== undefined) this.missing[row] = 0;
  }

  /** The cell whose content is `bytes[from, to)`, quotes removed. Throws {@link BadCell} when it does not fit. */
  set(row: number, bytes: Uint8Array, from: number, to: number, quoted: boolean): void {
    if (from === to && !quoted) {
      this.setMissing(row);
      return;
    }
    if (this.kind === TEXT) {
      this.codes[row] = this.interner.code(bytes, from, to, fnv1a(bytes, from, to));
      return;
    }
    const value = this.#read(bytes, from, to);
    if (value === undefined) this.setMissing(row);
    else this.setNumber(row, value);
  }

  #read(bytes: Uint8Array, from: number, to: number): number | undefined {
    const { type, pattern } = this.rules;
    if (type === 'date' || type === 'timestamp') {
      const time =
        pattern !== undefined
          ? pattern.parse(this.#decode(bytes, from, to))
          : type === 'date'
            ? parseDate(bytes, from, to)
            : parseTimestamp(bytes, from, to);
      if (time === NO_SUCH_DATE)
        throw new BadCell('no-such-date', `${quote(this.#decode(bytes, from, to))} is no date or time that exists.`);
      if (!Number.isNaN(time)) return time;
    }
    const text = this.#decode(bytes, from, to);
    if (this.#missingWords.has(text)) return undefined;
    return type === 'boolean' ? this.#boolean(text) : type === 'number' || type === 'integer' ? this.#decimal(text) : this.refuse(text);
  }

  #boolean(text: string): number {
    const lower = text.toLowerCase();
    if (text === 'true' || (this.rules.declared && (lower === 'true' || lower === '1'))) return 1;
    if (text === 'false' || (this.rules.declared && (lower === 'false' || lower === '0'))) return 0;
    return this.refuse(text);
  }

  #decimal(text: string): number {
    const { type, declared } = this.rules;
    const kind = decimalKind(text);
    if (kind === 'integer' || (kind === 'number' && type === 'number') || (kind === 'leading-zero' && declared)) {
      const value = Number(text);
      if (type === 'number' || Number.isSafeInteger(value) || Math.abs(value) === 2 ** 53) return value;
    }
    if (kind === 'number' && Number.isInteger(Number(text)) && declared) return Number(text);
    if (kind === 'none' && type === 'number' && declared && /^[+-]?inf(inity)?$/i.test(text)) return text[0] === '-' ? -Infinity : Infinity;
    if (kind === 'too-large') {
      throw new BadCell(
        'number-too-large',
        `${quote(text)} cannot be held exactly: it is beyond 2^53, or beyond the range of doubles.`,
        `Declare the column as text (types: {${this.rules.name}: text}) if it is an identifier.`,
      );
    }
    return this.refuse(text);
  }

  /** Throws the `BadCell` of a value that is not of the column's type. */
  refuse(text: string): never {
    const { type, declared, name, pattern } = this.rules;
    const comma = (type === 'number' || type === 'integer') && /^[+-]?\d{1,3}([. ]\d{3})*,\d+$/.test(text);
    throw new BadCell(
      'wrong-type',
      `expected ${pattern === undefined ? ARTICLE[type] : `a date as ${pattern.pattern}`}${declared ? '' : ' (as in the first rows)'}, found ${quote(text)}${comma ? ' with a decimal comma' : ''}.`,
      comma
        ? 'Write numbers with a decimal point.'
        : `Mend the value, declare the word as missing, or declare the column's type (types: {${name}: text}).`,
    );
  }
}

const ARTICLE: Readonly<Record<ColumnType, string>> = {
  number: 'a number',
  integer: 'an integer',
  boolean: 'true or false',
  date: 'a date (YYYY-MM-DD)',
  timestamp: 'a timestamp (ISO 8601)',
  text: 'text',
};

/** A value for a message, cut to a length that fits a line. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}…` : text);
}

export { BadText };
