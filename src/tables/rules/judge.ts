import type { Batch } from '../table.ts';
import { type Example, type RuleResult, shownValue } from './quality-report.ts';

/** Gathers the outcome of one rule over the batches. */
export interface Judge {
  add(batch: Batch): void;
  /** Undefined for what only counts. */
  finish(rows: number): RuleResult | undefined;
}

export interface RuleFacts extends Pick<RuleResult, 'id' | 'rule' | 'columns' | 'expected' | 'severity' | 'mostly'> {}

/** Counts and examples of one rule. */
export class Tally {
  checked = 0;
  failed = 0;
  missing = 0;
  readonly examples: Example[] = [];
  readonly #facts: RuleFacts;
  readonly #limit: number;

  constructor(facts: RuleFacts, limit: number) {
    this.#facts = facts;
    this.#limit = limit;
  }

  get full(): boolean {
    return this.examples.length >= this.#limit;
  }

  example(batch: Batch, row: number, value: string): void {
    this.examples.push(exampleAt(batch, row, value));
  }

  result(rows: number, examples: readonly Example[] = this.examples): RuleResult {
    const { checked, failed, missing } = this;
    // (checked - failed) / checked ≥ mostly; what checks nothing passes.
    const passed = checked === 0 || (checked - failed) / checked >= this.#facts.mostly;
    const shares = { ...(checked > 0 && { share: failed / checked }), ...(rows > 0 && { shareOfRows: failed / rows }) };
    return { ...this.#facts, checked, failed, missing, ...shares, passed, examples };
  }
}

/** A cell worth showing, with its place in the file. */
export function exampleAt(batch: Batch, row: number, value: string): Example {
  const { source } = batch;
  const shown = shownValue(value);
  return source ? { file: source.file, row: source.rowOf(row), value: shown } : { row: batch.firstRow + row + 1, value: shown };
}

/** Missing cells of one column of a batch. */
export function missingIn(batch: Batch, position: number): number {
  const column = batch.columns[position]!;
  let missing = 0;
  if (column.kind === 'text') {
    for (let row = 0; row < batch.rows; row++) if (column.codes[row]! < 0) missing++;
  } else if (column.missing) {
    for (let row = 0; row < batch.rows; row++) if (column.missing[row] === 1) missing++;
  }
  return missing;
}
