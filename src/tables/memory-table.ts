import { BadInput } from './bad-input.ts';
import { unknownColumn } from './join-parts.ts';
import type { Batch, BatchOptions, Column, ColumnType, NumberColumn, Schema, Table, TextColumn } from './table.ts';

export type Cell = number | string | boolean | Date | undefined;

/** Types that only a declaration can tell from the values of {@link tableOf}. */
export interface MemoryOptions {
  readonly name?: string;
  readonly types?: Readonly<Record<string, ColumnType>>;
  /** Rows of a batch; small ones let a test meet the boundaries. */
  readonly batchRows?: number;
}

/**
 * A table from arrays, for tests and small things: `tableOf({ age: [1, 2, undefined], plan: ['a', 'b', 'a'] })`.
 * Numbers become `integer` when all are, `number` otherwise; dates `timestamp`; undefined is missing. NaN is a `RangeError`.
 */
export function tableOf(
  columns: Readonly<Record<string, readonly Cell[]>>,
  { name = 'memory', types = {}, batchRows = 16_384 }: MemoryOptions = {},
): Table {
  const names = Object.keys(columns);
  const rows = names.length === 0 ? 0 : columns[names[0]].length;
  for (const column of names) {
    if (columns[column].length !== rows)
      throw new RangeError(`Column "${column}" has ${columns[column].length} rows, "${names[0]}" has ${rows}.`);
  }
  const schema = names.map((column) => ({ name: column, type: types[column] ?? typeOfCells(columns[column]) }));
  return tableOfColumns(
    name,
    schema,
    schema.map((field) => columnOf(columns[field.name], field.type, field.name)),
    rows,
    batchRows,
  );
}

/** A table over whole columns held in memory. */
export function tableOfColumns(name: string, schema: Schema, columns: readonly Column[], rows: number, batchRows = 16_384): Table {
  return {
    name,
    schema,
    async *batches({ columns: wanted, signal }: BatchOptions = {}): AsyncIterable<Batch> {
      const picked = (wanted ?? schema.map((field) => field.name)).map((column) => {
        const index = schema.findIndex((field) => field.name === column);
        if (index < 0)
          throw unknownColumn(
            name,
            column,
            schema.map((field) => field.name),
          );
        return index;
      });
      const picture = picked.map((index) => schema[index]);
      for (let from = 0; from < rows; from += batchRows) {
        signal?.throwIfAborted();
        const to = Math.min(rows, from + batchRows);
        yield { firstRow: from, rows: to - from, schema: picture, columns: picked.map((index) => sliceColumn(columns[index], from, to)) };
      }
    },
  };
}

/** Rows [from, to) of a column, sharing its memory. */
export function sliceColumn(column: Column, from: number, to: number): Column {
  if (column.kind === 'text') return { kind: 'text', codes: column.codes.subarray(from, to), dictionary: column.dictionary };
  const values = column.values.subarray(from, to);
  return column.missing === undefined ? { kind: 'number', values } : { kind: 'number', values, missing: column.missing.subarray(from, to) };
}

/** A table held as whole columns. */
export interface Collected {
  readonly name: string;
  readonly schema: Schema;
  readonly rows: number;
  readonly columns: readonly Column[];
  /** Column by name; an unknown one is a `BadInput`. */
  column(name: string): Column;
  /** Number-like column by name; a text column is a `BadInput` (`wrong-type`). */
  numbers(name: string): NumberColumn;
  /** Text column by name; a number-like column is a `BadInput` (`wrong-type`). */
  texts(name: string): TextColumn;
}

/** Holds columns of a table whole: 8 bytes a number, 4 a text plus one dictionary. For code whose definition needs all rows at once. */
export async function collect(table: Table, columns?: readonly string[], signal?: AbortSignal): Promise<Collected> {
  const wanted = columns ?? table.schema.map((field) => field.name);
  const growing = wanted.map((name) => {
    const field = table.schema.find((candidate) => candidate.name === name);
    if (field === undefined)
      throw unknownColumn(
        table.name,
        name,
        table.schema.map((known) => known.name),
      );
    return new GrowingColumn(field.type);
  });
  let rows = 0;
  for await (const batch of table.batches({ columns: wanted, signal, reuse: true })) {
    for (const [i, column] of batch.columns.entries()) growing[i].add(column, batch.rows);
    rows += batch.rows;
  }
  const schema = wanted.map((name) => table.schema.find((field) => field.name === name)!);
  const whole = growing.map((column) => column.finish());
  const byName = (name: string): Column => {
    const index = wanted.indexOf(name);
    if (index < 0) throw unknownColumn(table.name, name, wanted);
    return whole[index];
  };
  const expect = <K extends Column['kind']>(name: string, kind: K): Extract<Column, { kind: K }> => {
    const column = byName(name);
    if (column.kind === kind) return column as Extract<Column, { kind: K }>;
    const type = schema[wanted.indexOf(name)].type;
    throw new BadInput(
      'wrong-type',
      `expected ${kind === 'text' ? 'text' : 'numbers'}, found ${type}.`,
      { file: table.name, column: name },
      `Declare the column's type.`,
    );
  };
  return {
    name: table.name,
    schema,
    rows,
    columns: whole,
    column: byName,
    numbers: (name) => expect(name, 'number'),
    texts: (name) => expect(name, 'text'),
  };
}

