import { isDialect } from '../../sql/dialect.ts';
import type { EngineAssets, EngineFacts, EngineOptions, SqlEngine } from './engine.ts';

/** The engine for a dialect, or undefined where none is known. Each is loaded only when asked for. */
export async function openEngine(
  options: Pick<EngineOptions, 'dialect' | 'engine' | 'sqlModes'>,
  assets: EngineAssets,
): Promise<SqlEngine | undefined> {
  const { dialect } = options;
  if (!isDialect(dialect)) return undefined;
  if (options.engine === 'node-sql-parser') return (await import('./node-sql-parser.ts')).openNodeSqlParser(dialect);
  switch (dialect) {
    case 'sqlite':
      return (await import('./sqlite.ts')).openSqlite();
    case 'postgres':
      return (await import('./postgres.ts')).openPostgres(assets);
    case 'mysql':
    case 'mariadb':
      return (await import('./mysql.ts')).openMysql(options, assets);
    default:
      return (await import('./approximate.ts')).openApproximate(dialect, assets);
  }
}

export const factsOf = ({ name, version, dialect, approximate }: SqlEngine): EngineFacts => ({ name, version, dialect, approximate });
