import { type Execute, type Execution, orderMatters, type SqlValue, textToRun } from '../sql/execution.ts';
import type { ExecutionRule } from '../sql/execution-rules.ts';

export type ExecutionReason = 'equal' | 'different' | 'error' | 'timeout' | 'too-large' | 'refused' | 'gold-error' | 'not-compared';

export interface ExecutionScore {
  /** 1 or 0; undefined when the row cannot be scored: the gold query fails, or the results cannot be compared. */
  readonly score: 0 | 1 | undefined;
  readonly reason: ExecutionReason;
  readonly message?: string;
}

/** Column orders tried before a comparison is given up. */
const PERMUTATIONS_MAX = 10_000;
/** Cells looked at over all these orders: of a large result fewer are tried. */
const CELLS_MAX = 10_000_000;

type Rows = readonly (readonly SqlValue[])[];

export interface Result {
  readonly columns: number;
  readonly rows: Rows;
}

/**
 * Are two results the same by a rule? `spider`: some order of the columns makes them equal, as lists when the order of rows matters,
 * else as multisets; two empty results are equal whatever their width. `bird`: the same set of rows. `strict`: columns in order,
 * rows as a multiset or a list. Values are equal by value: 1 and 1.0 are, 1 and '1' are not, NULL equals NULL.
 * Undefined when the search over column orders grows too large.
 */
export function sameResult(expected: Result, predicted: Result, rule: ExecutionRule, ordered: boolean): boolean | undefined {
  if (rule === 'bird') return sameSet(expected.rows, predicted.rows);
  if (rule === 'spider' && expected.rows.length === 0 && predicted.rows.length === 0) return true;
  if (expected.rows.length !== predicted.rows.length || expected.columns !== predicted.columns) return false;
  const codes = new Map<string, number>();
  const first = encode(expected.rows, codes);
  const second = encode(predicted.rows, codes);
  if (rule === 'strict') return sameRows(first, second, undefined, ordered);
  return sameUnderColumnOrder(first, second, ordered, expected.columns);
}

function sameSet(expected: Rows, predicted: Rows): boolean {
  const keys = (rows: Rows): Set<string> => new Set(rows.map((row) => JSON.stringify(row.map(valueKey))));
  const first = keys(expected);
  const second = keys(predicted);
  return first.size === second.size && [...first].every((key) => second.has(key));
}

/** Equal values have equal keys: a whole number has the same key as integer and as real. */
function valueKey(value: SqlValue): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return `t${value}`;
  if (typeof value === 'bigint') return `n${value}`;
  if (typeof value !== 'number') return `b${Buffer.from(value).toString('hex')}`;
  if (Number.isInteger(value) && Math.abs(value) > Number.MAX_SAFE_INTEGER) return `n${BigInt(value)}`;
  return `n${value === 0 ? 0 : value}`;
}

function encode(rows: Rows, codes: Map<string, number>): Int32Array[] {
  return rows.map((row) =>
    Int32Array.from(row, (value) => {
      const key = valueKey(value);
      const known = codes.get(key);
      if (known !== undefined) return known;
      codes.set(key, codes.size);
      return codes.size - 1;
    }),
  );
}

/** `order[i]` is the column of the second table that stands at place i. */
function sameRows(
  first: readonly Int32Array[],
  second: readonly Int32Array[],
  order: readonly number[] | undefined,
  ordered: boolean,
): boolean {
  const keyOf = (row: Int32Array): string => (order ? order.map((column) => row[column]).join() : row.join());
  if (ordered) return first.every((row, i) => row.join() === keyOf(second[i]!));
  const left = new Map<string, number>();
  for (const row of first) {
    const key = row.join();
    left.set(key, (left.get(key) ?? 0) + 1);
  }
  for (const row of second) {
    const key = keyOf(row);
    const count = left.get(key) ?? 0;
    if (count === 0) return false;
    left.set(key, count - 1);
  }
  return true;
}

