import { BadInput } from '../../tables/bad-input.ts';
import type { Column, Table } from '../../tables/table.ts';

export interface PredictionColumns {
  readonly predicted?: string;
  readonly complexity?: string;
  readonly id?: string;
}

export interface PredictionRow {
  readonly id: string | undefined;
  readonly complexity: string | undefined;
  readonly predicted: string;
}

const PREDICTED = ['predicted_sql', 'pred', 'predicted', 'prediction'];

/** The columns to read, by name: those asked for must be there, the others are looked for. */
export function chooseColumns(table: Table, asked: PredictionColumns): { predicted: string; complexity?: string; id?: string } {
  const names = table.schema.map(({ name }) => name);
  const wanted = (name: string | undefined, usual: readonly string[]): string | undefined => {
    if (name !== undefined && !names.includes(name))
      throw new BadInput(
        'no-column',
        `no column "${name}"; there are ${names.join(', ')}.`,
        { file: table.name },
        'Name another under `columns`.',
      );
    return name ?? usual.find((candidate) => names.includes(candidate));
  };
  const predicted = wanted(asked.predicted, PREDICTED);
  if (predicted === undefined)
    throw new BadInput(
      'no-column',
      `none of the columns ${PREDICTED.join(', ')}; there are ${names.join(', ')}.`,
      { file: table.name },
      'Say under `columns.predicted` which column holds the SQL.',
    );
  return { predicted, complexity: wanted(asked.complexity, ['sql_complexity']), id: wanted(asked.id, ['id']) };
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
      yield { predicted: cellText(predicted, row) ?? '', complexity: cellText(complexity, row), id: cellText(id, row) };
  }
}

function cellText(column: Column | undefined, row: number): string | undefined {
  if (column === undefined) return undefined;
  if (column.kind === 'text') return column.codes[row]! < 0 ? undefined : column.dictionary[column.codes[row]!];
  return Number.isNaN(column.values[row]!) ? undefined : String(column.values[row]);
}
