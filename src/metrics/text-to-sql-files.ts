import { isComputed } from '../statistics/estimate.ts';
import { forSpreadsheet } from '../tables/write-csv.ts';
import { bucketsOf, SMALL_BUCKET, scoreEstimate } from './text-to-sql-buckets.ts';
import type { ExecutionScore } from './text-to-sql-execution.ts';
import type { TextToSqlRows } from './text-to-sql-rows.ts';

/** A file to be written: its header and its rows; undefined is an empty cell. Text cells are as they are: hostile. */
export interface FileRows {
  readonly header: readonly string[];
  readonly rows: Iterable<readonly (string | number | undefined)[]>;
}

export interface EvaluationText {
  readonly id?: string;
  readonly inputText: string;
  readonly expected: string;
  readonly complexity: string | undefined;
  readonly predicted: string;
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits));
const scoreOf = (scores: Float64Array | undefined, row: number): number | undefined =>
  scores === undefined || Number.isNaN(scores[row]!) ? undefined : scores[row]!;

/** The reference system's six columns in its order, then ours as far as they were computed. */
export function evaluationFile(texts: readonly EvaluationText[], rows: TextToSqlRows, execution?: readonly ExecutionScore[]): FileRows {
  const { scores } = rows;
  const ours: [string, (row: number) => string | number | undefined][] = [
    ['id', (row) => texts[row]!.id],
    ['exact_match_string', (row) => scoreOf(scores.exactMatchString, row)],
    ['exact_match_normalized', (row) => scoreOf(scores.exactMatchNormalized, row)],
    ['token_f1', (row) => scoreOf(scores.tokenF1, row)],
    ['jaccard', (row) => scoreOf(scores.jaccard, row)],
  ];
  if (execution) ours.push(['execution', (row) => execution[row]!.score], ['execution_reason', (row) => execution[row]!.reason]);
  return {
    header: ['input_text', 'expected_sql', 'sql_complexity', 'predicted_sql', 'exact_match', 'f1_score', ...ours.map(([name]) => name)],
    rows: texts
      .values()
      .map(({ inputText, expected, complexity, predicted }, row) => [
        inputText,
        expected,
        complexity,
        predicted,
        scoreOf(rows.exactMatch, row),
        scoreOf(rows.f1, row),
        ...ours.map(([, of]) => of(row)),
      ]),
  };
}

/** `per_bucket_complexity_eval.csv`: best mean F1 first; intervals and the mark of small buckets on the right. */
export function bucketFile(
  labels: readonly (string | undefined)[],
  rows: Pick<TextToSqlRows, 'exactMatch' | 'f1'>,
  { level = 0.95, small = SMALL_BUCKET } = {},
): FileRows {
  const lines = bucketsOf(labels).map(({ label, rows: at }) => {
    const exact = scoreEstimate(rows.exactMatch, 'share', at, level);
    const f1 = scoreEstimate(rows.f1, 'mean', at, level);
    const of = (estimate: typeof exact): number | undefined => (isComputed(estimate) ? estimate.value : undefined);
    const ends = (estimate: typeof exact): [number | undefined, number | undefined] =>
      isComputed(estimate) ? [estimate.interval?.low, estimate.interval?.high] : [undefined, undefined];
    return [label, of(exact), exact.n, of(f1), f1.n, ...ends(exact), ...ends(f1), at.length < small ? 1 : 0] as const;
  });
  return {
    header: [
      'sql_complexity',
      'exact_match_mean',
      'exact_match_count',
      'f1_score_mean',
      'f1_score_count',
      'exact_match_low',
      'exact_match_high',
      'f1_score_low',
      'f1_score_high',
      'small',
    ],
    rows: lines.sort((a, b) => (b[3] ?? -1) - (a[3] ?? -1)),
  };
}

/** `sql_complexity_distribution.csv`: most frequent first, per cent with two decimals. */
export function distributionFile(labels: readonly (string | undefined)[]): FileRows {
  return {
    header: ['sql_complexity', 'count', 'perc'],
    rows: bucketsOf(labels).map(({ label, rows }) => [label, rows.length, round((100 * rows.length) / labels.length, 2)]),
  };
}

/** One line of a CSV file (RFC 4180, ended by LF); an empty text is `""`, no value is nothing. */
export const csvLine = (cells: readonly (string | number | undefined)[]): string => `${cells.map(csvCell).join(',')}\n`;

/** A line of a file that people open in a spreadsheet: no text in it is a formula. */
export const csvLineForPeople = (cells: readonly (string | number | undefined)[]): string =>
  csvLine(cells.map((cell) => (typeof cell === 'string' ? forSpreadsheet(cell) : cell)));

function csvCell(cell: string | number | undefined): string {
  if (cell === undefined) return '';
  if (typeof cell === 'number') return String(cell);
  return cell === '' || /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
