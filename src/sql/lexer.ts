import type { Lexis } from './dialect.ts';

export type TokenKind = 'word' | 'name' | 'text' | 'number' | 'parameter' | 'operator';

/** A stretch of the source; offsets are UTF-16 code units, `end` exclusive. */
export interface Token {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
  /** As written. */
  readonly source: string;
  /** A quote or bracket that never closes; the token then runs to the end of the source. */
  readonly unclosed?: true;
}

const WORD = /[\p{L}\p{M}\p{N}_$]+/uy;
const NUMBER = /0[xX][0-9a-fA-F]+|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?/y;
const PARAMETER = /\?[0-9]*|@{1,2}[\p{L}\p{N}_$.]+|[:#][\p{L}_][\p{L}\p{N}_$]*|\$[\p{L}\p{N}_]+/uy;
const DOLLAR_TAG = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy;
/** Longest first. */
const OPERATOR = /<=>|->>|<=|>=|<>|!=|==|\|\||&&|::|:=|->|<<|>>|[\s\S]/uy;

const isDigit = (code: number): boolean => code >= 48 && code <= 57;
const isLetter = (code: number): boolean => (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95;
/** ASCII that may continue a word. */
const WORD_PART = Uint8Array.from({ length: 128 }, (_, code) => Number(isDigit(code) || isLetter(code) || code === 36));
/** Signs that no longer operator begins with. */
const LONE = new Set('(),;.+*%^~/'.split('').map((sign) => sign.charCodeAt(0)));

/** The fast way for ASCII, the pattern for the rest. */
function endOfWord(source: string, from: number): number {
  let at = from;
  for (; at < source.length; at++) {
    const code = source.charCodeAt(at);
    if (code > 127) return Math.max(at, match(WORD, source, at));
    if (WORD_PART[code] === 0) break;
  }
  return at;
}
const UNICODE_BLANK = /\s/;
const UNICODE_LETTER = /[\p{L}\p{N}\p{M}]/u;

function isBlank(source: string, at: number): boolean {
  const code = source.charCodeAt(at);
  if (code <= 127) return code === 32 || (code >= 9 && code <= 13);
  return UNICODE_BLANK.test(source[at]!);
}

function match(pattern: RegExp, source: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(source) ? pattern.lastIndex : -1;
}

/** Where a quoted stretch that opens at `at` ends (exclusive), or -1 when it never does. */
function endOfQuoted(source: string, at: number, close: string, backslash: boolean): number {
  for (let i = at + 1; i < source.length; i++) {
    const char = source[i];
    if (char === '\\' && backslash) i++;
    else if (char === close) {
      if (source[i + 1] === close && close !== ']') i++;
      else return i + 1;
    }
  }
  return -1;
}

function endOfComment(source: string, at: number, nested: boolean): number {
  if (!nested) {
    const end = source.indexOf('*/', at + 2);
    return end < 0 ? source.length : end + 2;
  }
  let depth = 1;
  let i = at + 2;
  for (; i < source.length && depth > 0; i++) {
    if (source[i] === '*' && source[i + 1] === '/') {
      depth--;
      i++;
    } else if (source[i] === '/' && source[i + 1] === '*') {
      depth++;
      i++;
    }
  }
  return i;
}

/** Past white space and comments. `/*!` of MySQL opens code: its marks are passed over, its content is not. */
function skipBlanks(source: string, from: number, lexis: Lexis): number {
  let at = from;
  while (at < source.length) {
    if (isBlank(source, at)) {
      at++;
      continue;
    }
    const char = source[at];
    const next = source[at + 1];
    if (char === '-' && next === '-' && (!lexis.dashNeedsBlank || at + 2 >= source.length || source.charCodeAt(at + 2) <= 32))
      at = endOfLine(source, at);
    else if (char === '#' && lexis.hashComments) at = endOfLine(source, at);
    else if (char === '/' && next === '*') {
      if (lexis.versionComments && source[at + 2] === '!') {
        at += 3;
        while (at < source.length && isDigit(source.charCodeAt(at))) at++;
      } else at = endOfComment(source, at, lexis.nestedComments);
    } else if (lexis.versionComments && char === '*' && next === '/') at += 2;
    else break;
  }
  return at;
}

function endOfLine(source: string, at: number): number {
  const end = source.indexOf('\n', at);
  return end < 0 ? source.length : end + 1;
}

/**
 * The tokens of a text without white space and comments. Never throws: an unclosed quote runs to the end,
 * a character no rule knows is an operator of its own.
 */
export function lex(source: string, lexis: Lexis): Token[] {
  const tokens: Token[] = [];
  let at = skipBlanks(source, 0, lexis);
  while (at < source.length) {
    const token = nextToken(source, at, lexis, tokens);
    tokens.push(token);
    at = skipBlanks(source, token.end, lexis);
  }
  return tokens;
}

function nextToken(source: string, at: number, lexis: Lexis, before: readonly Token[]): Token {
  const code = source.charCodeAt(at);
  const char = source[at]!;
  if (isLetter(code)) {
    if (source[at + 1] === "'" && 'eEbBxXnN'.includes(char)) {
      if (lexis.dollarQuotes && (char === 'e' || char === 'E')) return quoted('text', source, at, at + 1, "'", true);
      if (!(char === 'e' || char === 'E')) return quoted('text', source, at, at + 1, "'", lexis.backslashEscapes);
    }
    return token('word', source, at, endOfWord(source, at));
  }
  if (LONE.has(code) && !(code === 46 && isDigit(source.charCodeAt(at + 1)))) return token('operator', source, at, at + 1);
  if (isDigit(code) || (code === 46 && isDigit(source.charCodeAt(at + 1)))) return numberOrName(source, at, lexis, before);
  if (char === "'") return quoted('text', source, at, at, "'", lexis.backslashEscapes);
  if (char === '"') return quoted(lexis.doubleQuoted, source, at, at, '"', lexis.doubleQuoted === 'text' && lexis.backslashEscapes);
  if (char === '`' && lexis.backtickNames) return quoted('name', source, at, at, '`', false);
  if (char === '[' && lexis.bracketNames) return quoted('name', source, at, at, ']', false);
  if (char === '$' && lexis.dollarQuotes) {
    const open = match(DOLLAR_TAG, source, at);
    if (open > 0) {
      const tag = source.slice(at, open);
      const close = source.indexOf(tag, open);
      return close < 0 ? unclosed('text', source, at) : token('text', source, at, close + tag.length);
    }
  }
  if (char === '?' || char === '@' || char === ':' || char === '$' || char === '#') {
    const end = char === ':' && source[at + 1] === ':' ? -1 : match(PARAMETER, source, at);
    if (end > at) return token('parameter', source, at, end);
    if (char === '$') return token('word', source, at, match(WORD, source, at));
  }
  if (code > 127) {
    const end = UNICODE_LETTER.test(String.fromCodePoint(source.codePointAt(at)!)) ? match(WORD, source, at) : -1;
    if (end > at) return token('word', source, at, end);
  }
  return token('operator', source, at, match(OPERATOR, source, at));
}

function numberOrName(source: string, at: number, lexis: Lexis, before: readonly Token[]): Token {
  const end = match(NUMBER, source, at);
  if (!lexis.digitNames) return token('number', source, at, end);
  const last = before.at(-1);
  // After `t.` MySQL reads a name, whatever it begins with; elsewhere `2nd` is a name and `2e3` a number.
  const afterDot = last?.source === '.' && last.end === at;
  const word = source[at] === '.' ? -1 : endOfWord(source, at);
  if (word > 0 && (afterDot || word > end)) return token('word', source, at, word);
  return token('number', source, at, end);
}

const token = (kind: TokenKind, source: string, start: number, end: number): Token => ({
  kind,
  start,
  end,
  source: source.slice(start, end),
});
const unclosed = (kind: TokenKind, source: string, start: number): Token => ({
  kind,
  start,
  end: source.length,
  source: source.slice(start),
  unclosed: true,
});

function quoted(kind: TokenKind, source: string, start: number, open: number, close: string, backslash: boolean): Token {
  const end = endOfQuoted(source, open, close, backslash);
  return end < 0 ? unclosed(kind, source, start) : token(kind, source, start, end);
}
