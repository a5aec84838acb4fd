import type { Lexis } from './dialect.ts';
import { lex, type Token } from './lexer.ts';

/** A top-level statement: `[start, end)` of the source without its `;`, and its tokens (at least one). */
export interface Statement {
  readonly start: number;
  readonly end: number;
  readonly tokens: readonly Token[];
}

const OPENS_BODY = new Set(['trigger', 'procedure', 'function', 'event']);

/**
 * Cuts a text at the `;` that stand outside parentheses and outside the `BEGIN … END` of a trigger or routine.
 * Stretches without a token (`;;`, comments) are no statements.
 */
export function splitStatements(source: string, lexis: Lexis): Statement[] {
  return splitTokens(lex(source, lexis));
}

export function splitTokens(tokens: readonly Token[]): Statement[] {
  const statements: Statement[] = [];
  let current: Token[] = [];
  let depth = 0;
  for (const token of tokens) {
    if (token.source === ';' && depth === 0) {
      close();
      continue;
    }
    if (token.kind === 'word' && hasBody(current)) {
      const word = token.source.toLowerCase();
      if (word === 'begin' || word === 'case') depth++;
      else if (word === 'end' && depth > 0) depth--;
    }
    current.push(token);
  }
  close();
  return statements;

  function close(): void {
    if (current.length > 0) statements.push({ start: current[0]!.start, end: current.at(-1)!.end, tokens: current });
    current = [];
    depth = 0;
  }
}

/** `CREATE [… up to four words …] TRIGGER | PROCEDURE | FUNCTION | EVENT`. */
function hasBody(tokens: readonly Token[]): boolean {
  if (tokens.length < 2 || tokens[0]!.source.toLowerCase() !== 'create') return false;
  for (let i = 1; i < Math.min(tokens.length, 6); i++) if (OPENS_BODY.has(tokens[i]!.source.toLowerCase())) return true;
  return false;
}
