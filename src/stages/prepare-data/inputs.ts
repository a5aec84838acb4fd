import { z } from 'zod';
import { wired } from '../../kernel/inputs.ts';
import { sharedKeys } from '../../pipeline/shared-keys.ts';
import { preparationShape } from '../../tables/preparation/preparation-schema.ts';
import { splitSchema } from '../../tables/split-schema.ts';
import { readInputs } from '../read-inputs.ts';

const leakageInputs = z
  .strictObject({
    entities: z
      .array(z.string())
      .default([])
      .describe('Columns whose values must not be in training and judging rows alike, e.g. a patient.'),
    texts: z
      .array(z.string())
      .optional()
      .describe('Text columns whose texts must not be in training and judging rows alike. Absent: the question of text-to-SQL, else none.'),
    'on-leakage': z
      .enum(['warn', 'fail', 'off'])
      .default('warn')
      .describe('What a finding means: a warning in the record, a red run, or that nobody looks.'),
  })
  .prefault({})
  .describe('Looking for rows in two parts and for features that are the target in disguise.');
export type LeakageInputs = z.output<typeof leakageInputs>;

export const prepareInputs = {
  task: sharedKeys.task,
  target: sharedKeys.target,
  key: sharedKeys.key.optional(),
  data: wired('fetch-data.data', z.string().describe('The data: path, pattern, or what fetch-data left.'), { overridable: true }),
  read: wired('config.fetch-data.read', readInputs),
  split: splitSchema,
  ...preparationShape,
  passthrough: z
    .array(z.string())
    .optional()
    .describe(
      'Columns handed on untouched, e.g. the text of a text task; `"*"` for all. Absent: for text-to-SQL all but key, target, `drop` and the label of complexity, else none.',
    ),
  leakage: leakageInputs,
  champion: wired(
    'fetch-model.champion',
    z.string().optional().describe('Folder of the champion, to prepare the same rows for it. Absent: there is none.'),
  ),
};
export type PrepareInputs = z.output<z.ZodObject<typeof prepareInputs>>;
