import { createHash } from 'node:crypto';
import { Random, STREAMS } from '../statistics/random.ts';
import { BadInput } from './bad-input.ts';
import { dayText, parseDay } from './calendar.ts';
import { tableOfColumns } from './memory-table.ts';
import type { Column, Field, Table } from './table.ts';

/** One column of made-up rows. */
export type SyntheticColumn =
  | {
      readonly name: string;
      readonly kind: 'number';
      readonly mean: number;
      readonly deviation: number;
      readonly min?: number;
      readonly max?: number;
      readonly decimals?: number;
    }
  | { readonly name: string; readonly kind: 'category'; readonly values: readonly string[]; readonly weights?: readonly number[] };

/** A score 0…1 that depends on the other columns, so that there is something to learn. */
export interface SyntheticTarget {
  readonly name: string;
  /** Weight of each number column, per standard deviation. */
  readonly weights: Readonly<Record<string, number>>;
  readonly noise: number;
}

export interface SyntheticSpec {
  readonly key: string;
  readonly date: string;
  readonly columns: readonly SyntheticColumn[];
  readonly target: SyntheticTarget;
  readonly rows: { readonly min: number; readonly max: number };
  /** Expected share of the cells of the columns, never of key, date or target. */
  readonly missing: number;
  readonly outliers: number;
  readonly salt: string;
}

/** The customers of the churn example: 800 to 1,300 rows a day, 5 % missing, 2 % outliers (D29). */
export const CHURN_ROWS: SyntheticSpec = {
  key: 'customer_id',
  date: 'timestamp',
  columns: [
    { name: 'age', kind: 'number', mean: 42, deviation: 13, min: 18, max: 90, decimals: 0 },
    { name: 'tenure_months', kind: 'number', mean: 30, deviation: 18, min: 0, decimals: 0 },
    { name: 'total_spend', kind: 'number', mean: 900, deviation: 350, min: 0, decimals: 2 },
    { name: 'transactions', kind: 'number', mean: 24, deviation: 9, min: 0, decimals: 0 },
    { name: 'logins', kind: 'number', mean: 40, deviation: 15, min: 0, decimals: 0 },
    { name: 'support_tickets', kind: 'number', mean: 2.2, deviation: 1.8, min: 0, decimals: 0 },
    { name: 'segment', kind: 'category', values: ['basic', 'plus', 'premium'], weights: [0.5, 0.3, 0.2] },
    { name: 'region', kind: 'category', values: ['north', 'east', 'south', 'west'] },
  ],
  target: { name: 'churn_score', weights: { support_tickets: 0.9, logins: -0.7, tenure_months: -0.6, total_spend: -0.3 }, noise: 0.35 },
  rows: { min: 800, max: 1300 },
  missing: 0.05,
  outliers: 0.02,
  salt: 'v1',
};

const DAY = 86_400_000;
/** An outlier lies this many standard deviations beyond the mean. */
const OUTLIER_DEVIATIONS = 8;

/**
 * Rows of one day. Count and all values follow from the date and the salt (stream 6 of the generator): the same date gives the same rows,
 * in any order of days. `day` is a calendar date `YYYY-MM-DD`; a `BadInput` otherwise.
 */
export function syntheticTable(day: string, spec: SyntheticSpec = CHURN_ROWS): Table {
  const midnight = parseDay(day);
  if (midnight === undefined) throw new BadInput('no-such-date', `Expected a calendar date such as 2024-02-29, found "${day}".`);
  const seed = createHash('sha256')
    .update(`${spec.salt}|${dayText(midnight)}`)
    .digest()
    .readBigUInt64BE(0);
  const stream = (index: number) => Random.of(seed, STREAMS.synthetic, index);
  const rows = spec.rows.min + stream(0).below(spec.rows.max - spec.rows.min + 1);
  const hidden = stream(1);
  const score = new Float64Array(rows);
  for (let row = 0; row < rows; row++) score[row] = spec.target.noise * hidden.normal();

  const columns: Column[] = [
    {
      kind: 'text',
      codes: Int32Array.from({ length: rows }, (_, row) => row),
      dictionary: Array.from({ length: rows }, (_, row) => `${day.replaceAll('-', '')}-${String(row + 1).padStart(4, '0')}`),
    },
    { kind: 'number', values: Float64Array.from(times(stream(2), rows), (share) => midnight + Math.floor((share * DAY) / 1000) * 1000) },
    ...spec.columns.map((column, index) =>
      column.kind === 'number' ? numbers(column, spec, stream(10 + index), score) : categories(column, spec, stream(10 + index), rows),
    ),
  ];
  const target = score.map((z) => Math.round(1e6 / (1 + Math.exp(-z))) / 1e6);
  const schema: Field[] = [
    { name: spec.key, type: 'text' },
    { name: spec.date, type: 'timestamp' },
    ...spec.columns.map(
      (column): Field => ({ name: column.name, type: column.kind === 'category' ? 'text' : column.decimals === 0 ? 'integer' : 'number' }),
    ),
    { name: spec.target.name, type: 'number' },
  ];
  return tableOfColumns(`synthetic:${day}`, schema, [...columns, { kind: 'number', values: target }], rows);
}

function times(random: Random, rows: number): Float64Array {
  return Float64Array.from({ length: rows }, () => random.float()).sort();
}

function numbers(column: Extract<SyntheticColumn, { kind: 'number' }>, spec: SyntheticSpec, random: Random, score: Float64Array): Column {
  const { mean, deviation, min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, decimals = 2 } = column;
  const weight = Object.hasOwn(spec.target.weights, column.name) ? spec.target.weights[column.name]! : 0;
  const values = new Float64Array(score.length);
  const missing = new Uint8Array(score.length);
  for (let row = 0; row < values.length; row++) {
    const z = random.normal();
    const [hides, strays] = [random.float() < spec.missing, random.float() < spec.outliers];
    score[row]! += weight * z;
    const scale = 10 ** decimals;
    // An outlier leaves the plausible range on purpose; only a lower bound of 0 still holds.
    const plain = strays
      ? mean + OUTLIER_DEVIATIONS * deviation * (1 + random.float())
      : Math.min(max, Math.max(min, mean + deviation * z));
    values[row] = hides ? Number.NaN : Math.round(plain * scale) / scale;
    missing[row] = hides ? 1 : 0;
  }
  return { kind: 'number', values, missing };
}

function categories(column: Extract<SyntheticColumn, { kind: 'category' }>, spec: SyntheticSpec, random: Random, rows: number): Column {
  const weights = column.weights ?? column.values.map(() => 1);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const dictionary = [...column.values, 'unknown'];
  const codes = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    let left = random.float() * total;
    let code = 0;
    while (code < weights.length - 1 && left >= weights[code]!) left -= weights[code++]!;
    const [hides, strays] = [random.float() < spec.missing, random.float() < spec.outliers];
    codes[row] = hides ? -1 : strays ? dictionary.length - 1 : code;
  }
  return { kind: 'text', codes, dictionary };
}
