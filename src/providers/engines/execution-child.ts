import { constants, DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { Execution, SqlValue } from '../../sql/execution.ts';
import { refusal } from '../../sql/execution.ts';

export interface ExecutionRequest {
  readonly id: number;
  readonly database: string;
  readonly source: string;
}
export type ExecutionReply = { readonly ready: true } | { readonly unusable: string } | { readonly id: number; readonly result: Execution };

/** The process's half of the channel to the parent. */
export interface ParentChannel {
  send(reply: ExecutionReply): void;
  onRequest(handle: (request: ExecutionRequest) => void): void;
}

export const ROWS_MAX = 100_000;
/** Longest text or blob SQLite may make. */
const VALUE_BYTES_MAX = 16 * 1_048_576;
/** All values of a result together. */
const RESULT_BYTES_MAX = 64 * 1_048_576;
const OPEN_MAX = 8;

const FORBIDDEN_FUNCTIONS = new Set(['load_extension', 'zeroblob', 'randomblob', 'readfile', 'writefile', 'edit', 'fts3_tokenizer']);
const ALLOWED: ReadonlySet<number> = new Set([constants.SQLITE_SELECT, constants.SQLITE_READ, constants.SQLITE_RECURSIVE]);

/** Reading only: `readOnly` alone still lets VACUUM INTO write a file and BEGIN EXCLUSIVE lock one. */
function authorize(action: number, _first: string | null, second: string | null): number {
  if (ALLOWED.has(action)) return constants.SQLITE_OK;
  if (action === constants.SQLITE_FUNCTION && !FORBIDDEN_FUNCTIONS.has((second ?? '').toLowerCase())) return constants.SQLITE_OK;
  return constants.SQLITE_DENY;
}

/** The file as it lies there: no lock, no journal and no shared memory beside it is read or made. */
function immutable(path: string): URL {
  const url = pathToFileURL(path);
  url.searchParams.set('immutable', '1');
  return url;
}

function openDatabase(path: string, length = VALUE_BYTES_MAX): DatabaseSync {
  const database = new DatabaseSync(path === ':memory:' ? path : immutable(path), {
    readOnly: path !== ':memory:',
    allowExtension: false,
    enableDoubleQuotedStringLiterals: true,
    limits: { length },
  });
  // Sorting and DISTINCT would spill to files without end; in memory the parent sees it and ends the process.
  database.exec('PRAGMA temp_store=MEMORY');
  database.setAuthorizer(authorize);
  return database;
}

/** Do the limits and the authorizer hold? Both are silently ignored by older versions of Node. */
function probe(): string | undefined {
  try {
    const database = openDatabase(':memory:', 1_000);
    const refused = (source: string): boolean => {
      try {
        database.prepare(source).all();
        return false;
      } catch {
        return true;
      }
    };
    if (!refused("SELECT printf('%2000d', 1)")) return 'This Node ignores the limits of node:sqlite.';
    if (!refused('PRAGMA query_only')) return 'This Node ignores the authorizer of node:sqlite.';
    database.close();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Serves queries one at a time until the parent ends the process. */
export function serveExecutions(parent: ParentChannel): void {
  const unusable = probe();
  if (unusable !== undefined) {
    parent.send({ unusable });
    return;
  }
  const open = new Map<string, DatabaseSync>();
  parent.onRequest(({ id, database, source }) => parent.send({ id, result: execute(open, database, source) }));
  parent.send({ ready: true });
}

function execute(open: Map<string, DatabaseSync>, path: string, source: string): Execution {
  const refused = refusal(source);
  if (refused !== undefined) return { kind: 'refused', message: refused };
  try {
    let database = open.get(path);
    if (!database) {
      const [oldest] = open.keys();
      if (open.size >= OPEN_MAX && oldest !== undefined) {
        open.get(oldest)?.close();
        open.delete(oldest);
      }
      database = openDatabase(path);
      open.set(path, database);
    }
    return run(database, source);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (/not authorized|authorization denied|prohibited/.test(message)) return { kind: 'refused', message };
    if (/too big|out of memory/.test(message)) return { kind: 'too-large', message };
    return { kind: 'error', message };
  }
}

function run(database: DatabaseSync, source: string): Execution {
  const statement = database.prepare(source);
  statement.setReturnArrays(true);
  statement.setReadBigInts(true);
  const rows: SqlValue[][] = [];
  let bytes = 0;
  for (const row of statement.iterate() as Iterable<unknown>) {
    if (rows.length >= ROWS_MAX) return { kind: 'too-large', message: `More than ${ROWS_MAX} rows.` };
    const values = (row as SqlValue[]).map(plain);
    for (const value of values) bytes += typeof value === 'string' ? value.length * 2 : value instanceof Uint8Array ? value.length : 8;
    if (bytes > RESULT_BYTES_MAX) return { kind: 'too-large', message: `More than ${RESULT_BYTES_MAX} bytes of results.` };
    rows.push(values);
  }
  return { kind: 'rows', columns: statement.columns().length, rows };
}

const plain = (value: SqlValue): SqlValue =>
  typeof value === 'bigint' && value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER ? Number(value) : value;
