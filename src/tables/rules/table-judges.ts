import { dateReader } from '../calendar.ts';
import { columnIndex } from '../row-keys.ts';
import type { Table } from '../table.ts';
import type { CheckOptions } from './check-options.ts';
import type { Judge } from './judge.ts';
import type { RuleResult } from './quality-report.ts';
import type { RulesSpec } from './rules-schema.ts';

/** Judged once, on the table as a whole. */
function whole(facts: Pick<RuleResult, 'id' | 'rule' | 'columns' | 'expected' | 'severity'>, passed: boolean, note: string): RuleResult {
  return { ...facts, mostly: 1, checked: 1, failed: passed ? 0 : 1, missing: 0, passed, examples: [], note };
}

const DAY = 86_400_000;

export function judgeFreshness(
  rule: NonNullable<RulesSpec['freshness']>,
  table: Table,
  { logicalDate, lastModified }: CheckOptions,
): Judge {
  const days = (milliseconds: number) => `${Math.round((milliseconds / DAY) * 100) / 100} days`;
  const position = rule.column === undefined ? -1 : columnIndex(table.schema, rule.column, table.name);
  const read = position < 0 ? undefined : dateReader(table.schema[position]!, table.name);
  const facts = {
    id: 'freshness',
    rule: 'freshness',
    columns: rule.column === undefined ? [] : [rule.column],
    expected: `the newest data is at most ${days(rule['max-age'])} old on ${logicalDate.toISOString().slice(0, 10)}`,
    severity: rule.severity,
  } as const;
  let newest = read ? Number.NEGATIVE_INFINITY : (lastModified?.getTime() ?? Number.NEGATIVE_INFINITY);
  return {
    add: (batch) => {
      for (let row = 0; read && row < batch.rows; row++) {
        const instant = read(batch.columns[position]!, row, batch);
        if (instant > newest) newest = instant;
      }
    },
    finish: () => {
      if (newest === Number.NEGATIVE_INFINITY) {
        return whole(
          facts,
          false,
          rule.column === undefined
            ? 'The source does not say when it last changed; name a column.'
            : `No row has a date in "${rule.column}".`,
        );
      }
      const age = logicalDate.getTime() - newest;
      const words = age < 0 ? `${days(-age)} after the logical date` : `${days(age)} old`;
      return whole(facts, age <= rule['max-age'], `The newest data is of ${new Date(newest).toISOString()}: ${words}.`);
    },
  };
}

export function judgeRowCount(rule: NonNullable<RulesSpec['row-count']>, history: readonly number[]): Judge {
  const { min, max, severity } = rule;
  const change = rule['max-change'];
  const sorted = [...history].sort((a, b) => a - b);
  const middle =
    sorted.length === 0 ? undefined : (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.floor(sorted.length / 2)]!) / 2;
  const expected = [
    min === undefined ? '' : `at least ${min} rows`,
    max === undefined ? '' : `at most ${max} rows`,
    change === undefined
      ? ''
      : `at most ${Math.round(change * 1000) / 10} % away from the median of earlier runs${middle === undefined ? '' : ` (${middle})`}`,
  ];
  const facts = { id: 'row-count', rule: 'row-count', columns: [], expected: expected.filter(Boolean).join(', '), severity } as const;
  return {
    add: () => {},
    finish: (rows) => {
      const moved = change !== undefined && middle !== undefined && Math.abs(rows - middle) > change * middle;
      const note =
        change !== undefined && middle === undefined ? `${rows} rows; there is no earlier run to compare with.` : `${rows} rows.`;
      return whole(facts, rows >= (min ?? 0) && rows <= (max ?? Number.POSITIVE_INFINITY) && !moved, note);
    },
  };
}
