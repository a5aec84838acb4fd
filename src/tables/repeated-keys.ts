import { BadInput } from './bad-input.ts';
import { columnIndex, HashList, hashKey, keyText } from './row-keys.ts';
import { rowPlace, rowsInWords } from './row-place.ts';
import type { Table } from './table.ts';

const SALT = 'repeated';

/**
 * Throws `BadInput` `duplicate-key` with both rows where two rows have one key. Rows without a key are passed over.
 * 8 bytes a row; the table is read again only to tell the rows.
 */
export async function refuseRepeatedKeys(table: Table, by: readonly string[], signal?: AbortSignal): Promise<void> {
  const hashes = new HashList();
  for await (const { text } of keysOf(table, by, signal)) {
    const { high, low } = hashKey(SALT, text);
    hashes.push(high, low);
  }
  await refuseSuspects(table, by, hashes.repeated(1).rows, signal);
}

/** The same for keys already hashed: `suspects` are the positions, among the rows that have a key, of those whose hash stands twice. */
export async function refuseSuspects(
  table: Table,
  by: readonly string[],
  suspects: readonly number[],
  signal?: AbortSignal,
): Promise<void> {
  const [suspect] = suspects;
  if (suspect === undefined) return;
  let at = 0;
  let first: { readonly text: string; readonly place: ReturnType<typeof rowPlace> } | undefined;
  for await (const { text, place } of keysOf(table, by, signal)) {
    if (first?.text === text) {
      const here = place();
      throw new BadInput(
        'duplicate-key',
        `The key "${text.replaceAll('\u001f', ' | ')}" stands in ${rowsInWords(first.place, here)}; each row needs its own.`,
        { ...here, ...(by.length === 1 && { column: by[0]! }) },
        'Remove the repeated row, or name a key that is different in each row.',
      );
    }
    if (at++ === suspect) first = { text, place: place() };
  }
}

async function* keysOf(table: Table, by: readonly string[], signal?: AbortSignal) {
  for (const name of by) columnIndex(table.schema, name, table.name);
  const positions = by.map((_, position) => position);
  for await (const batch of table.batches({ columns: by, ...(signal && { signal }) })) {
    for (let row = 0; row < batch.rows; row++) {
      const text = keyText(batch, positions, row);
      if (text !== undefined) yield { text, place: () => rowPlace(batch, row, table.name) };
    }
  }
}
