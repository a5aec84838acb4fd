import { type Dialect, lexisOf } from '../../sql/dialect.ts';
import { type Features, featuresOfSqlparser } from '../../sql/features.ts';
import { splitStatements } from '../../sql/split.ts';
import { invalid, notJudged } from '../../sql/verdict.ts';
import type { EngineAssets, SqlEngine, SqlParser } from './engine.ts';
import { refused, SQLPARSER_VERSION } from './mysql.ts';
import { loadSqlparser, type SqlparserModule } from './sqlparser-wasm.ts';

/** Our names of dialects as sqlparser calls them. */
const NAMES: Readonly<Record<Dialect, string>> = {
  sqlite: 'sqlite',
  postgres: 'postgresql',
  mysql: 'mysql',
  mariadb: 'mysql',
  bigquery: 'bigquery',
  snowflake: 'snowflake',
  tsql: 'mssql',
  duckdb: 'duckdb',
  redshift: 'redshift',
  databricks: 'databricks',
  spark: 'spark',
  clickhouse: 'clickhouse',
  hive: 'hive',
  oracle: 'oracle',
  teradata: 'teradata',
};

/** A dialect nobody's own parser is at hand for: sqlparser's idea of it, labelled approximate everywhere. */
export async function openApproximate(dialect: Dialect, assets: EngineAssets): Promise<SqlEngine> {
  const parser = await loadSqlparser(assets);
  const lexis = lexisOf(dialect);
  return {
    name: 'approximate',
    version: `sqlparser ${SQLPARSER_VERSION}`,
    dialect,
    approximate: true,
    judge(source) {
      const nul = source.indexOf('\0');
      if (nul >= 0) return invalid('nul', 'The text holds U+0000.', source, nul);
      const statements = splitStatements(source, lexis);
      const [first] = statements;
      if (!first) return invalid('empty', 'The text holds no statement.', source, source.length);
      const problem = parser.problem(NAMES[dialect], source);
      if (!problem) return { verdict: 'valid', statements: statements.length };
      if (problem.kind === 'limit') return notJudged('parser-limit', problem.message);
      return refused(problem.message, source, { ...first, start: 0, end: source.length });
    },
    close() {},
  };
}

/** Reads structure with sqlparser, in whatever dialect; undefined for a text it cannot parse. */
export async function openStructureReader(dialect: Dialect, assets: EngineAssets): Promise<SqlParser> {
  const parser: SqlparserModule = await loadSqlparser(assets);
  return {
    features(source): Features | undefined {
      const result = parser.tree(NAMES[dialect], source);
      return 'json' in result ? featuresOfSqlparser(JSON.parse(result.json)) : undefined;
    },
  };
}
