/** Where a value stands in a pipeline file: keys and positions in lists, from the outside in. */
export type Path = readonly (string | number)[];

const PLAIN = /^[^\s."'[\]=]+$/;

/** `['drift', 'columns', 'a.b', 0]` → `drift.columns."a.b".0`. */
export const pathText = (path: Path): string =>
  path.map((part) => (typeof part === 'number' || PLAIN.test(part) ? String(part) : JSON.stringify(part))).join('.');

/** `drift.columns."a.b"` → its parts; undefined when the text is no path. Parts in quotes may hold any character. */
export function parsePath(text: string): string[] | undefined {
  const parts: string[] = [];
  const part = /\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s."'=]+))\s*(\.|$)/y;
  while (part.lastIndex < text.length || parts.length === 0) {
    const found = part.exec(text);
    if (found === null) return undefined;
    const [, doubled, single, plain, end] = found;
    if (doubled === undefined) parts.push(single ?? plain!);
    else {
      const unquoted = unquote(doubled);
      if (unquoted === undefined) return undefined;
      parts.push(unquoted);
    }
    if (end === '') return parts;
  }
  return undefined;
}

function unquote(inner: string): string | undefined {
  try {
    return JSON.parse(`"${inner}"`);
  } catch {
    return undefined;
  }
}
