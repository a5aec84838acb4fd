import { tableOf } from '../../src/tables/memory-table.ts';
import type { ColumnType, Table } from '../../src/tables/table.ts';

type Cell = string | number | boolean | undefined;

/** A table from arrays in batches of 3 rows, so that tests cross their borders. Dates are given as ISO text and their type. */
export function tinyTable(
  columns: Readonly<Record<string, readonly Cell[]>>,
  types: Readonly<Record<string, ColumnType>> = {},
  batchRows = 3,
): Table {
  const cells = Object.entries(columns).map(([name, list]) => {
    const dates = types[name] === 'date' || types[name] === 'timestamp';
    return [name, dates ? list.map((cell) => (typeof cell === 'string' ? new Date(cell) : undefined)) : list] as const;
  });
  return tableOf(Object.fromEntries(cells), { name: 'tiny', types, batchRows });
}

/** All cells by column as they are stored (booleans 0 and 1, dates in milliseconds); undefined for missing. */
export async function cellsOf(table: Table): Promise<Record<string, (string | number | undefined)[]>> {
  const found: Record<string, (string | number | undefined)[]> = Object.fromEntries(table.schema.map(({ name }) => [name, []]));
  let next = 0;
  for await (const batch of table.batches()) {
    if (batch.firstRow !== next) throw new Error(`batch begins at ${batch.firstRow}, expected ${next}`);
    next += batch.rows;
    batch.columns.forEach((cells, position) => {
      const list = found[batch.schema[position]!.name]!;
      for (let row = 0; row < batch.rows; row++) {
        if (cells.kind === 'text') list.push(cells.codes[row]! < 0 ? undefined : cells.dictionary[cells.codes[row]!]);
        else list.push(Number.isNaN(cells.values[row]!) ? undefined : cells.values[row]!);
      }
    });
  }
  return found;
}
