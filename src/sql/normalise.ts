import type { Lexis } from './dialect.ts';
import { lex } from './lexer.ts';

/**
 * The tokens two statements are compared by: words in lower case, everything else as written, no white space,
 * no comments, no `;` at the end. On purpose `!=` stays different from `<>` and `'x'` from `"x"`.
 */
export function normalTokens(source: string, lexis: Lexis): string[] {
  const tokens = lex(source, lexis);
  let length = tokens.length;
  while (length > 0 && tokens[length - 1]!.source === ';') length--;
  const normal: string[] = [];
  for (let i = 0; i < length; i++) {
    const { kind, source: written } = tokens[i]!;
    normal.push(kind === 'word' ? written.toLowerCase() : written);
  }
  return normal;
}

/** {@link normalTokens} joined by one blank: the normal form of a statement. */
export const normalForm = (source: string, lexis: Lexis): string => normalTokens(source, lexis).join(' ');
