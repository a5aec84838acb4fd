import type { Token } from './lexer.ts';
import type { Statement } from './split.ts';

/** Words of a change that sqlparser does not know and that change nothing about its form. */
const MODIFIERS: Readonly<Record<string, ReadonlySet<string>>> = {
  delete: new Set(['low_priority', 'quick', 'ignore']),
  insert: new Set(['low_priority', 'delayed', 'high_priority', 'ignore']),
  replace: new Set(['low_priority', 'delayed']),
  update: new Set(['low_priority', 'ignore']),
};

/** Word sequences sqlparser's grammar lacks; a query that holds one and does not parse is not judged. */
const UNKNOWN_TO_PARSER: readonly (readonly string[])[] = [
  ['delete', 'history'],
  ['for', 'portion', 'of'],
  ['next', 'value', 'for'],
  ['previous', 'value', 'for'],
  ['into', 'outfile'],
  ['into', 'dumpfile'],
  ['for', 'system_time'],
  ['procedure', 'analyse'],
];

/**
 * A query's text as sqlparser reads it, of the same length so that places stay true: modifiers and `LOCK IN SHARE MODE`
 * become blanks, the prefix `!` a minus.
 */
export function textForParser(source: string, { start, end, tokens }: Statement): string {
  const words = tokens.map((token) => (token.kind === 'word' ? token.source.toLowerCase() : ''));
  const blanked: Token[] = [];
  const modifiers = MODIFIERS[words[0]!];
  for (let i = 1; modifiers?.has(words[i] ?? ''); i++) blanked.push(tokens[i]!);
  const last = tokens.length - 4;
  if (last > 0 && words[last] === 'lock' && words[last + 1] === 'in' && words[last + 2] === 'share' && words[last + 3] === 'mode') {
    blanked.push(...tokens.slice(last));
  }
  const not = tokens.filter(({ source: sign }) => sign === '!');
  if (blanked.length === 0 && not.length === 0) return source.slice(start, end);
  let text = '';
  let at = start;
  for (const token of [...blanked, ...not].sort((a, b) => a.start - b.start)) {
    text += source.slice(at, token.start) + (token.source === '!' ? '-' : ' '.repeat(token.end - token.start));
    at = token.end;
  }
  return text + source.slice(at, end);
}

export function beyondParser(tokens: readonly Token[]): boolean {
  const words = tokens.map((token) => (token.kind === 'word' ? token.source.toLowerCase() : ''));
  return UNKNOWN_TO_PARSER.some((sequence) =>
    words.some((word, i) => word === sequence[0] && sequence.every((wanted, k) => words[i + k] === wanted)),
  );
}
