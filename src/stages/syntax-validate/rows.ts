import { rowPlace } from '../../tables/row-place.ts';
import type { Column, Table } from '../../tables/table.ts';
import { neededSqlColumn, sqlColumn } from '../sql-columns.ts';

export interface PredictionColumns {
  readonly predicted?: string;
  readonly complexity?: string;
  readonly id?: string;
}

export interface PredictionRow {
  /** In its file, from 1; a CSV's header is row 1. */
  readonly row: number;
  readonly id: string | undefined;
  readonly complexity: string | undefined;
  readonly predicted: string;
}

/** The columns to read, by name: those asked for must be there, the others are looked for under their usual names. */
export function chooseColumns(table: Table, asked: PredictionColumns): { predicted: string; complexity?: string; id?: string } {
  return {
    predicted: neededSqlColumn(table, 'predicted', asked.predicted),
    complexity: sqlColumn(table, 'complexity', asked.complexity),
    id: sqlColumn(table, 'id', asked.id),
  };
}

/** Rows of the table as text, one at a time; a missing prediction is an empty one. */
export async function* predictionRows(
  table: Table,
  columns: ReturnType<typeof chooseColumns>,
  signal: AbortSignal,
): AsyncIterable<PredictionRow> {
  const names = [columns.predicted, columns.complexity, columns.id].filter((name) => name !== undefined);
  for await (const batch of table.batches({ columns: names, signal })) {
    const at = (name: string | undefined): Column | undefined => (name === undefined ? undefined : batch.columns[names.indexOf(name)]);
    const [predicted, complexity, id] = [at(columns.predicted), at(columns.complexity), at(columns.id)];
    for (let row = 0; row < batch.rows; row++)
      yield {
        row: rowPlace(batch, row, table.name).row,
        predicted: cellText(predicted, row) ?? '',
        complexity: cellText(complexity, row),
        id: cellText(id, row),
      };
  }
}

function cellText(column: Column | undefined, row: number): string | undefined {
  if (column === undefined) return undefined;
  if (column.kind === 'text') return column.codes[row]! < 0 ? undefined : column.dictionary[column.codes[row]!];
  return Number.isNaN(column.values[row]!) ? undefined : String(column.values[row]);
}
