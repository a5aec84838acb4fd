import { z } from 'zod';
import { type InputMarks, inputMarks } from '../kernel/inputs.ts';
import type { Path } from './path.ts';

/** Any zod schema, full or of the core. */
export type Schema = z.core.$ZodType;

interface Inner {
  readonly type: string;
  readonly innerType?: Schema;
  readonly in?: Schema;
  readonly out?: Schema;
  readonly getter?: () => Schema;
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly catchall?: Schema;
  readonly options?: readonly Schema[];
  readonly element?: Schema;
  readonly items?: readonly Schema[];
  readonly rest?: Schema | null;
  readonly valueType?: Schema;
  readonly left?: Schema;
  readonly right?: Schema;
  readonly values?: readonly unknown[];
}
const inner = (schema: Schema): Inner => schema._zod.def as unknown as Inner;

/** One layer off: what a schema wraps, on the side of what is written; undefined when it wraps nothing. */
const wrapped = (schema: Schema): Schema | undefined => {
  const def = inner(schema);
  return def.innerType ?? def.in ?? def.getter?.();
};

/** The schema and all it wraps, from the outside in. */
function* layers(schema: Schema): Generator<Schema> {
  for (let layer: Schema | undefined = schema; layer !== undefined; layer = wrapped(layer)) yield layer;
}

/** Marks of an input, whatever was wrapped around it after marking. */
export function marksOf(schema: Schema): InputMarks {
  for (const layer of layers(schema)) {
    const marks = inputMarks.get(layer as z.ZodType);
    if (marks !== undefined) return marks;
  }
  return {};
}

/** The outermost description. */
export function descriptionOf(schema: Schema): string | undefined {
  for (const layer of layers(schema)) {
    const description = z.globalRegistry.get(layer)?.description;
    if (description !== undefined) return description;
  }
  return undefined;
}

/** May the value be left out? */
export const leavable = (schema: Schema): boolean => schema._zod.optin !== undefined;

/** Every schema that may stand behind wrappers and unions: objects, lists, texts, numbers, … */
export function alternatives(schema: Schema): Schema[] {
  const def = inner(schema);
  if (def.type === 'union') return def.options!.flatMap(alternatives);
  if (def.type === 'intersection') return [...alternatives(def.left!), ...alternatives(def.right!)];
  const under = wrapped(schema);
  return under === undefined ? [schema] : alternatives(under);
}

/** Schemas a value at `path` may have to meet, unions kept whole. */
export function schemasAt(schema: Schema, path: Path): Schema[] {
  const [first, ...rest] = path;
  if (first === undefined) return [schema];
  return alternatives(schema)
    .map((option) => child(option, first))
    .filter((found) => found !== undefined)
    .flatMap((found) => schemasAt(found, rest));
}

function child(schema: Schema, key: string | number): Schema | undefined {
  const def = inner(schema);
  if (def.type === 'object') return Object.hasOwn(def.shape!, key) ? def.shape![key] : undefined;
  if (def.type === 'record') return def.valueType;
  if (def.type === 'array') return def.element;
  if (def.type === 'tuple') return def.items?.[Number(key)] ?? def.rest ?? undefined;
  return undefined;
}

/** Keys that are known at a path. */
export function keysAt(schema: Schema, path: Path): string[] {
  const keys = schemasAt(schema, path)
    .flatMap(alternatives)
    .flatMap((option) => Object.keys(inner(option).shape ?? {}));
  return [...new Set(keys)];
}

const isText = (option: Schema): boolean => {
  const { type, values } = inner(option);
  return (
    type === 'string' ||
    type === 'enum' ||
    type === 'template_literal' ||
    (type === 'literal' && values!.every((value) => typeof value === 'string'))
  );
};

/** Does the schema take nothing but text? Then `--set` and `with:` hand the text over as it is. */
export const takesOnlyText = (schema: Schema): boolean => alternatives(schema).every(isText);

/** Does the schema take text, besides other things? */
export const takesText = (schema: Schema): boolean => alternatives(schema).some(isText);

/** JSON Schema (draft 2020-12) of what may be written. Rules JSON Schema cannot express are left out. */
export const writtenSchema = (schema: Schema): JsonSchema =>
  plain(
    z.toJSONSchema(schema, {
      io: 'input',
      reused: 'inline',
      unrepresentable: 'any',
      override: ({ zodSchema, jsonSchema }) => {
        // A file holds no such values: this alternative can never be taken.
        if (NEVER_WRITTEN.has(inner(zodSchema).type)) jsonSchema.not = {};
      },
    }),
  ) as JsonSchema;

const NEVER_WRITTEN = new Set(['date', 'bigint', 'symbol', 'undefined', 'void', 'map', 'set', 'nan', 'function', 'file']);

/** Without alternatives nobody can take, and without bounds that only say that a whole number fits a double. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(
      ([key, bound]) =>
        !(key === 'maximum' && bound === Number.MAX_SAFE_INTEGER) && !(key === 'minimum' && bound === Number.MIN_SAFE_INTEGER),
    )
    .map(([key, item]): [string, unknown] => [key, plain(item)]);
  const { anyOf, ...rest } = Object.fromEntries(entries);
  if (!Array.isArray(anyOf)) return Object.fromEntries(entries);
  const options = anyOf.filter((option) => JSON.stringify(option.not) !== '{}');
  return options.length === 1 ? { ...options[0], ...rest } : { ...rest, anyOf: options };
}

/** What we read of a JSON Schema. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly $schema?: string;
}

/** What a schema expects, in words: `a whole number of at least 0`, `one of a, b`, `text, or a list of text`. */
export function expectation(json: JsonSchema): string {
  if (json.title !== undefined) return json.title;
  if (json.const !== undefined) return JSON.stringify(json.const);
  if (json.enum !== undefined) return json.enum.length === 1 ? String(json.enum[0]) : `one of ${json.enum.join(', ')}`;
  const options = json.anyOf ?? json.oneOf;
  if (options !== undefined) return [...new Set(options.map(expectation))].join(', or ');
  if (Array.isArray(json.type)) return (json.type as readonly string[]).map((type) => expectation({ ...json, type })).join(', or ');
  if (json.type === 'integer' || json.type === 'number') return `${json.type === 'integer' ? 'a whole number' : 'a number'}${bounds(json)}`;
  if (json.type === 'boolean') return 'true or false';
  if (json.type === 'null') return 'an empty value';
  if (json.type === 'array') {
    const least = json.minItems ? ` of at least ${json.minItems}` : '';
    const most = json.maxItems ? ` of at most ${json.maxItems}` : '';
    return `a list${least || most}${json.items?.type === undefined ? '' : `${least || most ? ':' : ' of'} ${expectation(json.items)}`}`;
  }
  if (json.type === 'object') return 'a mapping';
  if (json.type === 'string') {
    if (json.format === 'date') return 'a date such as 2026-11-21';
    if (json.format === 'uri') return 'a URL';
    return 'text';
  }
  return 'a value';
}

function bounds({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string {
  // Whole numbers are bounded by what a double can hold; no reader wants to hear that.
  const low = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? minimum : undefined;
  const high = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined;
  if (low !== undefined && high !== undefined) return ` from ${low} to ${high}`;
  const parts = [
    low === undefined ? undefined : ` of at least ${low}`,
    exclusiveMinimum === undefined ? undefined : ` above ${exclusiveMinimum}`,
    high === undefined ? undefined : ` of at most ${high}`,
    exclusiveMaximum === undefined ? undefined : ` below ${exclusiveMaximum}`,
  ];
  return parts.filter((part) => part !== undefined).join(' and');
}
