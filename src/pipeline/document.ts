import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, type YAMLMap } from 'yaml';
import type { Problem } from '../kernel/errors.ts';
import { type Path, pathText } from './path.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type Mapping = { readonly [key: string]: Json };

/** Who said it. Later wins, in this order. */
export const ORIGINS = ['default', 'file', 'override', 'set', 'with'] as const;
export type Origin = (typeof ORIGINS)[number];

/** Where a value was written. Lines and columns count from 1. */
export interface Place {
  readonly origin: Origin;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** What a document says, and where it says each of its values (keyed by the dotted path; the whole is ''). */
export interface Tree {
  readonly value: Mapping;
  readonly places: ReadonlyMap<string, Place>;
}

export type Read = { readonly kind: 'read'; readonly tree: Tree } | { readonly kind: 'bad'; readonly problems: readonly Problem[] };

/** A pipeline file is some kilobytes; whoever gives more gives something else. */
export const DOCUMENT_BYTES_MAX = 1024 * 1024;
/** As a key of a JavaScript object it would not be data. */
export const FORBIDDEN_KEY = '__proto__';
/** Aliases may repeat a part; without a bound ten lines of them expand to gigabytes. */
const VALUES_MAX = 100_000;
const DEPTH_MAX = 100;

/** Keys that stand twice are told by ourselves, with both places. */
const YAML_OPTIONS = { version: '1.2', schema: 'core', uniqueKeys: false, prettyErrors: false, logLevel: 'error' } as const;

/** Reads YAML 1.2 (core schema, anchors and aliases) that must be one mapping. `name` is shown in problems. */
export function readYaml(text: string, name: string, origin: Origin = 'file'): Read {
  const bytes = Buffer.byteLength(text);
  const bad = (message: string, place: Omit<Problem, 'path' | 'message'> = {}): Read => ({
    kind: 'bad',
    problems: [{ path: '', message, file: name, ...place }],
  });
  if (bytes > DOCUMENT_BYTES_MAX) return bad(`expected at most ${DOCUMENT_BYTES_MAX} bytes, found ${bytes}: this is no pipeline file.`);
  if (text.includes('\0') || text.includes('\uFFFD')) {
    const line = text.slice(0, text.search(/\0|\uFFFD/)).split('\n').length;
    return bad('expected UTF-8 text, found bytes that are none; save the file as UTF-8.', { line });
  }

  const lines = new LineCounter();
  const document = parseDocument(text.replace(/^\uFEFF/, ''), { ...YAML_OPTIONS, lineCounter: lines });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const problems = [...document.errors, ...document.warnings].map(
    ({ message, pos }): Problem => ({ path: '', message: syntaxMessage(message), file: name, ...at(pos[0]) }),
  );
  if (problems.length > 0) return { kind: 'bad', problems };
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    return bad('expected a mapping of keys, found nothing: it is empty.', { line: 1, column: 1 });
  }
  if (!isMap(document.contents)) {
    return bad('expected a mapping of keys (`name: …` and so on), found something else.', at(document.contents.range?.[0] ?? 0));
  }
  const { value, places, problems: found } = readNodes(document, (offset) => ({ origin, file: name, ...at(offset) }));
  return found.length > 0 ? { kind: 'bad', problems: found } : { kind: 'read', tree: { value: value as Mapping, places } };
}

/** Reads a text as one YAML value of any kind; why it is none, in the words of a problem. */
export function readYamlValue(text: string): { readonly value: Json } | { readonly problem: string } {
  const document = parseDocument(text, YAML_OPTIONS);
  const [wrong] = [...document.errors, ...document.warnings];
  if (wrong !== undefined) return { problem: syntaxMessage(wrong.message) };
  if (document.contents === null) return { value: null };
  const { value, problems } = readNodes(document, () => ({ origin: 'default' }));
  return problems[0] === undefined ? { value } : { problem: problems[0].message };
}

