import type { JudgedText } from '../sql/verdict.ts';
import { type Estimate, isComputed } from '../statistics/estimate.ts';
import { shareEstimate } from '../statistics/intervals/shares.ts';
import { bucketsOf } from './text-to-sql-buckets.ts';
import type { FileRows } from './text-to-sql-files.ts';

export interface SyntaxRow extends JudgedText {
  readonly id?: string;
  readonly complexity: string | undefined;
  readonly predicted: string;
}

export interface SyntaxRate {
  /** Valid among judged. */
  readonly validity: Estimate;
  readonly rows: number;
  readonly judged: number;
  /** Valid as they stand, or once fences, prose and escapes are taken away. */
  readonly afterCleanup: Estimate;
  /** Valid rows whose tables, columns and functions exist, among valid rows; only with a schema. */
  readonly namesResolve?: Estimate;
}

export function syntaxRate(rows: readonly JudgedText[], level = 0.95): SyntaxRate {
  let judged = 0;
  let valid = 0;
  let cleaned = 0;
  let resolved = 0;
  let asked = 0;
  for (const { verdict, validAfterCleanup, namesResolve } of rows) {
    if (verdict.verdict === 'not judged') continue;
    judged++;
    if (verdict.verdict === 'valid') valid++;
    if (verdict.verdict === 'valid' || validAfterCleanup) cleaned++;
    if (namesResolve !== undefined) asked++;
    if (namesResolve) resolved++;
  }
  const share = (k: number, n: number): Estimate => (n === 0 ? { notComputable: 'empty', n } : shareEstimate(k, n, { level }));
  return {
    validity: share(valid, judged),
    rows: rows.length,
    judged,
    afterCleanup: share(cleaned, judged),
    ...(asked > 0 ? { namesResolve: share(resolved, asked) } : {}),
  };
}

export interface SyntaxBy {
  readonly dialect: string;
  readonly engine: string;
  readonly engineVersion: string;
}

const VERDICT_NUMBER = { valid: 1, invalid: 0, 'not judged': undefined } as const;

/** `syntax_validation_results.csv`, one line a row. */
export function syntaxFile(rows: Iterable<SyntaxRow>, by: SyntaxBy): FileRows {
  return {
    header: [
      'id',
      'sql_complexity',
      'predicted_sql',
      'valid_syntax',
      'verdict',
      'code',
      'message',
      'line',
      'column',
      'offset',
      'near',
      'looks_like',
      'valid_after_cleanup',
      'statements',
      'cross_check',
      'dialect',
      'engine',
      'engine_version',
    ],
    rows: Iterator.from(rows).map(({ id, complexity, predicted, verdict, looksLike, validAfterCleanup, crossCheck }) => {
      const code = verdict.verdict === 'valid' ? undefined : verdict.code;
      const message = verdict.verdict === 'valid' ? verdict.notes?.join('; ') : verdict.message;
      const at = verdict.verdict === 'invalid' ? verdict.at : undefined;
      return [
        id,
        complexity,
        predicted.toWellFormed(),
        VERDICT_NUMBER[verdict.verdict],
        verdict.verdict,
        code,
        message?.toWellFormed(),
        at?.line,
        at?.column,
        at?.offset,
        at?.near,
        looksLike,
        validAfterCleanup === undefined ? undefined : Number(validAfterCleanup),
        verdict.statements,
        crossCheck,
        by.dialect,
        by.engine,
        by.engineVersion,
      ];
    }),
  };
}

/** `per_complexity_validation.csv`: share of valid rows with four decimals, best first. */
export function syntaxBucketFile(rows: readonly SyntaxRow[], level = 0.95): FileRows {
  const lines = bucketsOf(rows.map(({ complexity }) => complexity)).map(({ label, rows: at }) => {
    const { validity, judged } = syntaxRate(
      Array.from(at, (row) => rows[row]!),
      level,
    );
    const round = (value: number | undefined): number | undefined => (value === undefined ? undefined : Number(value.toFixed(4)));
    const computed = isComputed(validity) ? validity : undefined;
    return [label, round(computed?.value), at.length, judged, round(computed?.interval?.low), round(computed?.interval?.high)] as const;
  });
  return {
    header: ['sql_complexity', 'mean', 'count', 'judged', 'low', 'high'],
    rows: lines.sort((a, b) => (b[1] ?? -1) - (a[1] ?? -1)),
  };
}
