import type { Place } from './bad-input.ts';
import type { Batch } from './table.ts';

/** Where row `row` (0-based) of a batch stands in its file, for a message; rows of a table that was no file count from 1. */
export function rowPlace(batch: Batch, row: number, table: string): { readonly file: string; readonly row: number } {
  return batch.source ? { file: batch.source.file, row: batch.source.rowOf(row) } : { file: table, row: batch.firstRow + row + 1 };
}

/** `row 9`, with its file where that is another one than `here`. */
export const rowInWords = ({ file, row }: Place, here: Place): string => `row ${row}${file === here.file ? '' : ` of ${file}`}`;

/** `rows 4 and 8`, or `row 12 and row 11 of data/1.csv` when the other one stands in another file. */
export const rowsInWords = (other: Place, here: Place): string =>
  other.file === here.file ? `rows ${other.row} and ${here.row}` : `row ${here.row} and ${rowInWords(other, here)}`;
