import type { Batch, Column, ColumnType, Schema, Table } from '../../src/tables/table.ts';

type Cell = string | number | boolean | undefined;

/** A table from arrays, cut into batches of `size` rows, so that tests cross batch borders. */
export function tinyTable(columns: Record<string, readonly Cell[]>, types: Record<string, ColumnType> = {}, size = 3): Table {
  const names = Object.keys(columns);
  const rows = columns[names[0]!]!.length;
  const schema: Schema = names.map((name) => ({
    name,
    type: types[name] ?? typeOf(columns[name]!.find((cell) => cell !== undefined)),
  }));
  return {
    name: 'tiny',
    schema,
    async *batches(options) {
      const chosen = (options?.columns ?? names).map((name) => schema.find((field) => field.name === name)!);
      for (let firstRow = 0; firstRow < rows; firstRow += size) {
        options?.signal?.throwIfAborted();
        const end = Math.min(rows, firstRow + size);
        yield {
          firstRow,
          rows: end - firstRow,
          schema: chosen,
          columns: chosen.map((field) => column(field.type, columns[field.name]!.slice(firstRow, end))),
        };
      }
    },
  };
}

function typeOf(cell: Cell): ColumnType {
  return typeof cell === 'number' ? 'number' : typeof cell === 'boolean' ? 'boolean' : 'text';
}

function column(type: ColumnType, cells: readonly Cell[]): Column {
  if (type === 'text') {
    const dictionary = [...new Set(cells.filter((cell) => cell !== undefined))].map(String);
    return {
      kind: 'text',
      codes: Int32Array.from(cells, (cell) => (cell === undefined ? -1 : dictionary.indexOf(String(cell)))),
      dictionary,
    };
  }
  const values = Float64Array.from(cells, (cell) =>
    cell === undefined ? Number.NaN : typeof cell === 'string' ? Date.parse(cell) : Number(cell),
  );
  return { kind: 'number', values, missing: Uint8Array.from(cells, (cell) => (cell === undefined ? 1 : 0)) };
}

/** All rows of a table as arrays of cells by column; undefined for missing. */
export async function cellsOf(table: Table): Promise<Record<string, (string | number | undefined)[]>> {
  const found: Record<string, (string | number | undefined)[]> = Object.fromEntries(table.schema.map(({ name }) => [name, []]));
  let next = 0;
  for await (const batch of table.batches() as AsyncIterable<Batch>) {
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
