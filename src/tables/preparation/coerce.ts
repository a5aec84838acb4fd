import { BadInput } from '../bad-input.ts';
import { parseInstant } from '../calendar.ts';
import { cellText } from '../row-keys.ts';
import { rowPlace } from '../row-place.ts';
import type { Batch, BatchOptions, Column, ColumnType, Field, Schema, Table } from '../table.ts';

const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
const numberLike = (type: ColumnType) => type === 'number' || type === 'integer';

/**
 * The table with the columns of `wanted` in the types they had in training: a file of few rows may look different
 * (a column of codes reads as numbers, an empty one as text). What cannot be read so is a `BadInput` with its row.
 */
export function coerceTable(table: Table, wanted: Schema): Table {
  const types = new Map(wanted.map(({ name, type }) => [name, type]));
  for (const { name } of wanted) {
    if (table.schema.some((field) => field.name === name)) continue;
    throw new BadInput(
      'missing-column',
      `The column "${name}", which the model was trained on, is not there.`,
      { file: table.name },
      `There are ${table.schema.map((field) => field.name).join(', ')}.`,
    );
  }
  const coerced = (schema: Schema): Schema => schema.map((field) => ({ name: field.name, type: types.get(field.name) ?? field.type }));
  const schema = coerced(table.schema);
  if (schema.every((field, position) => sameKind(field.type, table.schema[position]!.type))) return table;
  return {
    name: table.name,
    schema,
    async *batches(options?: BatchOptions) {
      let from: Schema | undefined;
      let to: Schema = [];
      for await (const batch of table.batches(options)) {
        if (batch.schema !== from) {
          from = batch.schema;
          to = coerced(from);
        }
        yield {
          ...batch,
          schema: to,
          columns: batch.columns.map((column, position) => coerce(column, batch.schema[position]!, to[position]!.type, batch, table.name)),
        };
      }
    },
  };
}

const sameKind = (a: ColumnType, b: ColumnType) => a === b || (numberLike(a) && numberLike(b));

function coerce(column: Column, field: Field, type: ColumnType, batch: Batch, file: string): Column {
  if (sameKind(field.type, type)) return column;
  if (type === 'text') return spell(column, field, batch.rows);
  if (column.kind === 'text') {
    const refuse = (code: number): number => {
      const row = column.codes.indexOf(code);
      if (row < 0) return Number.NaN;
      throw new BadInput('wrong-type', `Expected a ${type}, as in training, found ${JSON.stringify(column.dictionary[code])}.`, {
        ...rowPlace(batch, row, file),
        column: field.name,
      });
    };
    const known = Float64Array.from(column.dictionary, (text, code) => numberOf(text, type) ?? refuse(code));
    return withMissing(Float64Array.from(column.codes, (code) => (code < 0 ? Number.NaN : known[code]!)));
  }
  const dates = type === 'date' || type === 'timestamp';
  const present = column.values.findIndex((value) => !Number.isNaN(value));
  if (present >= 0 && dates !== (field.type === 'date' || field.type === 'timestamp')) {
    throw new BadInput('wrong-type', `Expected a ${type}, as in training, found a ${field.type}.`, {
      ...rowPlace(batch, present, file),
      column: field.name,
    });
  }
  return column;
}

function spell(column: Column, field: Field, rows: number): Column {
  const known = new Map<string, number>();
  const codes = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const text = cellText(column, field, row);
    if (text === undefined) codes[row] = -1;
    else {
      if (!known.has(text)) known.set(text, known.size);
      codes[row] = known.get(text)!;
    }
  }
  return { kind: 'text', codes, dictionary: [...known.keys()] };
}

function numberOf(text: string, type: ColumnType): number | undefined {
  if (type === 'date' || type === 'timestamp') return parseInstant(text);
  if (type === 'boolean') return /^(true|1)$/i.test(text) ? 1 : /^(false|0)$/i.test(text) ? 0 : undefined;
  return DECIMAL.test(text) ? Number(text) : undefined;
}

/** A number column whose NaN cells are marked missing. */
export function withMissing(values: Float64Array): Column {
  let missing: Uint8Array | undefined;
  for (let row = 0; row < values.length; row++) {
    if (!Number.isNaN(values[row]!)) continue;
    missing ??= new Uint8Array(values.length);
    missing[row] = 1;
  }
  return missing ? { kind: 'number', values, missing } : { kind: 'number', values };
}
