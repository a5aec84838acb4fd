import { BadInput } from './bad-input.ts';
import { nearest } from './nearest.ts';
import type { BatchOptions, Schema, Table } from './table.ts';

/** How columns are chosen and named: `keep` alone selects, `drop` leaves out, `rename` is old name → new name. */
export interface ColumnChoice {
  readonly keep?: readonly string[];
  readonly drop?: readonly string[];
  readonly rename?: Readonly<Record<string, string>>;
}

/** The table with columns selected and renamed; names in `keep` and `drop` are the old ones. Streams, copies nothing. */
export function chooseColumns(table: Table, { keep, drop = [], rename = {} }: ColumnChoice): Table {
  const names = table.schema.map(({ name }) => name);
  for (const [where, name] of [
    ...(keep ?? []).map((name) => ['keep', name] as const),
    ...drop.map((name) => ['drop', name] as const),
    ...Object.keys(rename).map((name) => ['rename', name] as const),
  ]) {
    if (names.includes(name)) continue;
    const near = nearest(name, names);
    throw new BadInput(
      'unknown-column',
      `${where}: there is no column "${name}".${near ? ` Did you mean "${near}"?` : ''}`,
      { file: table.name },
      `There are ${names.join(', ')}.`,
    );
  }
  const kept = (keep ?? names).filter((name) => !drop.includes(name));
  const newName = (name: string) => (Object.hasOwn(rename, name) ? rename[name]! : name);
  const schema: Schema = kept.map((name) => ({ name: newName(name), type: table.schema.find((field) => field.name === name)!.type }));
  const repeated = schema.find(({ name }, position) => schema.findIndex((field) => field.name === name) !== position);
  if (repeated) throw new BadInput('duplicate-column', `Two columns would be called "${repeated.name}".`, { file: table.name });
  const oldName = new Map(schema.map(({ name }, position) => [name, kept[position]!]));
  return {
    name: table.name,
    schema,
    async *batches(options?: BatchOptions) {
      const wanted = options?.columns ?? schema.map(({ name }) => name);
      const unknown = wanted.find((name) => !oldName.has(name));
      if (unknown !== undefined) throw new BadInput('unknown-column', `There is no column "${unknown}".`, { file: table.name });
      const pictured = wanted.map((name) => schema.find((field) => field.name === name)!);
      const columns = wanted.map((name) => oldName.get(name)!);
      for await (const batch of table.batches({ ...options, columns })) yield { ...batch, schema: pictured };
    },
  };
}
