import { RE2JS } from 're2js';
import { BadInput } from '../bad-input.ts';
import { parseInstant } from '../calendar.ts';
import { cellText } from '../row-keys.ts';
import type { Column, ColumnType, Field } from '../table.ts';
import type { RuleResult } from './quality-report.ts';
import type { ColumnRules } from './rules-schema.ts';

/** A rule over single non-missing cells. */
export interface CellCheck {
  readonly rule: RuleResult['rule'];
  readonly expected: string;
  /** Marks with 1 the cells of `column` that violate the rule; leaves others alone. Returns how many do. */
  mark(column: Column, rows: number, bad: Uint8Array): number;
}

const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
const isDate = (type: ColumnType) => type === 'date' || type === 'timestamp';

/** The checks of a column's rules that look at one cell at a time. */
export function cellChecks(field: Field, rules: ColumnRules): readonly CellCheck[] {
  const checks: CellCheck[] = [];
  const { type, min, max, pattern } = rules;
  const add = (rule: CellCheck['rule'], expected: string, good: Good) => checks.push({ rule, expected, mark: markBy(field, good) });
  if (type !== undefined) add('type', `a value of the type ${type}`, goodType(type));
  if (min !== undefined || max !== undefined) {
    const [low, high] = [boundOf(min, Number.NEGATIVE_INFINITY, field), boundOf(max, Number.POSITIVE_INFINITY, field)];
    const words = [min === undefined ? '' : `at least ${min}`, max === undefined ? '' : `at most ${max}`].filter(Boolean).join(' and ');
    const inside = (x: number) => x >= low && x <= high;
    const dated = typeof min === 'string' || typeof max === 'string';
    add('range', words, {
      number: inside,
      text: (text) => inside(dated ? (parseInstant(text) ?? Number.NaN) : DECIMAL.test(text) ? Number(text) : Number.NaN),
    });
  }
  for (const [rule, list, wanted] of [
    ['in', rules.in, true],
    ['not-in', rules['not-in'], false],
  ] as const) {
    if (!list) continue;
    const texts = new Set(list.map((item) => canonicalText(item, field.type)));
    const good = (text: string) => texts.has(text) === wanted;
    add(rule, `${wanted ? 'one' : 'none'} of ${list.slice(0, 20).join(', ')}${list.length > 20 ? ', …' : ''}`, { text: good });
  }
  if (pattern !== undefined) {
    const compiled = RE2JS.compile(pattern);
    add('pattern', `text that matches ${pattern}`, { text: (text) => compiled.matcher(text).find() });
  }
  const [shortest, longest] = [rules['min-length'] ?? 0, rules['max-length'] ?? Number.POSITIVE_INFINITY];
  if (rules['min-length'] !== undefined || rules['max-length'] !== undefined) {
    const words = longest === Number.POSITIVE_INFINITY ? `at least ${shortest} characters` : `${shortest} to ${longest} characters`;
    add('length', words, {
      text: (text) => {
        const length = [...text].length;
        return length >= shortest && length <= longest;
      },
    });
  }
  return checks;
}

function canonicalText(item: string | number | boolean, type: ColumnType): string {
  if (isDate(type) && typeof item === 'string') {
    const instant = parseInstant(item);
    if (instant !== undefined) return new Date(instant).toISOString().slice(0, type === 'date' ? 10 : undefined);
  }
  return (type === 'number' || type === 'integer') && typeof item === 'string' && DECIMAL.test(item) ? String(Number(item)) : String(item);
}

function boundOf(bound: number | string | undefined, none: number, field: Field): number {
  if (bound === undefined) return none;
  if (typeof bound === 'number') return bound;
  const instant = parseInstant(bound);
  if (instant === undefined) throw new BadInput('bad-rule', `rules.${field.name}: "${bound}" is neither a number nor an ISO 8601 date.`);
  return instant;
}

/** Is a value good? By its number where the column holds numbers and `number` is given, else by its text. */
interface Good {
  readonly text: (text: string) => boolean;
  readonly number?: (value: number) => boolean;
}

function goodType(type: ColumnType): Good {
  switch (type) {
    case 'number':
      return { text: (text) => DECIMAL.test(text), number: () => true };
    case 'integer':
      return { text: (text) => DECIMAL.test(text) && Number.isInteger(Number(text)), number: Number.isInteger };
    case 'boolean':
      return { text: (text) => /^(true|false)$/i.test(text), number: (x) => x === 0 || x === 1 };
    case 'date':
      return { text: (text) => text.length === 10 && parseInstant(text) !== undefined, number: (x) => x % 86_400_000 === 0 };
    case 'timestamp':
      return { text: (text) => parseInstant(text) !== undefined, number: () => true };
    case 'text':
      return { text: () => true };
  }
}

/** Texts are judged once per different text of a batch. */
function markBy(field: Field, good: Good): CellCheck['mark'] {
  return (column, rows, bad) => {
    let found = 0;
    if (column.kind === 'text') {
      const wrong = Uint8Array.from(column.dictionary, (text) => (good.text(text) ? 0 : 1));
      for (let row = 0; row < rows; row++) {
        const code = column.codes[row]!;
        if (code < 0 || wrong[code] === 0) continue;
        bad[row] = 1;
        found++;
      }
      return found;
    }
    const judge = good.number;
    for (let row = 0; row < rows; row++) {
      const value = column.values[row]!;
      if (Number.isNaN(value) || (judge ? judge(value) : good.text(cellText(column, field, row)!))) continue;
      bad[row] = 1;
      found++;
    }
    return found;
  };
}
