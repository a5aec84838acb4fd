import { BadInput } from '../bad-input.ts';
import { BadCell, Cells } from '../csv/cells.ts';
import { decoderOf } from '../csv/intern.ts';
import type { PartField } from '../part.ts';
import type { Column, ColumnType } from '../table.ts';
import { numberWriter } from '../write-csv.ts';

/** A column of a typed file as the type the user declared: text is read as CSV would read it, anything can become text. */
export function convertColumn(
  column: Column,
  from: ColumnType,
  field: PartField,
  missing: ReadonlySet<string>,
  { file, firstRow }: { readonly file: string; readonly firstRow: number },
): Column {
  if (column.kind === 'number') {
    if (field.type === 'text') return asText(column.values, column.missing, numberWriter(from));
    if (from === 'integer' && field.type === 'number') return column;
    if (from === 'date' && field.type === 'timestamp') return column;
    if (from === 'number' && field.type === 'integer' && column.values.every((value) => Number.isNaN(value) || Number.isSafeInteger(value)))
      return column;
    throw new BadInput(
      'wrong-type',
      `the file holds ${from}, which cannot be read as ${field.type}.`,
      { file, column: field.name },
      'Leave the declared type out, or declare text.',
    );
  }
  const read = fromText(column.codes, column.dictionary, field, missing);
  if (!('bad' in read)) return read;
  const { code, message, todo } = read.bad;
  throw new BadInput(code, message, { file, row: firstRow + read.row + 1, column: field.name }, todo);
}

function asText(values: Float64Array, missing: Uint8Array | undefined, write: (value: number) => string): Column {
  const known = new Map<number, number>();
  const dictionary: string[] = [];
  const codes = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    if (missing?.[i] === 1) {
      codes[i] = -1;
      continue;
    }
    let code = known.get(values[i]);
    if (code === undefined) {
      code = dictionary.push(write(values[i])) - 1;
      known.set(values[i], code);
    }
    codes[i] = code;
  }
  return { kind: 'text', codes, dictionary };
}

/** The column, or the first row (from 0) whose text does not fit, and why. */
function fromText(
  codes: Int32Array,
  dictionary: readonly string[],
  field: PartField,
  words: ReadonlySet<string>,
): Column | { readonly bad: BadCell; readonly row: number } {
  const cells = new Cells(field, decoderOf(), words, dictionary.length);
  const bad = new Map<number, BadCell>();
  const encoder = new TextEncoder();
  for (const [code, text] of dictionary.entries()) {
    const bytes = encoder.encode(text);
    try {
      cells.set(code, bytes, 0, bytes.length, true);
    } catch (error) {
      if (!(error instanceof BadCell)) throw error;
      bad.set(code, error);
    }
  }
  const values = new Float64Array(codes.length);
  const missing = new Uint8Array(codes.length);
  for (let i = 0; i < codes.length; i++) {
    const error = bad.get(codes[i]);
    if (error !== undefined) return { bad: error, row: i };
    const absent = codes[i] < 0 || cells.missing?.[codes[i]] === 1;
    values[i] = absent ? Number.NaN : cells.values[codes[i]];
    missing[i] = absent ? 1 : 0;
  }
  return missing.includes(1) ? { kind: 'number', values, missing } : { kind: 'number', values };
}
