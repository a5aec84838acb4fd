import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly nullable?: boolean;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

interface Golden {
  readonly endpoints: Readonly<Record<string, { readonly status: number; readonly schema: Schema }>>;
  readonly components: Readonly<Record<string, Schema>>;
}

/** What GitHub itself says of its replies: tools/golden/github-schemas.ts. */
const golden = JSON.parse(readFileSync(join(import.meta.dirname, 'golden', 'github-schemas.json'), 'utf8')) as Golden;
// "Upload a release asset" in GitHub's reference names a third state, of an upload that was cut; the description of the reply forgets it.
(golden.components['release-asset']!.properties!.state!.enum as unknown[]).push('starter');
const ajv = new Ajv({ strict: false, schemas: [{ $id: 'github', components: nullsAllowed(golden.components) }] });
formats.default(ajv);

const endpoints = Object.entries(golden.endpoints).map(([name, { status, schema }]) => {
  const [method = '', path = ''] = name.split(' ');
  return {
    name,
    method,
    path: new RegExp(
      `^${path
        .replaceAll('.', '\\.')
        .replace(/\{ref\}/g, '.+')
        .replace(/\{\w+\}/g, '[^/]+')}$`,
    ),
    status,
    schema,
  };
});
const validators = new Map<string, ValidateFunction>();

/**
 * A reply as GitHub gives it: what the stand-in says, and every other field that GitHub's own description requires. Throws where the two do
 * not fit: a field GitHub does not know, another type, another status.
 */
export function replyOf(method: string, path: string, status: number, value: unknown): unknown {
  const endpoint = endpoints.find((one) => one.method === method && one.path.test(path));
  if (!endpoint) return value;
  const { name, schema } = endpoint;
  if (endpoint.status !== status) throw new Error(`${name} is answered with ${endpoint.status}, not ${status}.`);
  const reply = completed(schema, value, name);
  const validate = validators.get(name) ?? ajv.compile(absolute(nullsAllowed(schema)) as Schema);
  validators.set(name, validate);
  if (!validate(reply)) throw new Error(`${name}: ${ajv.errorsText(validate.errors)}`);
  return reply;
}

/** References of an endpoint's schema lead to the components that were added by name. */
const absolute = (schema: unknown): unknown => JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"github#/components/'));

/** `nullable` as JSON Schema says it. */
function nullsAllowed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(nullsAllowed);
  if (typeof value !== 'object' || value === null) return value;
  const { nullable, ...schema } = Object.fromEntries(Object.entries(value).map(([key, member]) => [key, nullsAllowed(member)]));
  return nullable === true ? { anyOf: [schema, { type: 'null' }] } : schema;
}

function completed(schema: Schema, value: unknown, where: string): unknown {
  const { type, nullable, properties, items, required = [], ...other } = resolve(schema);
  if (value === undefined) return example({ type, nullable, properties, items, required, ...other }, where);
  if (Array.isArray(value)) return items ? value.map((item) => completed(items, item, `${where}[]`)) : value;
  if (typeof value !== 'object' || value === null || !properties) return value;
  const stray = Object.keys(value).find((key) => !(key in properties));
  if (stray !== undefined) throw new Error(`${where}.${stray}: GitHub knows no such field.`);
  const names = new Set([...Object.keys(value), ...required]);
  return Object.fromEntries(
    [...names]
      .map((key) => [key, completed(properties[key]!, (value as Record<string, unknown>)[key], `${where}.${key}`)] as const)
      .filter(([key, member]) => member !== undefined || required.includes(key)),
  );
}

function example(schema: Schema, where: string): unknown {
  const { type, nullable, format } = schema;
  const types = [type].flat();
  if (nullable || types.includes('null')) return null;
  if (schema.enum) return schema.enum[0];
  switch (types[0]) {
    case 'string':
      return format === 'date-time' ? '2026-01-01T00:00:00Z' : format === 'uri' ? 'https://api.github.com/' : '';
    case 'integer':
    case 'number':
      return 0;
    case 'boolean':
      return false;
    case 'array':
      return [];
    default:
      return schema.properties ? completed(schema, {}, where) : {};
  }
}

/** The schema behind a reference; of several forms the first that is no null, with the null remembered. */
function resolve(schema: Schema): Schema {
  if (schema.$ref !== undefined) return resolve(golden.components[schema.$ref.split('/').at(-1)!]!);
  const forms = schema.anyOf ?? schema.oneOf;
  if (forms) return { nullable: forms.some(({ type }) => type === 'null'), ...resolve(forms.find(({ type }) => type !== 'null')!) };
  if (schema.allOf?.length === 1) return { ...resolve(schema.allOf[0]!), ...(schema.nullable && { nullable: true }) };
  return schema;
}
