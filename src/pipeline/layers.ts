import { z } from 'zod';
import { type Json, type Mapping, type Place, readYamlValue, type Tree } from './document.ts';
import { type Path, pathText } from './path.ts';
import { type Schema, schemasAt, takesOnlyText, takesText } from './shape.ts';

export const EMPTY_TREE: Tree = { value: {}, places: new Map() };

const isMapping = (value: Json | undefined): value is Mapping => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * `over` on top of `under`: mappings are merged key by key, everything else is replaced whole. An empty value in `over`
 * takes the key away, so that its default holds again.
 */
export function overlay(under: Tree, over: Tree): Tree {
  const places = new Map(under.places);
  const forget = (path: Path) => {
    const prefix = pathText(path);
    for (const known of places.keys()) if (known === prefix || known.startsWith(`${prefix}.`)) places.delete(known);
  };
  const take = (path: Path) => {
    const prefix = pathText(path);
    for (const [known, place] of over.places) {
      if (known === prefix || prefix === '' || known.startsWith(`${prefix}.`)) places.set(known, place);
    }
  };
  const merge = (below: Mapping, above: Mapping, path: Path): Mapping => {
    const merged: Record<string, Json> = { ...below };
    for (const [key, value] of Object.entries(above)) {
      const here = [...path, key];
      const was = Object.hasOwn(below, key) ? below[key] : undefined;
      if (isMapping(value) && isMapping(was)) {
        merged[key] = merge(was, value, here);
        continue;
      }
      forget(here);
      if (value === null) {
        delete merged[key];
        continue;
      }
      // What is taken away from nothing is nothing: an empty value inside a new mapping goes as well.
      merged[key] = isMapping(value) ? merge({}, value, here) : value;
      take(here);
    }
    return merged;
  };
  return { value: merge(under.value, over.value, []), places };
}

/** A tree of one value at a path. */
export function single(path: readonly string[], value: Json, place: Place): Tree {
  const whole = path.reduceRight<Json>((below, key) => ({ [key]: below }), value);
  const places = new Map<string, Place>();
  for (let length = 1; length <= path.length; length += 1) places.set(pathText(path.slice(0, length)), place);
  return { value: whole as Mapping, places };
}

/** What a text was taken for, or why it could not be read. */
export type Meaning = { readonly value: Json } | { readonly problem: string };

/**
 * What a text given by `--set` or `with:` means at `path`: the text itself where only text is taken, else what YAML 1.2 makes of it
 * (`3`, `true`, `{column: Churn}`); where that fits nothing and the text does, the text. An empty text is an absent value.
 */
export function meaning(text: string, root: Schema, path: readonly string[]): Meaning {
  if (text.trim() === '') return { value: null };
  const schemas = schemasAt(root, path);
  if (schemas.length > 0 && schemas.every(takesOnlyText)) return { value: text };
  const fits = (value: unknown) => schemas.some((schema) => z.safeParse(schema, value).success);

  const read = readYamlValue(text);
  // `>= 0.80` is no YAML; where text may stand it is told what is wrong with it as text.
  if ('problem' in read) return schemas.some(takesText) ? { value: text } : read;
  return { value: !fits(read.value) && fits(text) ? text : read.value };
}
