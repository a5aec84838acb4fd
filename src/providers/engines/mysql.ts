import { lexisOf } from '../../sql/dialect.ts';
import { lex } from '../../sql/lexer.ts';
import { beyondParser, textForParser } from '../../sql/mysql-gaps.ts';
import { mysqlObjection, statementKind } from '../../sql/mysql-rules.ts';
import type { MysqlFlavour, MysqlRules } from '../../sql/mysql-words.ts';
import { type Statement, splitTokens } from '../../sql/split.ts';
import { type Invalid, invalid, notJudged, offsetOf, type SyntaxVerdict } from '../../sql/verdict.ts';
import type { EngineAssets, EngineOptions, SqlEngine } from './engine.ts';
import { loadSqlparser, type SqlparserModule } from './sqlparser-wasm.ts';

export const SQLPARSER_VERSION = '0.62.0';

/**
 * MySQL and MariaDB: sqlparser with its `mysql` dialect, then rules for what it lets pass wrongly. It knows only part of
 * the DDL and administration statements; one of those that does not parse is not judged.
 */
export async function openMysql(options: Pick<EngineOptions, 'dialect' | 'sqlModes'>, assets: EngineAssets): Promise<SqlEngine> {
  const parser = await loadSqlparser(assets);
  const flavour: MysqlFlavour = options.dialect === 'mariadb' ? 'mariadb' : 'mysql8';
  const rules: MysqlRules = { flavour, modes: options.sqlModes ?? [] };
  const lexis = lexisOf(options.dialect, rules.modes);
  return {
    name: 'mysql',
    version: `sqlparser ${SQLPARSER_VERSION} + ${flavour} rules 1`,
    dialect: options.dialect,
    approximate: false,
    judge(source) {
      if (source.includes('\0')) return invalid('nul', 'The text holds U+0000.', source, source.indexOf('\0'));
      const statements = splitTokens(lex(source, lexis));
      if (statements.length === 0) return invalid('empty', 'The text holds no statement.', source, source.length);
      for (const [done, statement] of statements.entries()) {
        const verdict = judgeStatement(parser, source, statement, rules);
        if (verdict) return verdict.verdict === 'invalid' ? { ...verdict, statements: done } : verdict;
      }
      return { verdict: 'valid', statements: statements.length };
    },
    close() {},
  };
}

/** Undefined when it is valid. */
function judgeStatement(parser: SqlparserModule, source: string, statement: Statement, rules: MysqlRules): SyntaxVerdict | undefined {
  const { tokens, start } = statement;
  const kind = statementKind(tokens);
  if (kind === 'unknown') return invalid('syntax', `No statement begins with ${tokens[0]!.source.slice(0, 40)}.`, source, start);
  const problem = parser.problem('mysql', kind === 'query' ? textForParser(source, statement) : source.slice(start, statement.end));
  if (problem?.kind === 'limit') return notJudged('parser-limit', problem.message);
  if (problem && (kind === 'server' || beyondParser(tokens)))
    return notJudged('unsupported-statement', `The parser does not read this statement: ${problem.message}.`);
  if (problem) return refused(problem.message, source, statement);
  const objection = kind === 'query' ? mysqlObjection(tokens, rules) : undefined;
  return objection && invalid(objection.code, objection.message, source, objection.offset);
}

const AT = / at Line: (\d+), Column: (\d+)$/;

/** sqlparser's message with its place; without one the text ended too early. */
export function refused(message: string, source: string, statement: Statement): Invalid {
  const text = message.replace(/^sql parser error: /, '');
  const place = AT.exec(text);
  if (!place) return invalid('incomplete', text, source, statement.end);
  const offset = statement.start + offsetOf(source.slice(statement.start), Number(place[1]), Number(place[2]));
  const code = /found: EOF/.test(text) ? 'incomplete' : /Unterminated|Unexpected (character|token)/i.test(text) ? 'bad-token' : 'syntax';
  return invalid(code, text.replace(AT, ''), source, offset);
}
