import { lexisOf } from '../../sql/dialect.ts';
import { splitStatements } from '../../sql/split.ts';
import { type InvalidCode, invalid, notJudged, offsetOfCodePoint, type SyntaxVerdict } from '../../sql/verdict.ts';
import { compileAsset } from './assets.ts';
import type { EngineAssets, SqlEngine } from './engine.ts';

const VERSION = 'PostgreSQL 18 (libpg-query 18.1.5)';
/** Each refused text leaves some of the instance's memory taken. */
const REFUSALS_MAX = 5_000;
const LEXIS = lexisOf('postgres');

/** Emscripten's module object, as far as parsing needs it. */
type PgQuery = Awaited<ReturnType<typeof import('libpg-query/wasm/libpg-query.js')['default']>>;

async function instantiate(assets: EngineAssets): Promise<PgQuery> {
  const { default: factory } = await import('libpg-query/wasm/libpg-query.js');
  const module = await compileAsset(assets, 'libpg-query.wasm');
  return factory({
    instantiateWasm(imports, done) {
      const instance = new WebAssembly.Instance(module, imports);
      done(instance);
      return instance.exports;
    },
  });
}

/**
 * PostgreSQL's own grammar. Only what the parser reports is a verdict: running out of stack in the WebAssembly is ours,
 * "memory exhausted" is the grammar's own limit and PostgreSQL's.
 */
export async function openPostgres(assets: EngineAssets): Promise<SqlEngine> {
  let pg = await instantiate(assets);
  let refusals = 0;
  return {
    name: 'postgres',
    version: VERSION,
    dialect: 'postgres',
    approximate: false,
    judge(source) {
      const nul = source.indexOf('\0');
      if (nul >= 0) return invalid('nul', 'The text holds U+0000, which PostgreSQL refuses.', source, nul);
      try {
        const verdict = parse(pg, source);
        if (verdict.verdict === 'invalid') refusals++;
        return verdict;
      } catch (error) {
        return notJudged('parser-limit', error instanceof Error ? error.message : String(error));
      }
    },
    // After running out of stack the instance answers ever more slowly, then never.
    get worn() {
      return refusals >= REFUSALS_MAX;
    },
    async renew() {
      pg = await instantiate(assets);
      refusals = 0;
    },
    close() {},
  };
}

/** Result struct: tree, messages, error; error struct: message, function, file, line, cursor (code points from 1). */
function parse(pg: PgQuery, source: string): SyntaxVerdict {
  const bytes = pg.lengthBytesUTF8(source) + 1;
  const query = pg._malloc(bytes);
  let result = 0;
  try {
    pg.stringToUTF8(source, query, bytes);
    result = pg._wasm_parse_query_raw(query);
    if (result === 0) return notJudged('parser-limit', 'The parser ran out of memory.');
    const error = pg.getValue(result + 8, 'i32');
    if (error !== 0) return refused(source, pg.UTF8ToString(pg.getValue(error, 'i32')), pg.getValue(error + 16, 'i32'));
    const tree = pg.UTF8ToString(pg.getValue(result, 'i32'));
    // The tree is JSON; all that matters of it is that it holds a statement.
    if (!tree.includes('"stmts":[{')) return invalid('empty', 'The text holds no statement.', source, source.length);
    return { verdict: 'valid', statements: source.includes(';') ? splitStatements(source, LEXIS).length : 1 };
  } finally {
    pg._free(query);
    if (result !== 0) pg._wasm_free_parse_result(result);
  }
}

function refused(source: string, message: string, cursor: number): SyntaxVerdict {
  const offset = cursor > 0 ? offsetOfCodePoint(source, cursor - 1) : source.length;
  return invalid(codeOf(message), message, source, offset);
}

function codeOf(message: string): InvalidCode {
  if (/^memory exhausted|stack depth/.test(message)) return 'engine-limit';
  if (/at end of input$|^unterminated/.test(message)) return 'incomplete';
  if (/^(trailing junk|invalid (Unicode|byte|hexadecimal|binary|octal)|operator too long)/.test(message)) return 'bad-token';
  return 'syntax';
}
