import { numberText } from './decimal.ts';
import type { Batch, BatchOptions, Column, ColumnType, Table } from './table.ts';
import { numberWriter } from './write-csv.ts';

/** JSON Lines of a table, some thousand rows at a time: one object a line with all columns, missing as null, dates as ISO 8601 text. */
export async function* writeJsonl(table: Table, options: BatchOptions = {}): AsyncIterable<string> {
  for await (const batch of table.batches(options)) yield jsonLines(batch);
}

function jsonLines(batch: Batch): string {
  const writers = batch.columns.map((column, i) => {
    const key = `${i === 0 ? '{' : ','}${JSON.stringify(batch.schema[i].name)}:`;
    const write = cellWriter(column, batch.schema[i].type);
    return (row: number): string => key + write(row);
  });
  let lines = '';
  for (let row = 0; row < batch.rows; row++) {
    for (const write of writers) lines += write(row);
    lines += writers.length === 0 ? '{}\n' : '}\n';
  }
  return lines;
}

function cellWriter(column: Column, type: ColumnType): (row: number) => string {
  if (column.kind === 'text') {
    const written = new Array<string | undefined>(column.dictionary.length);
    return (row) => {
      const code = column.codes[row];
      if (code < 0) return 'null';
      written[code] ??= JSON.stringify(column.dictionary[code]);
      return written[code];
    };
  }
  const { values, missing } = column;
  const write = jsonNumberWriter(type);
  return (row) => (missing !== undefined && missing[row] === 1 ? 'null' : write(values[row]));
}

function jsonNumberWriter(type: ColumnType): (value: number) => string {
  if (type === 'date' || type === 'timestamp') {
    const write = numberWriter(type);
    return (value) => `"${write(value)}"`;
  }
  if (type === 'boolean') return numberWriter(type);
  return (value) => {
    if (!Number.isFinite(value)) throw new RangeError('JSON has no infinite numbers.');
    return numberText(value);
  };
}
