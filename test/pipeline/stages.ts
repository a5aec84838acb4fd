import { z } from 'zod';
import { wired } from '../../src/kernel/inputs.ts';
import { defineStage, slot } from '../../src/kernel/stage.ts';
import { passed } from '../../src/kernel/verdict.ts';
import type { StageDeclarations } from '../../src/pipeline/declaration.ts';
import { duration } from '../../src/pipeline/duration.ts';
import { share } from '../../src/pipeline/share.ts';
import { sharedKeys } from '../../src/pipeline/shared-keys.ts';

const run = async () => ({ verdict: passed, found: '' });
const rule = z.strictObject({
  type: z.enum(['number', 'integer', 'text']).optional().describe('Type each value must have. Absent: any.'),
  min: z.number().optional().describe('Smallest value. Absent: none.'),
  in: z
    .array(z.union([z.string(), z.number()]))
    .optional()
    .describe('Values allowed. Absent: all.'),
});

/** Small stages with every kind of input the real ones have. */
export const stages: StageDeclarations = {
  'fetch-data': defineStage({
    name: 'fetch-data',
    summary: 'Bring the data here.',
    inputs: {
      source: z.string().min(1).describe('Path, glob or URI of the data.'),
      window: z
        .union([z.literal('all'), z.strictObject({ last: duration().describe('Length of time.') })])
        .prefault('all')
        .describe('Which part.'),
    },
    outputs: { data: 'The data set.' },
    needs: {},
    run,
  }),
  'validate-data': defineStage({
    name: 'validate-data',
    summary: 'Judge the data by rules.',
    inputs: {
      data: wired('fetch-data.data', z.string().describe('Data set to judge.')),
      rules: z.record(z.string(), rule).default({}).describe('Rules by column.'),
    },
    outputs: { score: 'Quality score.' },
    needs: {},
    run,
  }),
  drift: defineStage({
    name: 'drift',
    summary: 'Compare new data with what the champion learned from.',
    inputs: {
      name: sharedKeys.name.optional(),
      current: wired('fetch-data.data', z.string().describe('New data.')),
      reference: wired(
        'fetch-model.profile',
        z.string().optional().describe('Data to compare with. Absent: the profile of the champion.'),
        { overridable: true },
      ),
      threshold: share().prefault(0.5).describe('Share of drifted columns from which the data set counts as drifted.'),
      'on-drift': z.enum(['continue', 'fail']).default('continue').describe('What a drifted data set means for the run.'),
      columns: z.array(z.string()).optional().describe('Columns to compare. Absent: all features.'),
    },
    outputs: { drifted: 'true when drifted.', share: 'Share of drifted columns.' },
    needs: { registry: slot('registry') },
    check: ({ columns }) => (columns?.length === 0 ? [{ path: 'columns', message: 'expected at least one column, or no such key.' }] : []),
    run,
  }),
  train: defineStage({
    name: 'train',
    summary: 'Fit the candidates.',
    inputs: {
      task: sharedKeys.task,
      target: sharedKeys.target,
      key: sharedKeys.key.optional(),
      parts: wired('prepare-data.parts', z.string().describe('Folder with the parts.')),
      trainer: z.string().default('tabular').describe('Who fits.'),
      trials: z.int().min(1).default(20).describe('How many parameter sets are tried.'),
      params: z.record(z.string(), z.unknown()).default({}).describe('Parameters of the trainer.'),
    },
    outputs: { model: 'Folder of the model.' },
    needs: { registry: slot('registry') },
    run,
  }),
  notify: defineStage({
    name: 'notify',
    summary: 'Tell people.',
    inputs: { to: z.array(z.string()).default([]).describe('Who is told.') },
    outputs: {},
    needs: {},
    run,
  }),
};

export const churn = `version: 1
name: churn
owner: growth-team
task: classification
target: { column: Churn, positive: "Yes" }
key: customerID

fetch-data:
  source: data/*.csv
validate-data:
  rules:
    tenure: { type: integer, min: 0 }
    a.b: { in: [x, 1] }
drift:
  threshold: 30 %
`;
