/**
 * Spider's own tokens. Its evaluator takes NLTK's Treebank rules for words; the figures people publish depend on them,
 * so the rules that can matter once quotes are out of the way are kept here, in their order: curly quotes, punctuation,
 * brackets, dashes, contractions.
 */
const CURLY_QUOTES = /([«“‘„]|`+)/gu;
const CLOSERS = /^[\])}>"'»”’ ]*/u;
const SPACING: readonly (readonly [RegExp, string])[] = [
  [/([:,])([^\d])/gu, ' $1 $2'],
  [/([:,])$/gu, ' $1 '],
  [/\.{2,}/gu, ' $& '],
  [/[;@#$%&]/gu, ' $& '],
  [/[?!]/gu, ' $& '],
  [/\*/gu, ' $& '],
  [/[\][(){}<>]/gu, ' $& '],
  [/--/gu, ' -- '],
  [/([»”’])/gu, ' $1 '],
  [/\b(can)(not)\b/giu, ' $1 $2 '],
  [/\b(gim)(me)\b/giu, ' $1 $2 '],
  [/\b(gon)(na)\b/giu, ' $1 $2 '],
  [/\b(got)(ta)\b/giu, ' $1 $2 '],
  [/\b(lem)(me)\b/giu, ' $1 $2 '],
  [/\b(wan)(na)(?=\s)/giu, ' $1 $2 '],
];

/** The full stop at the end, behind which only closing signs stand, is a word of its own. */
function withLastStop(line: string): string {
  const stop = line.lastIndexOf('.');
  if (stop < 1 || line[stop - 1] === '.') return line;
  const behind = line.slice(stop + 1);
  const closers = CLOSERS.exec(behind)![0];
  return behind.slice(closers.length).trim() === '' ? `${line.slice(0, stop)} . ${closers} ` : line;
}

const BEFORE_EQUALS = new Set(['!', '>', '<']);

/** Texts keep their case and stay one token (in double quotes), all else is in lower case; undefined when a quote stays open. */
export function spiderTokens(source: string): string[] | undefined {
  const parts = source.replaceAll("'", '"').split('"');
  if (parts.length % 2 === 0) return undefined;
  const texts = new Map<string, string>();
  let line = '';
  for (const [i, part] of parts.entries()) {
    if (i % 2 === 0) line += part;
    else {
      const key = `__val_${i}__`;
      texts.set(key, `"${part}"`);
      line += key;
    }
  }
  line = withLastStop(line.replace(CURLY_QUOTES, ' $1 '));
  for (const [pattern, replacement] of SPACING) line = line.replace(pattern, replacement);
  const tokens: string[] = [];
  for (const word of line.split(/\s+/)) {
    if (word === '') continue;
    const token = texts.get(word.toLowerCase()) ?? word.toLowerCase();
    if (token === '=' && BEFORE_EQUALS.has(tokens.at(-1) ?? '')) tokens.push(`${tokens.pop()}=`);
    else tokens.push(token);
  }
  return tokens;
}
