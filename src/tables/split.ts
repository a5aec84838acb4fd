import { BadInput } from './bad-input.ts';
import { dateReader, knownTimezone } from './calendar.ts';
import { refuseSuspects } from './repeated-keys.ts';
import { keepRows } from './row-filter.ts';
import { cellText, columnIndex, HashList, hashKey, keyText, NumberList, rowText, shareOf } from './row-keys.ts';
import { rowPlace } from './row-place.ts';
import { LEFT_OUT, type Part, type TargetColumn } from './split-parts.ts';
import type { SplitSpec } from './split-schema.ts';
import { strataOf } from './split-strata.ts';
import { type ClosedWindows, closeWindows, cutByShare, placeInWindows } from './split-windows.ts';
import type { Table } from './table.ts';

export interface PartCount {
  readonly part: Part;
  readonly rows: number;
  /** Rows of each class of the target; absent without a target or when it has more than 100 different values. */
  readonly classes?: readonly { readonly label: string; readonly rows: number }[];
}

export interface Split {
  readonly method: SplitSpec['method'];
  readonly salt: string;
  /** Columns whose cells are the key; empty when the whole row is. */
  readonly by: readonly string[];
  readonly parts: readonly Part[];
  /** Per row the index into `parts`, or `LEFT_OUT`: one byte a row. */
  readonly partOf: Uint8Array;
  readonly counts: readonly PartCount[];
  /** Temporal: rows in no window, and rows without a date. */
  readonly leftOut: { readonly outside: number; readonly undated: number };
  /** Without a key: rows equal to an earlier row. */
  readonly repeatedRows: number;
  readonly windows?: ClosedWindows;
  readonly warnings: readonly string[];
  /** Hash of the key of each row: 8 bytes a row. */
  readonly hashes: HashList;
}

export interface SplitOptions {
  /** Columns that name a row; the whole row when there are none. */
  readonly key?: string | readonly string[];
  readonly target?: string;
  readonly signal?: AbortSignal;
}

/**
 * Decides for each row of `table` into which part it goes, by S10 of the statistics page and D24 (windows).
 * One pass; memory grows by 9 bytes a row (`stratified`: 21), because the decision is per row.
 *
 * Throws `BadInput`: `unknown-column`, `missing-key`, `duplicate-key` (with the two rows), `empty-part`, `not-a-date`, `overlapping-windows`.
 */
export async function splitTable(table: Table, spec: SplitSpec, options: SplitOptions = {}): Promise<Split> {
  if (!knownTimezone(spec.timezone)) throw new BadInput('unknown-timezone', `There is no time zone "${spec.timezone}".`);
  const windows = spec.windows && closeWindows(spec.windows, spec.timezone);
  const read = await readRows(table, spec, options);
  const { hashes } = read;
  const rows = hashes.length;
  if (rows === 0) throw new BadInput('empty-table', 'There are no rows to split.', { file: table.name });
  const repeated = spec.method === 'grouped' ? undefined : hashes.repeated(1);
  if (read.by.length > 0 && repeated) await refuseSuspects(table, read.by, repeated.rows, options.signal);

  const parts: Part[] = ['train'];
  const partOf = new Uint8Array(rows);
  const leftOut = { outside: 0, undated: 0 };
  let placed: ClosedWindows | undefined;
  if (spec.method === 'temporal') {
    placed = windows?.windows ?? cutByShare(read.dates.view(), spec, read.datesAreDays);
    parts.push(...placed.map(({ part }) => part).filter((part) => part !== 'train'));
    placeInWindows(read.dates.view(), placed, read.datesAreDays, parts, partOf, leftOut);
  } else {
    if (spec.validation > 0) parts.push('validation');
    if (spec.test > 0) parts.push('test');
    const [validation, test] = [parts.indexOf('validation'), parts.indexOf('test')];
    if (spec.method === 'stratified') {
      placeByStrata(hashes, strataOf(read.target, spec.bins), spec, validation, test, partOf);
    } else {
      for (let row = 0; row < rows; row++) {
        const u = shareOf(hashes.high(row), hashes.low(row));
        if (u < spec.test) partOf[row] = test;
        else if (u < spec.test + spec.validation) partOf[row] = validation;
      }
    }
  }
  const counts = countParts(parts, partOf, read.target);
  const warnings = [...(windows?.warnings ?? []), ...refuseEmpty(counts, table, spec, rows)];
  return {
    method: spec.method,
    salt: spec.salt,
    by: read.by,
    parts,
    partOf,
    counts,
    leftOut,
    repeatedRows: read.by.length === 0 && repeated ? rows - repeated.distinct : 0,
    ...(placed && { windows: placed }),
    warnings,
    hashes,
  };
}

/** The rows of one part as a table of their own. */
export function partTable(table: Table, split: Split, part: Part): Table {
  const wanted = split.parts.indexOf(part);
  return keepRows(table, (row) => split.partOf[row] === wanted);
}

interface RowsRead {
  readonly hashes: HashList;
  readonly by: readonly string[];
  readonly target?: TargetColumn;
  readonly dates: NumberList;
  /** The dates are calendar dates already: no time zone applies. */
  readonly datesAreDays: boolean;
}

