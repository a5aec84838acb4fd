import { type Dialect, lexisOf } from '../../sql/dialect.ts';
import { type Features, featuresOfNodeSqlParser } from '../../sql/features.ts';
import { splitStatements } from '../../sql/split.ts';
import { invalid, notJudged } from '../../sql/verdict.ts';
import type { SqlEngine, SqlParser } from './engine.ts';

export const NODE_SQL_PARSER_VERSION = '5.4.0';

type Build = { readonly default: { readonly Parser: new () => { astify(source: string, options: { database: string }): unknown } } };

/** One dialect's build each (0.3 MB; all of them are 2.6 MB). The names here are those of the package. */
const BUILDS: Partial<Record<Dialect, { readonly database: string; readonly load: () => Promise<unknown> }>> = {
  mysql: { database: 'mysql', load: () => import('node-sql-parser/build/mysql.js') },
  mariadb: { database: 'mariadb', load: () => import('node-sql-parser/build/mariadb.js') },
  sqlite: { database: 'sqlite', load: () => import('node-sql-parser/build/sqlite.js') },
  postgres: { database: 'postgresql', load: () => import('node-sql-parser/build/postgresql.js') },
  bigquery: { database: 'bigquery', load: () => import('node-sql-parser/build/bigquery.js') },
  redshift: { database: 'redshift', load: () => import('node-sql-parser/build/redshift.js') },
  snowflake: { database: 'snowflake', load: () => import('node-sql-parser/build/snowflake.js') },
  hive: { database: 'hive', load: () => import('node-sql-parser/build/hive.js') },
  tsql: { database: 'transactsql', load: () => import('node-sql-parser/build/transactsql.js') },
};

/** Pure JavaScript, a grammar of its own: a second opinion, a second tree, and an engine by force. */
export async function openNodeSqlParser(dialect: Dialect): Promise<(SqlEngine & SqlParser) | undefined> {
  const build = BUILDS[dialect];
  if (!build) return undefined;
  const { Parser } = ((await build.load()) as Build).default;
  const parser = new Parser();
  const lexis = lexisOf(dialect);
  const parse = (source: string): unknown => parser.astify(source, { database: build.database });
  return {
    name: 'node-sql-parser',
    version: `node-sql-parser ${NODE_SQL_PARSER_VERSION}`,
    dialect,
    approximate: true,
    judge(source) {
      const nul = source.indexOf('\0');
      if (nul >= 0) return invalid('nul', 'The text holds U+0000.', source, nul);
      const statements = splitStatements(source, lexis).length;
      // It accepts a text without any statement.
      if (statements === 0) return invalid('empty', 'The text holds no statement.', source, source.length);
      try {
        parse(source);
        return { verdict: 'valid', statements };
      } catch (error) {
        const offset = offsetOfError(error);
        if (error instanceof RangeError || !(error instanceof Error)) return notJudged('parser-limit', String(error).slice(0, 200));
        if (offset === undefined) return notJudged('crashed', error.message.slice(0, 200));
        return invalid(offset >= source.trimEnd().length ? 'incomplete' : 'syntax', shortMessage(error.message), source, offset);
      }
    },
    features(source): Features | undefined {
      try {
        return featuresOfNodeSqlParser(parse(source));
      } catch {
        return undefined;
      }
    },
    close() {},
  };
}

function offsetOfError(error: unknown): number | undefined {
  const location = error instanceof Error && 'location' in error ? error.location : undefined;
  const start = typeof location === 'object' && location !== null && 'start' in location ? location.start : undefined;
  const offset = typeof start === 'object' && start !== null && 'offset' in start ? start.offset : undefined;
  return typeof offset === 'number' ? offset : undefined;
}

/** Its messages list every token that might have come; what was found is enough. */
const shortMessage = (message: string): string =>
  /but (.{1,80}) found\.$/s.exec(message)?.[1]?.concat(' is unexpected.') ?? message.slice(0, 200);
