import { z } from 'zod';
import { wired } from '../../kernel/inputs.ts';
import type { StageResult } from '../../kernel/stage.ts';
import { sharedKeys } from '../../pipeline/shared-keys.ts';
import { gateInputs } from '../gate-inputs.ts';
import { complexityInputs } from './complexity-inputs.ts';

const sliceInputs = z
  .array(
    z
      .union([
        z.string(),
        z.strictObject({
          column: z.string().describe('Column whose values make the groups.'),
          edges: z
            .array(z.number())
            .min(1)
            .optional()
            .describe('Edges of a number column, rising; a group includes its lower edge. Absent: each value is a group.'),
        }),
      ])
      .transform((slice) =>
        typeof slice === 'string' ? { column: slice, edges: undefined } : { column: slice.column, edges: slice.edges },
      ),
  )
  .prefault([])
  .describe('Columns to slice by, e.g. `[gender, { column: age, edges: [25, 45, 65] }]`.');

export const biasInputs = {
  task: sharedKeys.task,
  target: sharedKeys.target.optional(),
  key: sharedKeys.key.optional(),
  slices: sliceInputs,
  cross: z
    .array(z.tuple([z.string(), z.string()]))
    .default([])
    .describe('Pairs of slices to cross, e.g. `[[gender, SeniorCitizen]]`.'),
  metrics: z.array(z.string()).optional().describe('Metrics to show for each group. Absent: the primary metric.'),
  primary: wired('config.evaluate.primary', z.string().optional().describe('Primary metric of evaluate. Absent: that of the task.')),
  gates: gateInputs.describe(
    'Limits on the gaps between groups, by measure, e.g. `disparate_impact: ">= 0.8"`; judged on the interval unless they say otherwise. For SQL `gap`, exact match of simple minus complex queries, and `gap_f1_score`.',
  ),
  'min-group': z.int().min(1).default(30).describe('Rows below which a group is too small to be judged.'),
  'min-denominator': z.int().min(1).default(10).describe('Rows below which the denominator of a rate is too small.'),
  threshold: wired('evaluate.threshold', z.number().min(0).max(1).default(0.5).describe('Score from which a row counts as positive.')),
  predictions: wired('train.test', z.string().describe('Predictions for the test rows.')),
  rows: wired(
    'prepare-data.test-rows',
    z
      .string()
      .optional()
      .describe('The same rows with their target and the columns to slice by. Absent: they are columns of the predictions file.'),
  ),
  features: wired(
    'prepare-data.features',
    z.string().optional().describe('What prepare-data found out about the classes. Absent: they are read from the predictions.'),
  ),
  ...complexityInputs,
};
export type BiasInputs = z.output<z.ZodObject<typeof biasInputs>>;
export type BiasResult = StageResult<'groups' | 'too-few' | 'per-bucket' | 'distribution'>;
