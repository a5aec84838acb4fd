import { z } from 'zod';

/** Version of the trainer contract (docs/trainer-contract.md). */
export const TRAINER_CONTRACT = 1;

const text = z.string().min(1);
const path = text.describe('Relative to the folder job.json lies in.');

const part = z.strictObject({
  path,
  format: z.enum(['csv']).describe('RFC 4180, UTF-8, with a header.'),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional()
    .describe('Digest of the file. Absent: not known.'),
  rows: z.int().min(0).optional().describe('Rows of the part. Absent: not known.'),
});

const shared = {
  contract: z.literal(TRAINER_CONTRACT).describe('Version of the contract this job is written for.'),
  task: text.describe('classification, regression, …'),
  algorithm: text.describe('One of those `describe` names.'),
  parameters: z
    .record(z.string(), z.unknown())
    .default({})
    .describe('Parameters the user gave, by the names `describe` gives; the trainer adds its defaults.'),
  seed: z.int().min(0).max(Number.MAX_SAFE_INTEGER).describe('Every random number follows from it.'),
  key: text.describe('Column that identifies a row; it is in every part and every prediction file.'),
  target: z
    .strictObject({
      column: text.describe('Column to predict.'),
      classes: z.array(z.string()).optional().describe('All labels, in the order of the probabilities. Absent: the target is a number.'),
      positive: z.string().optional().describe('Label that counts as positive. Absent: there are not two classes.'),
    })
    .optional()
    .describe('Absent for tasks without a target.'),
  features: z.array(text).describe('Columns to learn from, in order.'),
  output: path.describe('Folder the trainer writes to, relative to the folder job.json lies in.'),
  device: z.enum(['cpu', 'gpu']).describe('Where to compute.'),
  threads: z.int().min(1).describe('Threads the trainer may use.'),
  seconds_left: z.number().min(0).optional().describe('Time until the job is stopped. Absent: no limit.'),
};

/** What a trainer is handed as job.json. */
export const trainerJobSchema = z.discriminatedUnion('verb', [
  z.strictObject({
    verb: z.literal('fit'),
    ...shared,
    search: z
      .strictObject({
        method: z.enum(['none', 'random']).describe('`none` cross-validates the parameters given; `random` tries others.'),
        trials: z.int().min(1).optional().describe('Parameter sets to try. Absent: the trainer decides, or there is nothing to try.'),
        folds: z.int().min(0).describe('Folds of the cross-validation; 0: none.'),
        metric: text.optional().describe('Metric that chooses. Absent: the trainer decides.'),
        cv: z.enum(['stratified', 'time-series', 'validation']).describe('How folds are made, or `validation` for a part of that name.'),
        space: z
          .record(z.string(), z.record(z.string(), z.unknown()))
          .optional()
          .describe('Search space by parameter. Absent: that of the trainer.'),
      })
      .optional()
      .describe('Absent: the parameters are used as they are.'),
    parts: z.record(z.string(), part).describe('`train`, and `validation` where the search asks for it.'),
    base: path.nullable().describe('Model folder to start from; null to start anew.'),
  }),
  z.strictObject({
    verb: z.literal('predict'),
    ...shared,
    model: path.describe('Folder a fit wrote, relative to the folder job.json lies in.'),
    parts: z.strictObject({ predict: part }).describe('The rows to predict.'),
  }),
]);
