import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');
const samples = join(root, 'test/fixtures/text-to-sql');
const whole = join(root, '../shared/data/text-to-sql');

/** Small samples that always are there, or the whole sets, which lie beside the checkout in CI. */
export type Where = 'samples' | 'whole';

/**
 * The whole sets or a loud absence: in CI a proof that silently did not run would be none.
 * @returns why the sets cannot be read, or undefined.
 */
export function missingWhole(): string | undefined {
  if (existsSync(whole)) return undefined;
  const why = 'The whole labelled sets were expected in ../shared/data/text-to-sql beside this checkout and are not there.';
  if (process.env.CI) throw new Error(why);
  console.error(`NOT PROVEN: ${why}`);
  return why;
}

export const textOf = (file: string, where: Where): string => readFileSync(join(where === 'whole' ? whole : samples, file), 'utf8');

export const linesOf = <Row>(file: string, where: Where): Row[] =>
  textOf(file, where)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);

/** Rules were written looking at even rows only; figures are those of the odd ones. The last bit of the SHA-256 of the SQL text decides. */
export const isOdd = (sql: string): boolean => (createHash('sha256').update(sql).digest()[31]! & 1) === 1;

export interface SyntaxRow {
  readonly dialect: 'sqlite' | 'postgres' | 'mysql';
  readonly sql: string;
  readonly valid: boolean;
  readonly mariadb_only?: boolean;
}

export interface SpiderRow {
  readonly idx: number;
  readonly db_id: string;
  readonly gold: string;
  readonly hardness: string;
  readonly component1: number;
  readonly component2: number;
  readonly others: number;
}

export interface PredictionRow {
  readonly model: string;
  readonly idx: number;
  readonly db_id: string;
  readonly pred: string;
  readonly exact_set_match: 0 | 1;
  readonly pred_parse_error: string | null;
  readonly exec_single: 0 | 1;
  readonly test_suite: 0 | 1;
  readonly bird_ex: 0 | 1;
}
