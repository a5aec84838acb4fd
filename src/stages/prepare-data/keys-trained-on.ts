import { columnIndex, keyText } from '../../tables/row-keys.ts';
import type { SplitMembers } from '../../tables/split-members.ts';
import type { Table } from '../../tables/table.ts';

/** Keys of the rows of `table` that a version was trained on. */
export async function keysTrainedOn(table: Table, members: SplitMembers, key: string, signal: AbortSignal): Promise<string[]> {
  const by = members.by.length > 0 ? members.by : [key];
  const columns = [...new Set([key, ...by])];
  for (const name of columns) columnIndex(table.schema, name, table.name);
  const positions = by.map((name) => columns.indexOf(name));
  const found: string[] = [];
  for await (const batch of table.batches({ columns, signal })) {
    for (let row = 0; row < batch.rows; row++) {
      const member = keyText(batch, positions, row);
      if (member !== undefined && members.has(member)) found.push(keyText(batch, [0], row) ?? '');
    }
  }
  return found;
}
