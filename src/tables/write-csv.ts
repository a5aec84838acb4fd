import { numberText } from './decimal.ts';
import type { Batch, Column, ColumnType, Table } from './table.ts';

export interface CsvWriteOptions {
  readonly delimiter?: string;
  /**
   * For files that people open in a spreadsheet: {@link forSpreadsheet}. Off by default: data must not change.
   */
  readonly forPeople?: boolean;
  readonly columns?: readonly string[];
  readonly signal?: AbortSignal;
}

/** RFC 4180 text of a table, some thousand rows at a time: header, LF line ends, numbers as their shortest exact text, missing as nothing. */
export async function* writeCsv(
  table: Table,
  { delimiter = ',', forPeople = false, columns, signal }: CsvWriteOptions = {},
): AsyncIterable<string> {
  const names = columns ?? table.schema.map((field) => field.name);
  const quoteNeeded = new RegExp(`["\\r\\n${delimiter === '\\' || delimiter === ']' || delimiter === '^' ? `\\${delimiter}` : delimiter}]`);
  const text = (value: string): string => {
    const safe = forPeople ? forSpreadsheet(value) : value;
    return safe === '' || quoteNeeded.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  yield `${names.map(text).join(delimiter)}\n`;
  for await (const batch of table.batches({ columns: names, signal })) yield csvLines(batch, delimiter, text);
}

/** A text that begins with `=`, `+`, `-`, `@`, tab or CR gets a leading `'`, so that it is not run as a formula; a number stays one. */
export const forSpreadsheet = (text: string): string =>
  /^[=+\-@\t\r]/.test(text) && !/^-(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? `'${text}` : text;

function csvLines(batch: Batch, delimiter: string, text: (value: string) => string): string {
  const writers = batch.columns.map((column, i) => cellWriter(column, batch.schema[i].type, text));
  const lines: string[] = [];
  for (let row = 0; row < batch.rows; row++) {
    let line = writers[0]?.(row) ?? '';
    for (let i = 1; i < writers.length; i++) line += delimiter + writers[i](row);
    lines.push(line);
  }
  lines.push('');
  return lines.join('\n');
}

function cellWriter(column: Column, type: ColumnType, text: (value: string) => string): (row: number) => string {
  if (column.kind === 'text') {
    const { codes, dictionary } = column;
    const written = new Array<string | undefined>(dictionary.length);
    return (row) => {
      const code = codes[row];
      if (code < 0) return '';
      written[code] ??= text(dictionary[code]);
      return written[code];
    };
  }
  const { values, missing } = column;
  const write = numberWriter(type);
  return (row) => (missing !== undefined && missing[row] === 1 ? '' : write(values[row]));
}

/** How a number-like value of this type is written as text: ISO 8601 for dates, `true` and `false` for booleans. */
export function numberWriter(type: ColumnType): (value: number) => string {
  if (type === 'boolean') return (value) => (value === 1 ? 'true' : 'false');
  if (type === 'date') return (value) => new Date(value).toISOString().slice(0, 10);
  if (type === 'timestamp') return timestampText;
  return numberText;
}

/** `2024-05-01T12:30:00Z`, with the fraction of a second only when there is one (to the microsecond). */
function timestampText(value: number): string {
  const whole = Math.floor(value);
  const iso = new Date(whole).toISOString();
  const micros = Math.round((value - whole) * 1000);
  if (micros > 0 && micros < 1000) return `${iso.slice(0, 23)}${String(micros).padStart(3, '0')}Z`;
  return iso.endsWith('.000Z') ? `${iso.slice(0, 19)}Z` : iso;
}
