/*
 * Text of a message holds names of columns, models and branches: somebody else's words. Before a target's own escaping it loses what
 * changes how the rest is shown: control characters, ANSI sequences, characters that turn the direction of writing, lone surrogates.
 */
const ANSI = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])/g;
const CONTROLS = /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]/g;
const DIRECTIONS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** Lines stay lines; tabs and line feeds are the only control characters left. */
export function plainText(text: string): string {
  return text.toWellFormed().replace(/\r\n?/g, '\n').replace(ANSI, '').replace(CONTROLS, '').replace(DIRECTIONS, '');
}

/** What is cut anyway need not be cleaned first; runs of blanks and controls may hide some of it. */
const READ_AHEAD = 8;

/** One line of at most `limit` characters: fit for a subject or a header. */
export function oneLine(text: string, limit: number): string {
  return cut(
    plainText(text.slice(0, limit * READ_AHEAD))
      .replace(/\s+/g, ' ')
      .trim(),
    limit,
  );
}

/** At most `limit` UTF-16 units, never half a character, with an ellipsis where something was left out. */
export function cut(text: string, limit: number): string {
  return text.length <= limit
    ? text
    : `${text
        .slice(0, limit - 1)
        .toWellFormed()
        .replace(/\ufffd$/, '')}…`;
}

/** An `http` or `https` address in its normal form, or undefined. */
export function webAddress(url: string): string | undefined {
  const parsed = URL.parse(url);
  return parsed && (parsed.protocol === 'https:' || parsed.protocol === 'http:') ? parsed.href : undefined;
}
