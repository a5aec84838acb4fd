import { z } from 'zod';
import { BadInput } from './bad-input.ts';

export const DATASET_SCHEMA = 'retrain/dataset/1';

const types = z.enum(['number', 'integer', 'boolean', 'date', 'timestamp', 'text']);

/** What fetch-data hands on: which bytes, by digest, and how they are to be read. The bytes themselves lie in a cache. */
const datasetSchema = z.strictObject({
  schema: z.literal(DATASET_SCHEMA),
  source: z.string(),
  files: z
    .array(
      z.strictObject({
        name: z.string(),
        sha256: z.string(),
        bytes: z.int().min(0),
        /** Where it came from, when that was a store in the network, and its generation there. */
        uri: z.string().optional(),
        generation: z.string().optional(),
      }),
    )
    .min(1),
  read: z.strictObject({
    format: z.enum(['csv', 'tsv', 'json', 'jsonl', 'parquet']).optional(),
    delimiter: z.string().optional(),
    encoding: z.string().optional(),
    missing: z.array(z.string()).optional(),
    types: z.record(z.string(), types).optional(),
    'on-bad-row': z.enum(['error', 'count']).optional(),
    dates: z.record(z.string(), z.string()).optional(),
    'max-record-bytes': z.int().min(1).optional(),
  }),
  columns: z
    .strictObject({
      keep: z.array(z.string()).optional(),
      drop: z.array(z.string()).optional(),
      rename: z.record(z.string(), z.string()).optional(),
    })
    .optional(),
});
export type Dataset = z.infer<typeof datasetSchema>;

/** Reads what was written as `dataset.json`; anything else is a `BadInput` `not-a-dataset`. */
export function readDataset(text: string, file: string): Dataset {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const parsed = datasetSchema.safeParse(value);
  if (!parsed.success)
    throw new BadInput(
      'not-a-dataset',
      `expected a data set as fetch-data writes it (${DATASET_SCHEMA}).`,
      { file },
      'Run fetch-data again.',
    );
  return parsed.data;
}
