import { constants, DatabaseSync } from 'node:sqlite';
import { parseStmt } from 'sqlite3-parser';
import { lexisOf } from '../../sql/dialect.ts';
import { type Statement, splitStatements } from '../../sql/split.ts';
import { type Invalid, type InvalidCode, invalid } from '../../sql/verdict.ts';
import type { SqlEngine } from './engine.ts';

/** What SQLite says when the text itself is at fault; everything else is found after parsing. */
const SYNTAX =
  /syntax error$|^incomplete input$|^unrecognized token: |clause should come (after|before) |^Recursion limit$|parser stack overflow/;
const NEAR = /^near "([\s\S]*)": syntax error$/;
const NOTES_MAX = 5;
const LEXIS = lexisOf('sqlite');

/** Acting while being prepared: pragmas switch the connection, ATTACH opens files. "not authorized" then means "parsed". */
const DENIED: ReadonlySet<number> = new Set([constants.SQLITE_PRAGMA, constants.SQLITE_ATTACH, constants.SQLITE_DETACH]);

interface Judged {
  readonly engine: SqlEngine;
  /** With a schema: do the names of a valid text exist? */
  resolves(source: string): boolean;
}

/** SQLite's own parser: each statement is prepared, none is run. */
export function openSqlite(): SqlEngine {
  return openSqliteWith(undefined).engine;
}

/** As {@link openSqlite}, on a database that holds the tables `schema` (DDL) makes. */
export function openSqliteWith(schema: string | undefined): Judged {
  const database = connectToPrepare(schema);
  const version = String(database.prepare('SELECT sqlite_version() AS v').get()!.v);
  const engine: SqlEngine = {
    name: 'sqlite',
    version: `SQLite ${version}`,
    dialect: 'sqlite',
    approximate: false,
    judge: (source) => judge(database, source),
    close: () => database.close(),
  };
  return { engine, resolves: (source) => resolves(database, source) };
}

/** A database in memory on which statements are only prepared; what acts while being prepared is denied. */
export function connectToPrepare(schema: string | undefined): DatabaseSync {
  const database = new DatabaseSync(':memory:', { allowExtension: false, enableDoubleQuotedStringLiterals: true });
  if (schema !== undefined) database.exec(schema);
  database.setAuthorizer((action) => (DENIED.has(action) ? constants.SQLITE_DENY : constants.SQLITE_OK));
  return database;
}

/** The statement's text, exact for BOM, comments and characters outside the BMP; undefined when nothing but those was left. */
function prepare(database: DatabaseSync, source: string): { readonly taken: number } | { readonly error: string } | undefined {
  try {
    return { taken: database.prepare(source).sourceSQL.length };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if ('code' in error && error.code === 'ERR_INVALID_ARG_VALUE') return undefined;
    return { error: error.message };
  }
}

function judge(database: DatabaseSync, source: string): ReturnType<SqlEngine['judge']> {
  const nul = source.indexOf('\0');
  if (nul >= 0) return invalid('nul', 'The text holds U+0000, where SQLite stops reading.', source, nul);
  const notes: string[] = [];
  let statements = 0;
  let at = 0;
  /** Read once, at the first error: reading the rest at each would take the square of its length. */
  let split: readonly Statement[] | undefined;
  let passed = 0;
  while (at < source.length) {
    const rest = at === 0 ? source : source.slice(at);
    const result = prepare(database, rest);
    if (result === undefined) break;
    if ('taken' in result) {
      statements++;
      at += result.taken;
      continue;
    }
    if (SYNTAX.test(result.error)) return syntaxError(database, source, at, result.error, statements);
    const from = at;
    split ??= splitStatements(rest, LEXIS).map((each) => ({ ...each, start: each.start + from, end: each.end + from }));
    while (passed < split.length && split[passed]!.end <= at) passed++;
    const [first, second] = split.slice(passed, passed + 2);
    if (first === undefined) break;
    const wrong = ddlError(source.slice(Math.max(first.start, at), first.end), source, Math.max(first.start, at), statements);
    if (wrong) return wrong;
    if (notes.length < NOTES_MAX && result.error !== 'not authorized') notes.push(result.error);
    statements++;
    at = second === undefined ? source.length : second.start;
  }
  if (statements === 0) return invalid('empty', 'The text holds no statement.', source, source.length);
  return notes.length === 0 ? { verdict: 'valid', statements } : { verdict: 'valid', statements, notes };
}

function syntaxError(database: DatabaseSync, source: string, from: number, message: string, statements: number): Invalid {
  const rest = source.slice(from);
  return invalid(codeOf(message), message, source, from + placeOf(database, rest, message), statements);
}

function codeOf(message: string): InvalidCode {
  if (message === 'incomplete input') return 'incomplete';
  if (message.startsWith('unrecognized token')) return 'bad-token';
  if (message.includes('clause should come')) return 'clause-order';
  if (message === 'Recursion limit' || message.includes('stack overflow')) return 'engine-limit';
  return 'syntax';
}

const PLACES_MAX = 64;

/** SQLite names the token, not its place: the first occurrence up to which the text already gives the same message. */
function placeOf(database: DatabaseSync, rest: string, message: string): number {
  if (message === 'incomplete input') return rest.length;
  // "LIMIT clause should come after UNION not before": said of the clause, by its first word.
  const clause = /^(ORDER|LIMIT)\b.* clause should come /.exec(message)?.[1];
  if (clause !== undefined) return Math.max(0, rest.search(new RegExp(`\\b${clause}\\b`, 'i')));
  const token = NEAR.exec(message)?.[1] ?? /^unrecognized token: "([\s\S]*)"$/.exec(message)?.[1];
  if (token === undefined || token === '') return 0;
  let tries = 0;
  for (let at = rest.indexOf(token); at >= 0 && tries < PLACES_MAX; at = rest.indexOf(token, at + 1)) {
    tries++;
    const result = prepare(database, rest.slice(0, at + token.length));
    if (result !== undefined && 'error' in result && result.error === message) return at;
  }
  return Math.max(0, rest.indexOf(token));
}

/** A name error stops SQLite before it has parsed a trigger's body or the rest of a CREATE TABLE; its grammar in JavaScript reads on. */
function ddlError(statement: string, source: string, offset: number, statements: number): Invalid | undefined {
  if (!/^\s*(create|alter)\b/i.test(statement)) return undefined;
  const parsed = parseStmt(statement);
  if (parsed.status === 'ok') return undefined;
  const first = parsed.errors[0];
  return first && invalid('syntax', first.message, source, offset + first.span.offset, statements);
}

function resolves(database: DatabaseSync, source: string): boolean {
  let rest = source;
  for (;;) {
    const result = prepare(database, rest);
    if (result === undefined) return true;
    if ('error' in result) return false;
    rest = rest.slice(result.taken);
  }
}
