import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { UserError } from '../kernel/errors.ts';
import type { SqlEngines } from '../providers/engines/engine.ts';
import type { Data } from '../providers/sources/source.ts';
import { structureBucket } from '../sql/complexity.ts';
import type { Dialect } from '../sql/dialect.ts';
import { spiderHardness } from '../sql/spider/evaluate.ts';
import { readSpiderSchema, type SpiderSchema } from '../sql/spider/schema.ts';
import { BadInput } from '../tables/bad-input.ts';
import type { ComplexityScheme } from './complexity-schemes.ts';
import type { SqlRows } from './sql-rows.ts';

interface Means {
  readonly engines: SqlEngines;
  readonly dialect: Dialect;
  readonly schemaOf?: SchemaOf;
  readonly signal: AbortSignal;
}

/** The schema of a row's database, for what Spider's evaluator defines. */
export type SchemaOf = (row: number) => SpiderSchema | undefined;

/** Each row's label by one scheme for all rows: its column, the structure of the expected SQL, or Spider's hardness. */
export async function complexityLabels(rows: SqlRows, scheme: ComplexityScheme, means: Means): Promise<(string | undefined)[]> {
  switch (scheme) {
    case 'column':
      if (!rows.labelled)
        throw new BadInput('no-column', 'no row has a label of complexity.', {}, 'Name the column, or use `complexity: structure`.');
      return rows.texts.map(({ complexity }) => complexity);
    case 'spider':
      return rows.texts.map(({ expected }, row) => hardness(expected, means.schemaOf?.(row), row));
    default:
      if (scheme === 'column-or-structure' && rows.labelled) return rows.texts.map(({ complexity }) => complexity);
      return structures(rows, means);
  }
}

async function structures(rows: SqlRows, { engines, dialect, signal }: Means): Promise<string[]> {
  const judge = await engines.open({ dialect, engine: 'auto' }, signal);
  try {
    const labels: string[] = [];
    for await (const features of judge.features(rows.texts.map(({ expected }) => expected))) labels.push(structureBucket(features));
    return labels;
  } finally {
    await judge.close();
  }
}

function hardness(expected: string, schema: SpiderSchema | undefined, row: number): string {
  if (!schema)
    throw new BadInput(
      'spider-schema',
      'no schema for this row; hardness needs one.',
      { row: row + 1 },
      'Give `schemas` and a `db_id` column.',
    );
  const found = spiderHardness(expected, schema);
  return 'hardness' in found ? found.hardness : 'unparsed';
}

const schemaFile = z.array(
  z.object({
    db_id: z.string(),
    table_names_original: z.array(z.string()),
    column_names_original: z.array(z.tuple([z.number(), z.string()])),
    foreign_keys: z.array(z.tuple([z.number(), z.number()])),
  }),
);

/** Schemas of Spider's `tables.json` by `db_id`; undefined without a reference. */
export async function readSchemas(
  reference: string | undefined,
  source: Pick<Data, 'fetch'>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, SpiderSchema> | undefined> {
  if (reference === undefined) return undefined;
  const [file] = await source.fetch(reference, signal);
  const entries = schemaFile.safeParse(parsed(await readFile(file!.path, 'utf8')));
  if (!entries.success)
    throw new UserError('bad-schemas', `${reference} is not a list of schemas: ${z.prettifyError(entries.error)}`, {
      todo: "Give Spider's tables.json, or a file of the same form.",
    });
  return new Map(entries.data.map((entry) => [entry.db_id, readSpiderSchema(entry)]));
}

/** Looks up each row's schema by the name of its database. */
export const schemasOf =
  (schemas: ReadonlyMap<string, SpiderSchema> | undefined, databases: SqlRows['databases']): SchemaOf =>
  (row) =>
    schemas?.get(databases[row] ?? '');

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
