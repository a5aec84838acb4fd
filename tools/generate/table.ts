import { expectation, type JsonSchema } from '../../src/pipeline/shape.ts';

/** A Markdown table; cells may hold any text. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

const cell = (text: string) =>
  text
    .replaceAll('|', '\\|')
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim();

export const code = (text: string) => (text === '' ? '' : `\`${text}\``);

/** A key of a schema and the keys inside it, one row each, inner ones dotted. */
export interface KeyRow {
  readonly key: string;
  readonly type: string;
  readonly default: string;
  readonly description: string;
}

/** Rows of all keys of a mapping, in the order they are declared. */
export function keyRows(schema: JsonSchema, prefix = ''): KeyRow[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const key = prefix + name;
    return [
      { key, type: expectation(property), default: defaultText(name, property, schema), description: property.description ?? '' },
      ...innerRows(property, key),
    ];
  });
}

function innerRows(schema: JsonSchema, key: string): KeyRow[] {
  const options = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  return [
    ...keyRows(schema, `${key}.`),
    ...(typeof schema.additionalProperties === 'object' ? innerRows(schema.additionalProperties, `${key}.NAME`) : []),
    ...(schema.items === undefined ? [] : innerRows(schema.items, `${key}[]`)),
    ...options.flatMap((option) => innerRows(option, key)),
  ];
}

function defaultText(name: string, property: JsonSchema, parent: JsonSchema): string {
  if (parent.required?.includes(name)) return 'required';
  if (property.default === undefined) return '';
  // The defaults of a mapping stand in the rows of its keys.
  if (JSON.stringify(property.default) === '{}') return '';
  return code(typeof property.default === 'string' ? property.default : JSON.stringify(property.default));
}