/** Reads JSON, as overrides are given. It is read as strictly as JSON, and with the places YAML keeps. */
export function readJson(text: string, name: string): Read {
  try {
    JSON.parse(text);
  } catch (error) {
    const message = `expected JSON, e.g. {"train": {"trainer": "tabular"}}: ${(error as Error).message}`;
    return { kind: 'bad', problems: [{ path: '', message, file: name }] };
  }
  // A tab in valid JSON stands between values, never in them; YAML is stricter about it.
  return readYaml(text.replaceAll('\t', ' '), name, 'override');
}

/** A parser's complaint, as the end of a sentence of ours. */
export const syntaxMessage = (message: string) => `not YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;

function readNodes(
  document: Document,
  placeAt: (offset: number) => Place,
): { readonly value: Json; readonly places: ReadonlyMap<string, Place>; readonly problems: readonly Problem[] } {
  const places = new Map<string, Place>();
  const problems: Problem[] = [];
  let values = 0;

  const wrong = (path: Path, offset: number, message: string) => {
    const { file, line, column } = placeAt(offset);
    problems.push({ path: pathText(path), message, file, line, column });
    return null;
  };

  function read(node: Node | null, path: Path, offset: number, open: readonly Node[]): Json {
    const start = node?.range?.[0] ?? offset;
    if (!places.has(pathText(path))) places.set(pathText(path), placeAt(start));
    values += 1;
    if (values > VALUES_MAX) {
      if (values === VALUES_MAX + 1) wrong(path, start, `expected at most ${VALUES_MAX} values once aliases are filled in, found more.`);
      return null;
    }
    if (node === null) return null;
    if (open.includes(node)) return wrong(path, start, 'an alias that stands inside its own anchor has no end.');
    if (open.length > DEPTH_MAX) return wrong(path, start, `expected at most ${DEPTH_MAX} levels, found more.`);
    if (isAlias(node)) {
      const target = node.resolve(document);
      return target === undefined ? wrong(path, start, `no anchor "&${node.source}" before this alias.`) : read(target, path, start, open);
    }
    if (isMap(node)) return readMap(node, path, start, [...open, node]);
    if (isSeq(node)) return node.items.map((item, index) => read(item as Node | null, [...path, index], start, [...open, node]));
    const { value } = node as { value: unknown };
    if (typeof value === 'number' && !Number.isFinite(value)) return wrong(path, start, `expected a finite number, found ${value}.`);
    if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
    return wrong(path, start, 'expected text, a number, true or false, found something else.');
  }

  function readMap(map: YAMLMap, path: Path, offset: number, open: readonly Node[]): Json {
    const found: Record<string, Json> = {};
    const first = new Map<string, number>();
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      const at = pair.key?.range?.[0] ?? offset;
      const key = keyOf(isAlias(pair.key) ? pair.key.resolve(document) : pair.key);
      if (key === undefined) {
        wrong(path, at, 'expected a key that is text.');
        continue;
      }
      if (key === FORBIDDEN_KEY) {
        wrong([...path, key], at, 'this key is not allowed.');
        continue;
      }
      if (key === '<<') {
        wrong([...path, key], at, 'YAML 1.2 has no merge keys; repeat the part with an alias, or write it out.');
        continue;
      }
      const earlier = first.get(key);
      if (earlier !== undefined) {
        wrong([...path, key], at, `this key stands twice; ${lineText(placeAt(earlier))}keep one of them.`);
        continue;
      }
      first.set(key, at);
      places.set(pathText([...path, key]), placeAt(at));
      found[key] = read(pair.value, [...path, key], at, open);
    }
    return found;
  }

  return { value: read(document.contents as Node, [], 0, []), places, problems };
}

const lineText = ({ line }: Place) => (line === undefined ? '' : `first in line ${line}; `);

/** Keys are text; what YAML takes for a number or a boolean is used as it was written. */
function keyOf(key: Node | null | undefined): string | undefined {
  if (!isScalar(key)) return undefined;
  if (typeof key.value === 'string') return key.value;
  return key.value === null ? undefined : (key.source ?? String(key.value));
}
