import { BadInput } from './bad-input.ts';
import { collect } from './memory-table.ts';
import { takeRows } from './row-filter.ts';
import { columnIndex, hashKey, keyText } from './row-keys.ts';
import { rowInWords, rowPlace } from './row-place.ts';
import type { Batch, BatchOptions, Column, Schema, Table } from './table.ts';

export interface JoinOptions {
  /** Columns of both tables that name a row. */
  readonly on: readonly string[];
  /** What a feature row without a label means. */
  readonly missingLabel?: 'error' | 'drop';
  readonly signal?: AbortSignal;
}

export interface JoinedTable extends Table {
  readonly counts: { readonly rows: number; readonly withoutLabel: number; readonly unusedLabels: number };
}

const SALT = 'join';
const EXAMPLES = 5;

/**
 * Features with their labels, by keys (D28): one label per feature row. The labels are held in memory, the features stream.
 * Throws `BadInput`: `duplicate-label` (a key with two labels), `missing-label` (counted, with examples; unless `drop`),
 * `missing-key`, `duplicate-column` (a column that both have and that is no key), `unknown-column`.
 */
export async function joinTables(
  features: Table,
  labels: Table,
  { on, missingLabel = 'error', signal }: JoinOptions,
): Promise<JoinedTable> {
  if (on.length === 0) throw new RangeError('A join needs at least one key column.');
  for (const name of on) {
    columnIndex(features.schema, name, features.name);
    columnIndex(labels.schema, name, labels.name);
  }
  const added = labels.schema.filter(({ name }) => !on.includes(name));
  const twice = added.find(({ name }) => features.schema.some((field) => field.name === name));
  if (twice)
    throw new BadInput(
      'duplicate-column',
      `Both tables have a column "${twice.name}".`,
      { file: labels.name },
      'Rename or leave out one of them, or name it in `join.on`.',
    );

  const held = await collect(labels, undefined, signal);
  const whole: Batch = { firstRow: 0, rows: held.rows, schema: held.schema, columns: held.columns };
  const index = indexLabels(whole, on, labels.name);
  const labelOf = await findLabels(features, on, index, signal);
  const without = labelOf.reduce((count, row) => count + (row < 0 ? 1 : 0), 0);
  if (without > 0 && missingLabel === 'error') throw await unlabelled(features, on, labelOf, without, labels.name, signal);
  const used = new Set(labelOf);
  used.delete(-1);

  const schema: Schema = [...features.schema, ...added];
  const addedColumns = added.map(({ name }) => held.column(name));
  return {
    name: features.name,
    schema,
    counts: { rows: labelOf.length - without, withoutLabel: without, unusedLabels: held.rows - used.size },
    async *batches(options?: BatchOptions) {
      const wanted = options?.columns ?? schema.map(({ name }) => name);
      for (const name of wanted) columnIndex(schema, name, features.name);
      const own = wanted.filter((name) => features.schema.some((field) => field.name === name));
      const pictured = wanted.map((name) => schema.find((field) => field.name === name)!);
      let firstRow = 0;
      const source = { columns: own.length > 0 ? own : [on[0]!], ...(options?.signal && { signal: options.signal }) };
      for await (const batch of features.batches(source)) {
        const rows = Int32Array.from({ length: batch.rows }, (_, row) => row).filter((row) => labelOf[batch.firstRow + row]! >= 0);
        if (rows.length === 0) continue;
        const taken = rows.length === batch.rows ? batch : takeRows(batch, rows, firstRow);
        const theirs = rows.map((row) => labelOf[batch.firstRow + row]!);
        const columns = wanted.map((name): Column => {
          const position = own.indexOf(name);
          if (position >= 0) return taken.columns[position]!;
          return takeRows({ ...whole, columns: [addedColumns[added.findIndex((field) => field.name === name)]!] }, theirs, 0).columns[0]!;
        });
        yield { firstRow, rows: rows.length, schema: pictured, columns };
        firstRow += rows.length;
      }
    },
  };
}

/** Row of each label key by the 64-bit hash of the key. */
function indexLabels(labels: Batch, on: readonly string[], file: string): ReadonlyMap<bigint, number> {
  const positions = on.map((name) => columnIndex(labels.schema, name, file));
  const index = new Map<bigint, number>();
  for (let row = 0; row < labels.rows; row++) {
    const text = keyText(labels, positions, row);
    if (text === undefined) throw new BadInput('missing-key', 'The key of a label is missing.', { file, row: row + 1 });
    const hash = bits(text);
    const earlier = index.get(hash);
    if (earlier !== undefined) {
      throw new BadInput(
        'duplicate-label',
        `The key "${shown(text)}" has two labels, in rows ${earlier + 1} and ${row + 1}.`,
        { file, row: row + 1 },
        'Keep one label for each key.',
      );
    }
    index.set(hash, row);
  }
  return index;
}

async function findLabels(
  features: Table,
  on: readonly string[],
  index: ReadonlyMap<bigint, number>,
  signal?: AbortSignal,
): Promise<readonly number[]> {
  const found: number[] = [];
  const positions = on.map((_, position) => position);
  for await (const batch of features.batches({ columns: on, ...(signal && { signal }) })) {
    for (let row = 0; row < batch.rows; row++) {
      const text = keyText(batch, positions, row);
      if (text === undefined) throw new BadInput('missing-key', 'The key is missing.', rowPlace(batch, row, features.name));
      found.push(index.get(bits(text)) ?? -1);
    }
  }
  return found;
}

async function unlabelled(
  features: Table,
  on: readonly string[],
  labelOf: readonly number[],
  without: number,
  labels: string,
  signal?: AbortSignal,
): Promise<BadInput> {
  const examples: string[] = [];
  const positions = on.map((_, position) => position);
  for await (const batch of features.batches({ columns: on, ...(signal && { signal }) })) {
    for (let row = 0; row < batch.rows && examples.length < EXAMPLES; row++) {
      if (labelOf[batch.firstRow + row]! < 0)
        examples.push(
          `"${shown(keyText(batch, positions, row)!)}" (${rowInWords(rowPlace(batch, row, features.name), { file: features.name })})`,
        );
    }
    if (examples.length === EXAMPLES) break;
  }
  return new BadInput(
    'missing-label',
    `${without} of ${labelOf.length} rows have no label in ${labels}, for instance ${examples.join(', ')}.`,
    { file: features.name },
    'Add the labels, or set `join.missing-label: drop`.',
  );
}

function bits(text: string): bigint {
  const { high, low } = hashKey(SALT, text);
  return (BigInt(high) << 32n) | BigInt(low);
}

const shown = (text: string): string => text.replaceAll('\u001f', ' | ');
