import type { Batch, BatchOptions, Column, Table } from './table.ts';

/** The rows of a batch at `indices` (rising, 0-based within the batch); dictionaries are shared, not copied. */
export function takeRows(batch: Batch, indices: Int32Array, firstRow: number): Batch {
  const { schema, source } = batch;
  return {
    firstRow,
    rows: indices.length,
    schema,
    columns: batch.columns.map((column) => takeCells(column, indices)),
    ...(source && { source: { file: source.file, rowOf: (row) => source.rowOf(indices[row]!) } }),
  };
}

function takeCells(column: Column, indices: Int32Array): Column {
  if (column.kind === 'text') {
    const codes = new Int32Array(indices.length);
    for (let i = 0; i < indices.length; i++) codes[i] = column.codes[indices[i]!]!;
    return { kind: 'text', codes, dictionary: column.dictionary };
  }
  const values = new Float64Array(indices.length);
  for (let i = 0; i < indices.length; i++) values[i] = column.values[indices[i]!]!;
  if (!column.missing) return { kind: 'number', values };
  const missing = new Uint8Array(indices.length);
  for (let i = 0; i < indices.length; i++) missing[i] = column.missing[indices[i]!]!;
  return { kind: 'number', values, missing };
}

/** The rows for which `keep` (0-based row number of `table`) is true, renumbered from 0. Streams. */
export function keepRows(table: Table, keep: (row: number) => boolean): Table {
  return {
    name: table.name,
    schema: table.schema,
    async *batches(options?: BatchOptions) {
      let firstRow = 0;
      for await (const batch of table.batches(options)) {
        const indices = new Int32Array(batch.rows);
        let kept = 0;
        for (let row = 0; row < batch.rows; row++) if (keep(batch.firstRow + row)) indices[kept++] = row;
        if (kept === 0) continue;
        const taken = kept === batch.rows ? { ...batch, firstRow } : takeRows(batch, indices.subarray(0, kept), firstRow);
        firstRow += kept;
        yield taken;
      }
    },
  };
}
