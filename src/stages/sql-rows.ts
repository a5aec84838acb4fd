import type { EvaluationText } from '../metrics/text-to-sql-files.ts';
import type { Data } from '../providers/sources/source.ts';
import { BadInput } from '../tables/bad-input.ts';
import { collect } from '../tables/memory-table.ts';
import { refuseRepeatedKeys } from '../tables/repeated-keys.ts';
import type { Table } from '../tables/table.ts';
import { openAsText } from './open-as-text.ts';
import { neededSqlColumn, type SqlColumns, sqlColumn } from './sql-columns.ts';

/** Questions with expected and predicted SQL, in the order of the rows. */
export interface SqlRows {
  /** The key of each row; its position where there is none. */
  readonly keys: readonly string[];
  readonly texts: readonly EvaluationText[];
  /** Whether any row has a label of complexity. */
  readonly labelled: boolean;
  readonly databases: readonly (string | undefined)[];
  /** Rows without a prediction: it counts as an empty one. */
  readonly missing: number;
  /** The columns `exact_match` and `f1_score` of an evaluation CSV; NaN where a cell is empty. */
  readonly scored?: { readonly exactMatch: Float64Array; readonly f1: Float64Array };
}

export interface SqlRowsOptions {
  readonly columns?: SqlColumns;
  /** Key column of the pipeline, if it has one. */
  readonly key?: string;
  /** Target column of the pipeline: the expected SQL of the prepared rows. */
  readonly target?: string;
  readonly signal: AbortSignal;
}

/**
 * Predictions joined with the rows they are for; without `rows` the predictions' own columns hold everything. Joined by key where both
 * have it, else by position with equal counts. A row nobody predicted counts as an empty prediction; a prediction for no row is an error,
 * and so is a key of two rows on either side.
 */
export async function readSqlRows(
  source: Pick<Data, 'open' | 'fetch'>,
  { rows, predictions }: { readonly rows?: string; readonly predictions: string },
  options: SqlRowsOptions,
): Promise<SqlRows> {
  const { columns = {}, key, target, signal } = options;
  const usualKeys = key === undefined ? [] : [key];
  const given = await openAsText(predictions, source, signal);
  const truth = rows === undefined ? given : await openAsText(rows, source, signal);

  const cells = await textsOf(truth, signal);
  const expected = cells(neededSqlColumn(truth, 'expected', columns.expected, target === undefined ? [] : [target]))!;
  const id = sqlColumn(truth, 'id', rows === undefined ? columns.id : undefined, idNames(columns, usualKeys));
  const ids = cells(id);
  if (ids && repeats(ids)) await refuseRepeatedKeys(truth, [id!], signal);
  const predicted =
    truth === given
      ? cells(neededSqlColumn(given, 'predicted', columns.predicted))!
      : await predictedFor(given, ids, expected.length, options);
  const questions = cells(sqlColumn(truth, 'question', columns.question));
  const labels = cells(sqlColumn(truth, 'complexity', columns.complexity));
  const databases = cells(sqlColumn(truth, 'database', columns.database));
  const scores = ['exact_match', 'f1_score'].map((name) => (truth.schema.some((field) => field.name === name) ? cells(name) : undefined));

  return {
    keys: expected.map((_, row) => ids?.[row] ?? String(row)),
    texts: expected.map((sql, row) => ({
      id: ids?.[row],
      inputText: questions?.[row] ?? '',
      expected: sql ?? '',
      complexity: labels?.[row],
      predicted: predicted[row] ?? '',
    })),
    labelled: labels?.some((label) => label !== undefined && label !== '') ?? false,
    databases: expected.map((_, row) => databases?.[row]),
    missing: predicted.filter((text) => text === undefined || text === '').length,
    ...(scores.every((column) => column !== undefined) && {
      scored: { exactMatch: numbers(scores[0]!, truth.name, 'exact_match'), f1: numbers(scores[1]!, truth.name, 'f1_score') },
    }),
  };
}

const idNames = (columns: SqlColumns, usual: readonly string[]): string[] => [...(columns.id === undefined ? [] : [columns.id]), ...usual];

const repeats = (ids: readonly (string | undefined)[]): boolean => {
  const known = ids.filter((id) => id !== undefined);
  return new Set(known).size < known.length;
};

/** The prediction of each row, by key where both sides have one. */
async function predictedFor(
  given: Table,
  ids: readonly (string | undefined)[] | undefined,
  rows: number,
  { columns = {}, key, signal }: SqlRowsOptions,
): Promise<(string | undefined)[]> {
  const cells = await textsOf(given, signal);
  const predicted = cells(neededSqlColumn(given, 'predicted', columns.predicted))!;
  const id = ids && sqlColumn(given, 'id', undefined, idNames(columns, key === undefined ? [] : [key]));
  const theirs = cells(id);
  if (!ids || !theirs) {
    if (predicted.length === rows) return predicted;
    throw new BadInput(
      'row-count',
      `expected ${rows} predictions, one for each row, found ${predicted.length}.`,
      { file: given.name },
      'Without a key in both files they are joined by position: each row needs its prediction.',
    );
  }
  const lost = theirs.indexOf(undefined);
  if (lost !== -1) throw new BadInput('missing-key', 'The key is missing.', { file: given.name, row: lost + 2, column: id });
  if (repeats(theirs)) await refuseRepeatedKeys(given, [id!], signal);
  const byKey = new Map(theirs.map((name, row) => [name, predicted[row] ?? '']));
  const known = new Set(ids);
  const stranger = theirs.findIndex((name) => !known.has(name));
  if (stranger !== -1)
    throw new BadInput('unknown-key', `there is a prediction for "${theirs[stranger]}", which is no row's key.`, {
      file: given.name,
      row: stranger + 2,
    });
  return ids.map((name) => byKey.get(name));
}

/** Reads a table of text columns whole; gives a column by name, missing cells undefined. */
async function textsOf(table: Table, signal: AbortSignal) {
  const held = await collect(table, undefined, signal);
  return (name: string | undefined): (string | undefined)[] | undefined => {
    if (name === undefined) return undefined;
    const { codes, dictionary } = held.texts(name);
    return Array.from(codes, (code) => (code < 0 ? undefined : dictionary[code]));
  };
}

const numbers = (cells: readonly (string | undefined)[], file: string, column: string): Float64Array =>
  Float64Array.from(cells, (cell, row) => {
    if (cell === undefined || cell === '') return Number.NaN;
    const value = Number(cell);
    if (!(value >= 0 && value <= 1))
      throw new BadInput('bad-score', `expected a number from 0 to 1, found "${cell.slice(0, 40)}".`, { file, row: row + 2, column });
    return value;
  });
