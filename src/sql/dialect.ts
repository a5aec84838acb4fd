/** What a lexer must know of a dialect. */
export interface Lexis {
  /** `'a\'b'` is one text. */
  readonly backslashEscapes: boolean;
  readonly doubleQuoted: 'name' | 'text';
  readonly backtickNames: boolean;
  readonly bracketNames: boolean;
  /** `$tag$ … $tag$` and `E'…'`. */
  readonly dollarQuotes: boolean;
  readonly hashComments: boolean;
  /** `--` starts a comment only before white space or the end. */
  readonly dashNeedsBlank: boolean;
  readonly nestedComments: boolean;
  /** `/*! … *\/` is code, not comment. */
  readonly versionComments: boolean;
  /** A name may begin with digits: `2nd_place`. */
  readonly digitNames: boolean;
}

export const DIALECTS = [
  'sqlite',
  'postgres',
  'mysql',
  'mariadb',
  'bigquery',
  'snowflake',
  'tsql',
  'duckdb',
  'redshift',
  'databricks',
  'spark',
  'clickhouse',
  'hive',
  'oracle',
  'teradata',
] as const;
export type Dialect = (typeof DIALECTS)[number];

export const isDialect = (name: string): name is Dialect => (DIALECTS as readonly string[]).includes(name);

const standard: Lexis = {
  backslashEscapes: false,
  doubleQuoted: 'name',
  backtickNames: false,
  bracketNames: false,
  dollarQuotes: false,
  hashComments: false,
  dashNeedsBlank: false,
  nestedComments: false,
  versionComments: false,
  digitNames: false,
};
const mysql: Lexis = {
  ...standard,
  backslashEscapes: true,
  doubleQuoted: 'text',
  backtickNames: true,
  hashComments: true,
  dashNeedsBlank: true,
  versionComments: true,
  digitNames: true,
};

const LEXES: Readonly<Record<Dialect, Lexis>> = {
  sqlite: { ...standard, backtickNames: true, bracketNames: true },
  postgres: { ...standard, dollarQuotes: true, nestedComments: true },
  mysql,
  mariadb: mysql,
  bigquery: { ...standard, backslashEscapes: true, doubleQuoted: 'text', backtickNames: true, hashComments: true },
  snowflake: { ...standard, backslashEscapes: true, dollarQuotes: true },
  tsql: { ...standard, bracketNames: true, nestedComments: true },
  duckdb: { ...standard, dollarQuotes: true },
  redshift: { ...standard, dollarQuotes: true, nestedComments: true },
  databricks: { ...standard, backslashEscapes: true, doubleQuoted: 'text', backtickNames: true, nestedComments: true },
  spark: { ...standard, backslashEscapes: true, doubleQuoted: 'text', backtickNames: true, nestedComments: true },
  clickhouse: { ...standard, backslashEscapes: true, backtickNames: true },
  hive: { ...standard, backslashEscapes: true, doubleQuoted: 'text', backtickNames: true },
  oracle: standard,
  teradata: standard,
};

/** MySQL's modes that change how a text falls into tokens, or where a blank matters. */
export type SqlMode = 'ANSI_QUOTES' | 'IGNORE_SPACE' | 'NO_BACKSLASH_ESCAPES';

/** The lexical rules of a dialect, as changed by MySQL's `sql_mode`. */
export function lexisOf(dialect: Dialect, modes: readonly SqlMode[] = []): Lexis {
  const lexis = LEXES[dialect];
  if (modes.length === 0) return lexis;
  return {
    ...lexis,
    doubleQuoted: modes.includes('ANSI_QUOTES') ? 'name' : lexis.doubleQuoted,
    backslashEscapes: lexis.backslashEscapes && !modes.includes('NO_BACKSLASH_ESCAPES'),
  };
}
