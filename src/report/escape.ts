/*
 * One function per target. What comes in is somebody else's text: names of columns, categories, branches, messages of programs, output of models.
 * What comes out pings nobody, loads nothing, closes nothing. (Slack and mail have theirs beside their notifiers.)
 */

const CONTROLS = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Control characters, and those that turn or hide other text, become visible; lines and tabs stay. */
export function legible(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replace(CONTROLS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Everything on one line. */
export const oneLine = (text: string): string => legible(text).replace(/\s+/g, ' ').trim();

/**
 * Between a sign and the word it would turn into a mention, a reference or a link, GitHub looks after Markdown is rendered:
 * a backslash does not help there, a character without width does.
 */
const JOINER = '\u2060';

/** Running text in GitHub's Markdown: no emphasis, link, image, tag, formula, mention, reference, heading or list comes out of it. */
export function markdownText(text: string): string {
  return markdownCell(text).replace(/^(?:[-+>=]|#(?=[# ]|$)|\d+(?=[.)](?: |$)))/, (start) =>
    /\d/.test(start) ? `${start}\\` : `\\${start}`,
  );
}

/** A cell of a Markdown table, where no line begins. */
export function markdownCell(text: string): string {
  return oneLine(text)
    .replace(/[\\`*[\]~|$]/g, (sign) => `\\${sign}`)
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\_')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/@(?=[\w-])/g, `@${JOINER}`)
    .replace(/#(?=\d)/g, `#${JOINER}`)
    .replace(/\b(gh-)(?=\d)/gi, `$1${JOINER}`)
    .replace(/:(?=\/\/)/g, `:${JOINER}`)
    .replace(/\b(www)(?=\.)/gi, `$1${JOINER}`)
    .replace(/\b(mailto|xmpp):/gi, `$1${JOINER}:`);
}

/** Of backticks; a fence must be longer. */
const longestRun = (text: string): number => (text.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 0);

/** Text as code within a line, in a table or not. */
export function markdownCode(text: string, inTable = false): string {
  const plain = oneLine(text);
  if (plain === '') return '';
  const longest = longestRun(plain);
  const fence = '`'.repeat(longest + 1);
  const pad = plain.startsWith('`') || plain.endsWith('`') ? ' ' : '';
  const code = `${fence}${pad}${plain}${pad}${fence}`;
  return inTable ? code.replaceAll('|', '\\|') : code;
}

/** Lines as a block of code. */
export function markdownBlock(text: string, language = ''): string {
  const plain = legible(text);
  const longest = Math.max(2, longestRun(plain));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language.replace(/\W/g, '')}\n${plain}\n${fence}`;
}

/** A link, when the address is one of the web; else the name alone. */
export function markdownLink(name: string, url: string): string {
  const address = webAddress(url)?.replace(/[()<>\\|`*_[\]]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  return address === undefined ? markdownText(name) : `[${markdownText(name)}](${address})`;
}

/** Text or attribute value (in quotes) of an HTML document. */
export function html(text: string): string {
  return legible(text).replace(/[&<>"'`]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** An `http` or `https` address in its normal form, or undefined: no `javascript:`, no `data:`. */
export function webAddress(url: string): string | undefined {
  const parsed = URL.parse(url);
  return parsed && (parsed.protocol === 'https:' || parsed.protocol === 'http:') ? parsed.href : undefined;
}