/** Only columns that hold the same values (in the same order, when that matters) can stand for each other. */
function sameUnderColumnOrder(
  first: readonly Int32Array[],
  second: readonly Int32Array[],
  ordered: boolean,
  columns: number,
): boolean | undefined {
  const signature = (rows: readonly Int32Array[], column: number): string => {
    const values = rows.map((row) => row[column]!);
    return (ordered ? values : values.sort((a, b) => a - b)).join();
  };
  const signatures = (rows: readonly Int32Array[]): string[] => Array.from({ length: columns }, (_, column) => signature(rows, column));
  const [wanted, offered] = [signatures(first), signatures(second)];
  // The same kinds of columns, each as often: else nothing fits, and the search would find that out order by order.
  if (wanted.toSorted().join('\n') !== offered.toSorted().join('\n')) return false;
  const candidates = wanted.map((own) => offered.flatMap((other, i) => (other === own ? [i] : [])));
  const triesMax = Math.min(PERMUTATIONS_MAX, Math.ceil(CELLS_MAX / (first.length * columns)));
  let tried = 0;
  const order: number[] = [];
  const search = (): boolean | undefined => {
    if (order.length === columns) {
      tried++;
      return sameRows(first, second, order, ordered);
    }
    for (const column of candidates[order.length]!) {
      if (order.includes(column)) continue;
      if (tried >= triesMax) return undefined;
      order.push(column);
      const found = search();
      if (found !== false) return found;
      order.pop();
    }
    return false;
  };
  return search();
}

export interface ExecutionPair {
  readonly predicted: string;
  readonly expected: string;
  /** All must agree; one database is "execution accuracy", several instances are Spider's "test suite". */
  readonly databases: readonly string[];
}

/** Gold results kept: neighbouring rows and both models share them. */
const GOLD_KEPT = 64;
/** A result with more is run again instead: as many of the largest as are kept would be gigabytes. */
const GOLD_BYTES_KEPT = 1_048_576;

function bytesOf(result: Execution): number {
  if (result.kind !== 'rows') return 0;
  let bytes = 0;
  for (const row of result.rows) {
    for (const value of row) bytes += typeof value === 'string' || value instanceof Uint8Array ? value.length + 8 : 8;
    if (bytes > GOLD_BYTES_KEPT) break;
  }
  return bytes;
}

/** Scores pairs by a rule; `execute` is the sandbox. */
export function executionScorer(execute: Execute, rule: ExecutionRule): (pair: ExecutionPair) => Promise<ExecutionScore> {
  const kept = new Map<string, Promise<Execution>>();

  function expectedResult(database: string, source: string): Promise<Execution> {
    const key = `${database}\0${source}`;
    const known = kept.get(key);
    if (known) return known;
    const result = execute(database, source);
    kept.set(key, result);
    const forget = (): void => void (kept.get(key) === result && kept.delete(key));
    result.then((found) => bytesOf(found) > GOLD_BYTES_KEPT && forget(), forget);
    if (kept.size > GOLD_KEPT) kept.delete(kept.keys().next().value!);
    return result;
  }

  return async ({ predicted, expected, databases }) => {
    const expectedText = textToRun(expected, rule, 'expected');
    const predictedText = textToRun(predicted, rule, 'predicted');
    const ordered = orderMatters(expectedText, rule);
    for (const database of databases) {
      const [gold, ours] = await Promise.all([expectedResult(database, expectedText), execute(database, predictedText)]);
      const score = compareExecutions(gold, ours, rule, ordered);
      if (score.reason !== 'equal') return score;
    }
    return { score: 1, reason: 'equal' };
  };
}

/** One database's verdict. A gold query that fails leaves the row out; two results over the limit are not compared, never equal. */
export function compareExecutions(expected: Execution, predicted: Execution, rule: ExecutionRule, ordered: boolean): ExecutionScore {
  if (expected.kind === 'too-large' && predicted.kind === 'too-large')
    return { score: undefined, reason: 'not-compared', message: expected.message };
  if (expected.kind !== 'rows') return { score: undefined, reason: 'gold-error', message: `${expected.kind}: ${expected.message}` };
  if (predicted.kind !== 'rows') return { score: 0, reason: predicted.kind, message: predicted.message };
  const same = sameResult(expected, predicted, rule, ordered);
  if (same === undefined) return { score: undefined, reason: 'not-compared', message: 'Too many orders of columns could make them equal.' };
  return same ? { score: 1, reason: 'equal' } : { score: 0, reason: 'different' };
}