async function readRows(table: Table, spec: SplitSpec, { key, target, signal }: SplitOptions): Promise<RowsRead> {
  const keys = spec.method === 'grouped' ? [spec.group!] : key === undefined ? [] : typeof key === 'string' ? [key] : key;
  if (spec.method === 'stratified' && target === undefined) {
    throw new BadInput(
      'no-target',
      'A stratified split needs the target column.',
      { file: table.name },
      'Set `target`, or another `split.method`.',
    );
  }
  const wanted = keys.length === 0 ? table.schema.map(({ name }) => name) : [...keys];
  for (const name of [target, spec.method === 'temporal' ? spec.column : undefined]) {
    if (name !== undefined && !wanted.includes(name)) wanted.push(name);
  }
  for (const name of wanted) columnIndex(table.schema, name, table.name);
  const schema = wanted.map((name) => table.schema[columnIndex(table.schema, name, table.name)]!);
  const positions = keys.map((name) => columnIndex(schema, name, table.name));
  const targetAt = target === undefined ? -1 : columnIndex(schema, target, table.name);
  const targetIsText = targetAt >= 0 && (schema[targetAt]!.type === 'text' || schema[targetAt]!.type === 'boolean');
  const dateAt = spec.method === 'temporal' ? columnIndex(schema, spec.column!, table.name) : -1;
  const readDate = dateAt < 0 ? undefined : dateReader(schema[dateAt]!, table.name, spec.timezone);

  const hashes = new HashList();
  const dates = new NumberList();
  const classes = new Map<string, number>();
  const targets = new NumberList();
  for await (const batch of table.batches({ columns: wanted, ...(signal && { signal }) })) {
    const targetColumn = targetAt < 0 ? undefined : batch.columns[targetAt]!;
    for (let row = 0; row < batch.rows; row++) {
      const text = keys.length === 0 ? rowText(batch, row) : keyText(batch, positions, row);
      if (text === undefined) {
        const column = keys.length === 1 ? { column: keys[0]! } : {};
        throw new BadInput('missing-key', 'The key is missing.', { ...rowPlace(batch, row, table.name), ...column });
      }
      const { high, low } = hashKey(spec.salt, text);
      hashes.push(high, low);
      if (readDate) dates.push(readDate(batch.columns[dateAt]!, row, batch));
      if (!targetColumn) continue;
      if (targetColumn.kind === 'number' && !targetIsText) targets.push(targetColumn.values[row]!);
      else {
        const label = cellText(targetColumn, schema[targetAt]!, row);
        let code = label === undefined ? -1 : classes.get(label);
        if (code === undefined) {
          code = classes.size;
          classes.set(label!, code);
        }
        targets.push(code);
      }
    }
  }
  const labels = [...classes.keys()];
  const found = targetAt < 0 ? undefined : targetIsText ? { labels, codes: targets } : { labels, values: targets };
  return { hashes, by: keys, dates, datesAreDays: dateAt >= 0 && schema[dateAt]!.type === 'date', ...(found && { target: found }) };
}

/** In each class, in order of u: the first ⌊share·n + ½⌋ rows are test (at least one of two), the next so many validation. */
function placeByStrata(hashes: HashList, strata: Int32Array, spec: SplitSpec, validation: number, test: number, partOf: Uint8Array): void {
  const members = new Map<number, number[]>();
  for (let row = 0; row < strata.length; row++) {
    const list = members.get(strata[row]!);
    if (list) list.push(row);
    else members.set(strata[row]!, [row]);
  }
  for (const list of members.values()) {
    const n = list.length;
    // Equal u would need equal keys (refused) or equal rows, which the row number tells apart.
    const order = list.sort((a, b) => hashes.high(a) - hashes.high(b) || hashes.low(a) - hashes.low(b) || a - b);
    const tests = spec.test === 0 ? 0 : Math.max(n >= 2 ? 1 : 0, Math.floor(spec.test * n + 0.5));
    const validations = Math.min(n - tests, Math.floor(spec.validation * n + 0.5));
    for (let i = 0; i < tests; i++) partOf[order[i]!] = test;
    for (let i = tests; i < tests + validations; i++) partOf[order[i]!] = validation;
  }
}

const CLASSES_SHOWN = 100;

function countParts(parts: readonly Part[], partOf: Uint8Array, target: TargetColumn | undefined): readonly PartCount[] {
  const rows = parts.map(() => 0);
  for (const part of partOf) if (part !== LEFT_OUT) rows[part]!++;
  const labels = new Map<number, number[]>();
  const values = target && (target.codes ?? target.values!).view();
  for (let row = 0; values && row < values.length && labels.size <= CLASSES_SHOWN; row++) {
    if (partOf[row] === LEFT_OUT) continue;
    const value = values[row]!;
    let counts = labels.get(value);
    if (!counts) {
      counts = parts.map(() => 0);
      labels.set(value, counts);
    }
    counts[partOf[row]!]!++;
  }
  const shown = values && labels.size <= CLASSES_SHOWN;
  const named = [...labels].map(([value, counts]) => ({ label: labelText(value, target), value, counts }));
  named.sort((a, b) => (target?.codes ? (a.label < b.label ? -1 : 1) : a.value - b.value));
  return parts.map((part, index) => ({
    part,
    rows: rows[index]!,
    ...(shown && { classes: named.map(({ label, counts }) => ({ label, rows: counts[index]! })) }),
  }));
}

function labelText(value: number, target: TargetColumn | undefined): string {
  if (target?.codes) return value < 0 ? '(missing)' : target.labels[value]!;
  return Number.isNaN(value) ? '(missing)' : String(value);
}

function refuseEmpty(counts: readonly PartCount[], table: Table, spec: SplitSpec, rows: number): readonly string[] {
  const warnings: string[] = [];
  for (const { part, rows: found } of counts) {
    if (found > 0) continue;
    if (part === 'train' || part === 'test') {
      throw new BadInput(
        'empty-part',
        `No row falls into the ${part} part: ${rows} rows, method ${spec.method}.`,
        { file: table.name },
        spec.method === 'temporal'
          ? 'Check `split.windows` against the dates of the data.'
          : 'Give more rows, or use `split.method: stratified`.',
      );
    }
    warnings.push(`No row falls into the ${part} part.`);
  }
  return warnings;
}
