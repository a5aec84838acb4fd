const UNSEEN = /[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** JSON for programs that a person's terminal may show, too: what would turn or hide text there stands as `\uXXXX`, which is the same JSON. */
export const jsonText = (value: unknown): string =>
  `${JSON.stringify(value, undefined, 2).replace(UNSEEN, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
