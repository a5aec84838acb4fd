import { z } from 'zod';
import { BadInput } from '../tables/bad-input.ts';
import type { Table } from '../tables/table.ts';

/** What a column of text-to-SQL data can hold, and the names it goes by in the data sets and files people have. */
export const KNOWN_SQL_COLUMNS = {
  id: ['id', 'question_id'],
  question: ['input_text', 'question'],
  expected: ['expected_sql', 'sql', 'query', 'SQL', 'gold'],
  predicted: ['predicted_sql', 'pred', 'predicted', 'prediction'],
  complexity: ['sql_complexity', 'difficulty'],
  database: ['db_id'],
} as const;
export type SqlColumn = keyof typeof KNOWN_SQL_COLUMNS;
export type SqlColumns = { readonly [C in SqlColumn]?: string };

/** The input that names a column. */
export const sqlColumnInput = (what: string, column: SqlColumn) =>
  z
    .string()
    .optional()
    .describe(`${what} Absent: ${KNOWN_SQL_COLUMNS[column].map((name) => `\`${name}\``).join(', ')}, whichever is there.`);

export const sqlColumnInputs = z
  .strictObject({
    id: sqlColumnInput('Column that identifies a row.', 'id'),
    question: sqlColumnInput('Column of the question.', 'question'),
    expected: sqlColumnInput('Column of the expected SQL.', 'expected'),
    predicted: sqlColumnInput('Column of the predicted SQL.', 'predicted'),
    complexity: sqlColumnInput('Column of the complexity label.', 'complexity'),
    database: sqlColumnInput("Column of the database's name.", 'database'),
  })
  .optional()
  .describe('Which columns of text-to-SQL data hold what. Absent: known by their usual names.');

/** The column asked for, which must be there; else the first of the usual names that is. */
export function sqlColumn(table: Table, column: SqlColumn, asked: string | undefined, usual: readonly string[] = []): string | undefined {
  const names = table.schema.map(({ name }) => name);
  if (asked === undefined) return [...usual, ...KNOWN_SQL_COLUMNS[column]].find((name) => names.includes(name));
  if (names.includes(asked)) return asked;
  throw new BadInput(
    'no-column',
    `no column "${asked}"; there are ${names.join(', ')}.`,
    { file: table.name },
    `Name another under \`columns.${column}\`.`,
  );
}

/** The same where there is no going on without one. */
export function neededSqlColumn(table: Table, column: SqlColumn, asked: string | undefined, usual: readonly string[] = []): string {
  const found = sqlColumn(table, column, asked, usual);
  if (found !== undefined) return found;
  throw new BadInput(
    'no-column',
    `none of the columns ${[...new Set([...usual, ...KNOWN_SQL_COLUMNS[column]])].join(', ')}; there are ${table.schema.map(({ name }) => name).join(', ')}.`,
    { file: table.name },
    `Say under \`columns.${column}\` which column holds ${column === 'id' ? 'the key' : 'the SQL'}.`,
  );
}
