import type { Schema } from '../../tables/table.ts';
import { KNOWN_SQL_COLUMNS } from '../sql-columns.ts';

interface Declared {
  readonly task: string;
  readonly target: { readonly column: string };
  readonly drop: readonly string[];
  readonly passthrough?: readonly string[];
  readonly leakage: { readonly texts?: readonly string[] };
}

/**
 * What text-to-SQL means where nothing is declared: its columns are texts, handed on as they are and no features. The label of complexity
 * is not: it is made from the answer, and rows that are to be predicted do not have it. Other tasks hand on and compare no column.
 */
export function textDefaults(
  schema: Schema,
  key: string,
  { task, target, drop, passthrough, leakage }: Declared,
): { readonly passthrough: string[]; readonly texts: string[] } {
  const names = schema.map(({ name }) => name);
  const sql = task === 'text-to-sql';
  const apart = new Set<string>([key, target.column, ...drop, ...KNOWN_SQL_COLUMNS.complexity]);
  return {
    passthrough: passthrough ? [...passthrough] : sql ? names.filter((name) => !apart.has(name)) : [],
    texts: leakage.texts ? [...leakage.texts] : sql ? KNOWN_SQL_COLUMNS.question.filter((name) => names.includes(name)) : [],
  };
}
