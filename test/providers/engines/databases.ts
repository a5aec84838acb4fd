import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export interface DatabaseRow {
  readonly db_id: string;
  readonly instance: number;
  readonly tables: readonly {
    readonly table: string;
    readonly columns: readonly string[];
    readonly types: readonly string[];
    readonly rows: readonly (readonly (string | number | null)[])[];
  }[];
}

export interface Folder extends Disposable {
  readonly path: string;
}

export function scratchFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'sql-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Whole numbers are bound as integers: bound as a JavaScript number, 1 would become '1.0' in a text column. */
export function buildDatabase(path: string, { tables }: DatabaseRow): string {
  const database = new DatabaseSync(path);
  database.exec('BEGIN');
  for (const { table, columns, types, rows } of tables) {
    database.exec(`CREATE TABLE "${table}" (${columns.map((column, i) => `"${column}" ${types[i]}`).join(', ')})`);
    const insert = database.prepare(`INSERT INTO "${table}" VALUES (${columns.map(() => '?').join(', ')})`);
    for (const row of rows) insert.run(...row.map((value) => (Number.isInteger(value) ? BigInt(value as number) : value)));
  }
  database.exec('COMMIT');
  database.close();
  return path;
}
