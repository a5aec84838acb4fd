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
 * is left out: it is made from the answer, and rows that are to be predicted do not have it. Other tasks hand on and compare no column.
 */
export function textDefaults(
  schema: Schema,
  key: string,
  { task, target, drop, passthrough, leakage }: Declared,
): { readonly passthrough: string[]; readonly drop: string[]; readonly texts: string[] } {
  const there = (names: readonly string[]) => names.filter((name) => schema.some((field) => field.name === name));
  const sql = task === 'text-to-sql';
  const dropped = sql && passthrough === undefined ? [...new Set([...drop, ...there(KNOWN_SQL_COLUMNS.complexity)])] : [...drop];
  const apart = new Set([key, target.column, ...dropped]);
  return {
    passthrough: passthrough ? [...passthrough] : sql ? schema.map(({ name }) => name).filter((name) => !apart.has(name)) : [],
    drop: dropped,
    texts: leakage.texts ? [...leakage.texts] : sql ? there(KNOWN_SQL_COLUMNS.question) : [],
  };
}
