import type { Table } from '../tables/table.ts';

/** The table, telling after each batch how many rows the pass at hand has read: for stages that read it several times. */
export function watched(table: Table, onRows: (rows: number) => void): Table {
  return {
    name: table.name,
    schema: table.schema,
    async *batches(options) {
      for await (const batch of table.batches(options)) {
        yield batch;
        onRows(batch.firstRow + batch.rows);
      }
    },
  };
}
