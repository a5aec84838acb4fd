import type { JudgedText } from '../sql/verdict.ts';
import { type Estimate, isComputed } from '../statistics/estimate.ts';
import { shareEstimate } from '../statistics/intervals/shares.ts';
import { labelOf } from './text-to-sql-buckets.ts';
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

/** Counts of judged texts, one by one; nothing of a text is kept. */
class SyntaxTally {
  #rows = 0;
  #judged = 0;
  #valid = 0;
  #cleaned = 0;
  #asked = 0;
  #resolved = 0;

  add({ verdict, validAfterCleanup, namesResolve }: JudgedText): void {
    this.#rows++;
    if (verdict.verdict === 'not judged') return;
    this.#judged++;
    if (verdict.verdict === 'valid') this.#valid++;
    if (verdict.verdict === 'valid' || validAfterCleanup) this.#cleaned++;
    if (namesResolve !== undefined) this.#asked++;
    if (namesResolve) this.#resolved++;
  }

  rate(level: number): SyntaxRate {
    const share = (k: number, n: number): Estimate => (n === 0 ? { notComputable: 'empty', n } : shareEstimate(k, n, { level }));
    return {
      validity: share(this.#valid, this.#judged),
      rows: this.#rows,
      judged: this.#judged,
      afterCleanup: share(this.#cleaned, this.#judged),
      ...(this.#asked > 0 ? { namesResolve: share(this.#resolved, this.#asked) } : {}),
    };
  }
}

/** Rates over all rows and by label, counted while the rows stream by. */
export class SyntaxCounts {
  readonly #all = new SyntaxTally();
  readonly #buckets = new Map<string, SyntaxTally>();

  add(row: JudgedText & { readonly complexity: string | undefined }): void {
    const label = labelOf(row.complexity);
    let bucket = this.#buckets.get(label);
    if (!bucket) {
      bucket = new SyntaxTally();
      this.#buckets.set(label, bucket);
    }
    bucket.add(row);
    this.#all.add(row);
  }

  rate(level = 0.95): SyntaxRate {
    return this.#all.rate(level);
  }

  /** Best first, labels without a judged row last. */
  buckets(level = 0.95): (SyntaxRate & { readonly label: string })[] {
    const value = ({ validity }: SyntaxRate): number => (isComputed(validity) ? validity.value : -1);
    return [...this.#buckets]
      .map(([label, bucket]) => ({ label, ...bucket.rate(level) }))
      .sort((a, b) => value(b) - value(a) || (a.label < b.label ? -1 : 1));
  }
}

export interface SyntaxBy {
  readonly dialect: string;
  readonly engine: string;
  readonly engineVersion: string;
}

const VERDICT_NUMBER = { valid: 1, invalid: 0, 'not judged': undefined } as const;

/** Header of `syntax_validation_results.csv`. */
export const SYNTAX_COLUMNS = [
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
] as const;

/** One line of that file. */
export function syntaxLine(row: SyntaxRow, by: SyntaxBy): (string | number | undefined)[] {
  const { id, complexity, predicted, verdict, looksLike, validAfterCleanup, crossCheck } = row;
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
}

/** `per_complexity_validation.csv`: share of valid rows with four decimals, best first. */
export function syntaxBucketFile(counts: SyntaxCounts, level = 0.95): FileRows {
  const round = (value: number | undefined): number | undefined => (value === undefined ? undefined : Number(value.toFixed(4)));
  return {
    header: ['sql_complexity', 'mean', 'count', 'judged', 'low', 'high'],
    rows: counts.buckets(level).map(({ label, validity, rows, judged }) => {
      const computed = isComputed(validity) ? validity : undefined;
      return [label, round(computed?.value), rows, judged, round(computed?.interval?.low), round(computed?.interval?.high)];
    }),
  };
}
