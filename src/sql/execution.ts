import { lexisOf } from './dialect.ts';
import type { ExecutionRule } from './execution-rules.ts';
import { lex } from './lexer.ts';
import { plugValue } from './spider/evaluate.ts';
import { splitStatements } from './split.ts';

/** A value SQLite returns; integers beyond 2^53 as bigint, all others as number. */
export type SqlValue = null | number | bigint | string | Uint8Array;

/** What running one query came to. Rows are arrays in the order of the columns. */
export type Execution =
  | { readonly kind: 'rows'; readonly columns: number; readonly rows: readonly (readonly SqlValue[])[] }
  | { readonly kind: 'error' | 'timeout' | 'too-large' | 'refused'; readonly message: string };

/** Runs one query on one database; never rejects because of the query. */
export type Execute = (database: string, source: string) => Promise<Execution>;

const LEXIS = lexisOf('sqlite');
const CURRENT_YEAR = /YEAR\s*\(\s*CURDATE\s*\(\s*\)\s*\)\s*/gi;

const joinComparisons = (source: string): string => source.replaceAll('> =', '>=').replaceAll('< =', '<=').replaceAll('! =', '!=');

/** The text that is run: each public rule first changes it in its own way. */
export function textToRun(source: string, rule: ExecutionRule, side: 'predicted' | 'expected'): string {
  if (rule === 'strict') return source;
  const plugged = side === 'predicted' ? plugValue(source) : source;
  if (rule === 'bird') return plugged;
  return withoutDistinct(joinComparisons(plugged)).replace(CURRENT_YEAR, '2020');
}

/** Every bare word DISTINCT deleted, of the first statement. */
function withoutDistinct(source: string): string {
  const [first] = splitStatements(source, LEXIS);
  if (!first) return source;
  let text = '';
  let at = 0;
  for (const token of first.tokens) {
    if (token.kind !== 'word' || token.source.toLowerCase() !== 'distinct') continue;
    text += source.slice(at, token.start);
    at = token.end;
  }
  return text + source.slice(at, first.end);
}

/** Does the order of rows matter? Spider looks for the letters, `strict` for an ORDER BY of the outermost query. */
export function orderMatters(expected: string, rule: ExecutionRule): boolean {
  if (rule === 'bird') return false;
  if (rule === 'spider') return expected.toLowerCase().includes('order by');
  let depth = 0;
  const tokens = lex(expected, LEXIS);
  for (const [i, { source }] of tokens.entries()) {
    if (source === '(') depth++;
    else if (source === ')') depth--;
    else if (depth === 0 && source.toLowerCase() === 'order' && tokens[i + 1]?.source.toLowerCase() === 'by') return true;
  }
  return false;
}

const UNSTEADY = new Set(['current_date', 'current_time', 'current_timestamp', 'random', 'randomblob']);

/** Would the same query give other rows tomorrow, or on the next call? Such rows are counted apart. */
export const changesByItself = (source: string): boolean =>
  lex(source, LEXIS).some(({ kind, source: written }) =>
    kind === 'word' ? UNSTEADY.has(written.toLowerCase()) : /^['"]now['"]$/i.test(written),
  );

/** Only one query, that reads: everything else is refused before any database sees it. Undefined when it may run. */
export function refusal(source: string): string | undefined {
  if (source.includes('\0')) return 'The text holds U+0000.';
  const statements = splitStatements(source, LEXIS);
  if (statements.length !== 1) return statements.length === 0 ? 'The text holds no statement.' : 'Only one statement may run.';
  const first = statements[0]!.tokens.find(({ source: sign }) => sign !== '(')?.source.toLowerCase() ?? '';
  return first === 'select' || first === 'values' || first === 'with'
    ? undefined
    : `Only SELECT, VALUES and WITH may run, not ${first.slice(0, 20).toUpperCase()}.`;
}
