import { createHash } from 'node:crypto';
import { rowText } from '../tables/row-keys.ts';
import type { Batch, BatchOptions, Table } from '../tables/table.ts';

/** Name of the column that stands for a key where the pipeline file names none. */
export const ROW_KEY = 'row_key';

const HEX_DIGITS = 24;

/**
 * A table without a key gets one: a digest of the whole row, and a number for each repetition of it.
 * Memory grows with the number of different rows, because repetitions must be told apart.
 */
export function keyedBy(table: Table): Table {
  const schema = [{ name: ROW_KEY, type: 'text' as const }, ...table.schema];
  return {
    name: table.name,
    schema,
    async *batches(options: BatchOptions = {}) {
      const wanted = options.columns ?? schema.map(({ name }) => name);
      const seen = new Map<string, number>();
      for await (const batch of table.batches({ ...options, columns: table.schema.map(({ name }) => name) })) {
        yield select(keyed(batch, seen), wanted);
      }
    },
  };
}

function keyed(batch: Batch, seen: Map<string, number>): Batch {
  const dictionary: string[] = [];
  const codes = new Int32Array(batch.rows);
  for (let row = 0; row < batch.rows; row++) {
    const digest = createHash('sha256').update(rowText(batch, row)).digest('hex').slice(0, HEX_DIGITS);
    const before = seen.get(digest) ?? 0;
    seen.set(digest, before + 1);
    codes[row] = dictionary.push(before === 0 ? digest : `${digest}-${before + 1}`) - 1;
  }
  return {
    ...batch,
    schema: [{ name: ROW_KEY, type: 'text' }, ...batch.schema],
    columns: [{ kind: 'text', codes, dictionary }, ...batch.columns],
  };
}

function select(batch: Batch, names: readonly string[]): Batch {
  const at = names.map((name) => batch.schema.findIndex((field) => field.name === name));
  return { ...batch, schema: at.map((i) => batch.schema[i]!), columns: at.map((i) => batch.columns[i]!) };
}
