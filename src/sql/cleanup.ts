import type { LooksLike } from './verdict.ts';

export type Cleaning = 'fence' | 'prose' | 'escape';

export interface CleanedText {
  readonly text: string;
  /** What was taken away, in this order; empty when the text came back as it was. */
  readonly taken: readonly Cleaning[];
}

const FENCE = /```[\w+-]*[ \t]*\r?\n?([\s\S]*?)(?:```|$)/;
const STATEMENT_START = /^[ \t]*(?:\(+[ \t]*)?(?:select|with|insert|update|delete|create|alter|drop|replace|values|explain|merge)\b/im;
// No two loops of a pattern may take the same blanks: a megabyte of them would be tried in every division.
const SENTENCE_BEHIND = /;[^\S\n]*\n\s*(?=[A-Z][a-z]+[ ,:'’])/;
const PARAGRAPH_BEHIND = /\n(?=(?:This|The|Note|Explanation|In|Here|It|We|I|You)\b)(?<=\n[^\S\n]*\n)/;
/** Markdown's escapes inside SQL: `user\_id`, `count(\*)`. */
const ESCAPE = /\\([_*])/g;

/** Takes away what chat models wrap SQL in: fences, prose before and behind, Markdown escapes. The statement itself stays as it is. */
export function cleanUp(source: string): CleanedText {
  const taken: Cleaning[] = [];
  let text = source;
  const fenced = FENCE.exec(text);
  if (fenced?.[1] !== undefined) {
    text = fenced[1];
    taken.push('fence');
  }
  const bare = withoutProse(text);
  if (bare !== text.trim()) taken.push('prose');
  text = bare;
  if (ESCAPE.test(text)) {
    text = text.replace(ESCAPE, '$1');
    taken.push('escape');
  }
  return { text: taken.length === 0 ? source : text, taken };
}

function withoutProse(source: string): string {
  let text = source.trim();
  const start = STATEMENT_START.exec(text);
  if (start && start.index > 0 && !/^\s*(--|\/\*|#)/.test(text)) text = text.slice(start.index);
  // A paragraph behind the statement that begins like a sentence: a capital word and no statement.
  const end = SENTENCE_BEHIND.exec(text) ?? PARAGRAPH_BEHIND.exec(text);
  if (end && !STATEMENT_START.test(text.slice(end.index + end[0].length)))
    text = text.slice(0, end.index + (end[0].startsWith(';') ? 1 : 0));
  return text.trim();
}

const UNKNOWN_TOKEN = /⁇|<unk>|\u2047/;
/** `age 30`, `salary 5000` behind WHERE, AND or OR: models whose vocabulary has no `<` leave the operator out. */
const MISSING_OPERATOR = /\b(?:where|and|or)\s+[\w.]+\s+\d+(?:\.\d+)?\b/i;
const REPEATS_MIN = 4;

/** What an invalid text looks like, from its wording alone; `wrong-dialect` needs other engines and is found elsewhere. */
export function looksLike(source: string, incomplete: boolean): Exclude<LooksLike, 'wrong-dialect'> | undefined {
  const { taken } = cleanUp(source);
  if (taken[0] === 'fence' || /^\s*```|```\s*$/.test(source)) return 'fence';
  if (taken[0] === 'prose' || !STATEMENT_START.test(source)) return source.trim() === '' ? undefined : 'prose';
  if (taken[0] === 'escape') return 'escape';
  if (UNKNOWN_TOKEN.test(source) || MISSING_OPERATOR.test(source)) return 'unknown-token';
  if (endsInLoop(source)) return 'repeated';
  return incomplete ? 'truncated' : undefined;
}

/** Does the text end in the same stretch of words, again and again? Looks at the last 512 words and periods of up to 64. */
function endsInLoop(source: string): boolean {
  const words = source.slice(-8_192).trim().split(/\s+/).slice(-512);
  for (let period = 1; period <= 64 && period * REPEATS_MIN <= words.length; period++) {
    let same = 0;
    for (let i = words.length - 1; i >= period && words[i] === words[i - period]; i--) same++;
    if (same >= period * (REPEATS_MIN - 1) && (period > 1 || same >= 8)) return true;
  }
  return false;
}