class GrowingColumn {
  readonly #text: boolean;
  #values = new Float64Array(0);
  #codes = new Int32Array(0);
  #missing: Uint8Array | undefined;
  #rows = 0;
  readonly #dictionary: string[] = [];
  readonly #known = new Map<string, number>();
  #lastDictionary: readonly string[] = [];
  #map = new Int32Array(0);

  constructor(type: ColumnType) {
    this.#text = type === 'text';
  }

  add(column: Column, rows: number): void {
    const from = this.#rows;
    this.#rows += rows;
    if (column.kind === 'text') {
      if (this.#codes.length < this.#rows) this.#codes = grow(this.#codes, this.#rows, Int32Array);
      this.#translate(column.dictionary);
      for (let i = 0; i < rows; i++) {
        const code = column.codes[i];
        this.#codes[from + i] = code < 0 ? -1 : this.#map[code];
      }
      return;
    }
    if (this.#values.length < this.#rows) this.#values = grow(this.#values, this.#rows, Float64Array);
    this.#values.set(column.values.subarray(0, rows), from);
    if (column.missing !== undefined) this.#missing ??= new Uint8Array(this.#values.length);
    if (this.#missing === undefined) return;
    if (this.#missing.length < this.#rows) this.#missing = grow(this.#missing, this.#values.length, Uint8Array);
    if (column.missing !== undefined) this.#missing.set(column.missing.subarray(0, rows), from);
  }

  finish(): Column {
    if (this.#text) return { kind: 'text', codes: this.#codes.subarray(0, this.#rows), dictionary: this.#dictionary };
    const values = this.#values.subarray(0, this.#rows);
    return this.#missing === undefined
      ? { kind: 'number', values }
      : { kind: 'number', values, missing: this.#missing.subarray(0, this.#rows) };
  }

  #translate(dictionary: readonly string[]): void {
    if (dictionary === this.#lastDictionary) return;
    this.#lastDictionary = dictionary;
    this.#map = new Int32Array(dictionary.length);
    for (const [code, text] of dictionary.entries()) {
      let known = this.#known.get(text);
      if (known === undefined) {
        known = this.#dictionary.push(text) - 1;
        this.#known.set(text, known);
      }
      this.#map[code] = known;
    }
  }
}

function grow<A extends Float64Array | Int32Array | Uint8Array>(old: A, atLeast: number, make: new (length: number) => A): A {
  const larger = new make(Math.max(atLeast, old.length * 2));
  larger.set(old);
  return larger;
}

/** Rows as objects, for examples in messages, small tables and tests; never for hot loops. Booleans and dates come as such. */
export async function* rowsOf(table: Table, options: BatchOptions = {}): AsyncIterable<Readonly<Record<string, Cell>>> {
  for await (const batch of table.batches(options)) {
    for (let row = 0; row < batch.rows; row++) {
      const cells: Record<string, Cell> = {};
      for (const [i, field] of batch.schema.entries()) cells[field.name] = cellAt(batch.columns[i], field.type, row);
      yield cells;
    }
  }
}

/** One cell as a JavaScript value; undefined when missing. */
export function cellAt(column: Column, type: ColumnType, row: number): Cell {
  if (column.kind === 'text') return column.codes[row] < 0 ? undefined : column.dictionary[column.codes[row]];
  if (column.missing !== undefined && column.missing[row] === 1) return undefined;
  const value = column.values[row];
  if (type === 'boolean') return value === 1;
  return type === 'date' || type === 'timestamp' ? new Date(value) : value;
}

function typeOfCells(cells: readonly Cell[]): ColumnType {
  const present = cells.filter((cell) => cell !== undefined);
  if (present.length === 0) return 'number';
  if (present.every((cell) => typeof cell === 'boolean')) return 'boolean';
  if (present.every((cell) => cell instanceof Date)) return 'timestamp';
  if (present.every((cell) => typeof cell === 'number')) return present.every((cell) => Number.isSafeInteger(cell)) ? 'integer' : 'number';
  return 'text';
}

function columnOf(cells: readonly Cell[], type: ColumnType, name: string): Column {
  if (type === 'text') {
    const dictionary: string[] = [];
    const known = new Map<string, number>();
    const codes = Int32Array.from(cells, (cell) => {
      if (cell === undefined) return -1;
      const text = String(cell);
      let code = known.get(text);
      if (code === undefined) {
        code = dictionary.push(text) - 1;
        known.set(text, code);
      }
      return code;
    });
    return { kind: 'text', codes, dictionary };
  }
  const values = Float64Array.from(cells, (cell) =>
    cell === undefined ? Number.NaN : cell instanceof Date ? cell.getTime() : Number(cell),
  );
  const missing = Uint8Array.from(cells, (cell) => (cell === undefined ? 1 : 0));
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i]) && missing[i] === 0)
      throw new RangeError(`Column "${name}", row ${i}: ${String(cells[i])} is no ${type}; missing is undefined.`);
  }
  return missing.includes(1) ? { kind: 'number', values, missing } : { kind: 'number', values };
}
