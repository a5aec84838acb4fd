import { nearest } from '../nearest.ts';
import { cellText, HashList, hashKey, NumberList } from '../row-keys.ts';
import type { Batch, Schema, Table } from '../table.ts';
import { cellChecks } from './cell-checks.ts';
import { exampleAt, type Judge, missingIn, Tally } from './judge.ts';
import type { Example, RuleResult } from './quality-report.ts';
import type { ColumnRules } from './rules-schema.ts';

export function absent(column: string, rules: ColumnRules, schema: Schema): RuleResult {
  const near = nearest(
    column,
    schema.map(({ name }) => name),
  );
  const { severity, mostly } = rules;
  return {
    id: `${column}: present`,
    rule: 'present',
    columns: [column],
    expected: 'the column is there',
    severity,
    mostly,
    checked: 0,
    failed: 0,
    missing: 0,
    passed: false,
    examples: [],
    note: `There is no such column.${near ? ` Did you mean "${near}"?` : ''}`,
  };
}

export function judgeMissing(column: string, position: number, { severity, mostly }: ColumnRules, limit: number): Judge {
  const tally = new Tally(
    { id: `${column}: not-null`, rule: 'not-null', columns: [column], expected: 'no cell is missing', severity, mostly },
    limit,
  );
  return {
    add: (batch) => {
      const missing = missingIn(batch, position);
      tally.checked += batch.rows;
      tally.failed += missing;
      tally.missing += missing;
      for (let row = 0; missing > 0 && row < batch.rows && !tally.full; row++) {
        if (cellText(batch.columns[position]!, batch.schema[position]!, row) === undefined) tally.example(batch, row, '');
      }
    },
    finish: (rows) => tally.result(rows),
  };
}

/** Cell rules of one column; also counts cells that keep all of them (`validity`). */
export function judgeCells(
  schema: Schema,
  position: number,
  own: readonly { column: string; rules: ColumnRules }[],
  limit: number,
  validity: { good: number; of: number },
): Judge[] {
  const field = schema[position]!;
  const rules = own.find(({ column }) => column === field.name)?.rules;
  const checks = rules
    ? cellChecks(field, rules).map((check) => ({
        check,
        tally: new Tally(
          {
            id: `${field.name}: ${check.rule}`,
            rule: check.rule,
            columns: [field.name],
            expected: check.expected,
            severity: rules.severity,
            mostly: rules.mostly,
          },
          limit,
        ),
      }))
    : [];
  const add = (batch: Batch) => {
    const column = batch.columns[position]!;
    const present = batch.rows - missingIn(batch, position);
    const any = new Uint8Array(checks.length === 0 ? 0 : batch.rows);
    for (const { check, tally } of checks) {
      const bad = new Uint8Array(batch.rows);
      const failed = check.mark(column, batch.rows, bad);
      tally.checked += present;
      tally.failed += failed;
      tally.missing += batch.rows - present;
      for (let row = 0; failed > 0 && row < batch.rows; row++) {
        if (bad[row] === 0) continue;
        any[row] = 1;
        if (!tally.full) tally.example(batch, row, cellText(column, field, row)!);
      }
    }
    validity.of += present;
    validity.good += present - any.reduce((sum, bad) => sum + bad, 0);
  };
  if (checks.length === 0) return [{ add, finish: () => undefined }];
  return checks.map(({ tally }, index) => ({ add: index === 0 ? add : () => {}, finish: (rows) => tally.result(rows) }));
}

/** Holds a hash per present cell: 8 bytes a row. */
export class UniqueJudge implements Judge {
  readonly column: string;
  readonly id: string;
  #repeated: readonly number[] = [];
  readonly #position: number;
  readonly #limit: number;
  readonly #hashes = new HashList();
  readonly #tally: Tally;
  readonly #missingRows = new NumberList();

  constructor(column: string, position: number, { severity, mostly }: ColumnRules, limit: number) {
    this.column = column;
    this.id = `${column}: unique`;
    this.#position = position;
    this.#limit = limit;
    this.#tally = new Tally({ id: this.id, rule: 'unique', columns: [column], expected: 'no value stands twice', severity, mostly }, limit);
  }

  add(batch: Batch): void {
    const column = batch.columns[this.#position]!;
    const field = batch.schema[this.#position]!;
    for (let row = 0; row < batch.rows; row++) {
      const text = cellText(column, field, row);
      if (text === undefined) {
        this.#tally.missing++;
        this.#missingRows.push(batch.firstRow + row);
        continue;
      }
      const { high, low } = hashKey('value', text);
      this.#hashes.push(high, low);
    }
  }

  finish(rows: number): RuleResult {
    const { rows: at, count } = this.#hashes.repeated(this.#limit);
    this.#tally.checked = this.#hashes.length;
    this.#tally.failed = count;
    this.#repeated = at.map((index) => this.#rowOf(index));
    return this.#tally.result(rows);
  }

  /** Rows of the examples; their values are read again when the rule is broken. */
  get repeated(): readonly number[] {
    return this.#repeated;
  }

  #rowOf(index: number): number {
    let row = index;
    for (const missing of this.#missingRows.view()) {
      if (missing > row) break;
      row++;
    }
    return row;
  }
}

/** Reads the values of the repeated cells that are shown. */
export async function showRepeated(
  table: Table,
  uniques: readonly UniqueJudge[],
  results: RuleResult[],
  signal?: AbortSignal,
): Promise<void> {
  const wanted = uniques.filter(({ repeated }) => repeated.length > 0);
  if (wanted.length === 0) return;
  const columns = wanted.map(({ column }) => column);
  const last = Math.max(...wanted.flatMap(({ repeated }) => repeated));
  const examples = wanted.map((): Example[] => []);
  for await (const batch of table.batches({ columns, ...(signal && { signal }) })) {
    wanted.forEach(({ repeated }, position) => {
      for (const row of repeated) {
        if (row < batch.firstRow || row >= batch.firstRow + batch.rows) continue;
        const text = cellText(batch.columns[position]!, batch.schema[position]!, row - batch.firstRow) ?? '';
        examples[position]!.push(exampleAt(batch, row - batch.firstRow, text));
      }
    });
    if (batch.firstRow + batch.rows > last) break;
  }
  wanted.forEach(({ id }, position) => {
    const at = results.findIndex((result) => result.id === id);
    results[at] = { ...results[at]!, examples: examples[position]! };
  });
}
