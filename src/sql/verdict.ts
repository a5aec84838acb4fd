export type InvalidCode =
  | 'syntax'
  | 'incomplete'
  | 'bad-token'
  | 'clause-order'
  | 'reserved-word'
  | 'empty'
  | 'nul'
  | 'engine-limit'
  | 'several-statements';

export type NotJudgedCode = 'unsupported-dialect' | 'unsupported-statement' | 'too-long' | 'parser-limit' | 'timeout' | 'crashed';

/** What a model's mistake looks like, for the reader; it changes no verdict. */
export type LooksLike = 'fence' | 'prose' | 'escape' | 'unknown-token' | 'wrong-dialect' | 'truncated' | 'repeated';

/** `offset` in UTF-16 code units from 0; `line` and `column` from 1; `near` is at most 40 characters of the rest of that line, empty at its end. */
export interface SourcePlace {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
  readonly near: string;
}

export interface Valid {
  readonly verdict: 'valid';
  readonly statements: number;
  /** Parsed, but something after parsing failed: unknown names, wrong number of arguments. */
  readonly notes?: readonly string[];
}
export interface Invalid {
  readonly verdict: 'invalid';
  /** Statements that parsed before the error. */
  readonly statements: number;
  readonly code: InvalidCode;
  readonly message: string;
  readonly at: SourcePlace;
}
export interface NotJudged {
  readonly verdict: 'not judged';
  readonly statements: number;
  readonly code: NotJudgedCode;
  readonly message: string;
}

/** What an engine says of one text. A limit of the database is a verdict, a limit of our parser is not. */
export type SyntaxVerdict = Valid | Invalid | NotJudged;

/** Everything that is known of one text. */
export interface JudgedText {
  readonly verdict: SyntaxVerdict;
  readonly looksLike?: LooksLike;
  /** Only for invalid texts that clean-up changes: fences, prose and escapes taken away, is the rest valid? */
  readonly validAfterCleanup?: boolean;
  readonly crossCheck?: 'agrees' | 'differs';
  /** Only with a schema: do all tables, columns and functions exist? */
  readonly namesResolve?: boolean;
}

const NEAR_CHARACTERS = 40;

/** The place of an offset; lines end with LF, CR LF or CR. */
export function placeAt(source: string, offset: number): SourcePlace {
  const at = Math.max(0, Math.min(offset, source.length));
  let line = 1;
  let lineStart = 0;
  for (let i = 0; i < at; i++) {
    const code = source.charCodeAt(i);
    if (code === 10 || (code === 13 && source.charCodeAt(i + 1) !== 10)) {
      line++;
      lineStart = i + 1;
    }
  }
  return { offset: at, line, column: at - lineStart + 1, near: restOfLine(source, at) };
}

function restOfLine(source: string, at: number): string {
  const near = source.slice(at, at + NEAR_CHARACTERS);
  const end = near.search(/[\r\n]/);
  return (end < 0 ? near : near.slice(0, end)).toWellFormed();
}

/** The offset of a line and column (both from 1, columns in code points); the end of the text when it lies outside. */
export function offsetOf(source: string, line: number, column: number): number {
  let at = 0;
  for (let l = 1; l < line; l++) {
    const end = source.indexOf('\n', at);
    if (end < 0) return source.length;
    at = end + 1;
  }
  for (let c = 1; c < column && at < source.length; c++) at += source.codePointAt(at)! > 0xffff ? 2 : 1;
  return at;
}

/** The UTF-16 offset of the n-th code point (from 0). */
export function offsetOfCodePoint(source: string, count: number): number {
  let at = 0;
  for (let c = 0; c < count && at < source.length; c++) at += source.codePointAt(at)! > 0xffff ? 2 : 1;
  return at;
}

export const invalid = (code: InvalidCode, message: string, source: string, offset: number, statements = 0): Invalid => ({
  verdict: 'invalid',
  statements,
  code,
  message,
  at: placeAt(source, offset),
});
export const notJudged = (code: NotJudgedCode, message: string): NotJudged => ({ verdict: 'not judged', statements: 0, code, message });
