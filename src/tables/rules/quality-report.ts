export interface Example {
  /** The file it stands in; absent for a table that was no file. */
  readonly file?: string;
  /** From 1; the header of a CSV file is row 1. */
  readonly row: number;
  /** Text of the cell or of the cells the rule reads; shortened. */
  readonly value: string;
}

export interface RuleResult {
  /** Unique within the report: `tenure: min`, `expression: total >= monthly`, `freshness`, … */
  readonly id: string;
  readonly rule:
    | 'present'
    | 'type'
    | 'not-null'
    | 'unique'
    | 'range'
    | 'in'
    | 'not-in'
    | 'pattern'
    | 'length'
    | 'expression'
    | 'reference'
    | 'freshness'
    | 'row-count';
  readonly columns: readonly string[];
  /** What was asked for, in words. */
  readonly expected: string;
  readonly severity: 'error' | 'warn';
  readonly mostly: number;
  /** Cells (or rows) judged, of these violating; missing ones are judged only by `not-null`. */
  readonly checked: number;
  readonly failed: number;
  readonly missing: number;
  /** failed / checked and failed / rows; absent when nothing was checked. */
  readonly share?: number;
  readonly shareOfRows?: number;
  readonly passed: boolean;
  readonly examples: readonly Example[];
  /** What was found, where counts do not say it. */
  readonly note?: string;
}

export interface QualityScore {
  /** 0…100. */
  readonly value: number;
  /** Shares 0…1; absent where there was nothing to count, then left out of the score. */
  readonly completeness?: number;
  readonly validity?: number;
  readonly uniqueness?: number;
  readonly weights: { readonly completeness: number; readonly validity: number; readonly uniqueness: number };
}

/** `quality.json` */
export interface QualityReport {
  readonly schema: 'retrain/quality/1';
  readonly rows: number;
  readonly score: QualityScore;
  readonly rules: readonly RuleResult[];
}

/** Rules of this severity that the data breaks, in the order they were given. */
export const brokenRules = (report: QualityReport, severity: 'error' | 'warn'): readonly RuleResult[] =>
  report.rules.filter((rule) => !rule.passed && rule.severity === severity);

/** D30: 100 × the weighted mean of completeness, validity and uniqueness; a part without anything to count is left out. */
export function qualityScore(
  parts: {
    readonly completeness: readonly [good: number, of: number];
    readonly validity: readonly [number, number];
    readonly uniqueness: readonly [number, number];
  },
  weights: QualityScore['weights'],
): QualityScore {
  let sum = 0;
  let total = 0;
  const shares: { completeness?: number; validity?: number; uniqueness?: number } = {};
  for (const part of ['completeness', 'validity', 'uniqueness'] as const) {
    const [good, of] = parts[part];
    if (of === 0) continue;
    shares[part] = good / of;
    sum += weights[part] * shares[part];
    total += weights[part];
  }
  return { value: total === 0 ? 0 : (100 * sum) / total, ...shares, weights };
}

const VALUE_SHOWN = 200;

/** A value as an example shows it: of bounded length. */
export const shownValue = (text: string): string => (text.length > VALUE_SHOWN ? `${text.slice(0, VALUE_SHOWN)}…` : text);
