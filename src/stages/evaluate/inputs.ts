import { z } from 'zod';
import { wired } from '../../kernel/inputs.ts';
import { sharedKeys } from '../../pipeline/shared-keys.ts';
import { gateInputs } from '../gate-inputs.ts';
import { sqlInputs } from './sql-inputs.ts';

export const evaluateInputs = {
  task: sharedKeys.task,
  target: sharedKeys.target.optional(),
  key: sharedKeys.key.optional(),
  primary: z
    .string()
    .optional()
    .describe('The metric that decides. Absent: auc_roc for two classes, f1_macro for more, rmse for a regression, exact_match for SQL.'),
  metrics: z.array(z.string()).optional().describe('Metrics to report. Absent: all that the task and the predictions allow.'),
  gates: gateInputs.describe('Thresholds the candidate must keep, by metric, e.g. `auc_roc: ">= 0.80"`.'),
  threshold: z
    .union([z.number().min(0).max(1), z.enum(['youden', 'f1'])])
    .default(0.5)
    .describe(
      'Score from which a row counts as positive (two classes): a number, or tuned on the validation rows alone: `youden` (largest true minus false positive rate) or `f1`.',
    ),
  alpha: z.number().gt(0).lt(0.5).default(0.05).describe('Error probability of the comparison; intervals have level 1 - alpha.'),
  margin: wired(
    'config.promote.margin',
    z.number().min(0).default(0).describe('How much worse the primary metric may be and still count as better.'),
  ),
  guards: wired(
    'config.promote.guards',
    z
      .record(z.string(), z.number().min(0))
      .default({})
      .describe('Metrics that must not be worse than the champion by more than this. None by default; for SQL `f1_score: 0.01`.'),
  ),
  'promotion-gates': wired(
    'config.promote.gates',
    z
      .record(z.string(), z.union([z.string(), z.number()]))
      .default({})
      .describe('Gates of promote, so that their metrics are measured.'),
  ),
  predictions: wired(
    'train.test',
    z.string().describe('Predictions for the test rows: key, predicted, p:<class> or score; for SQL key and predicted_sql.'),
  ),
  rows: wired(
    'prepare-data.test-rows',
    z.string().optional().describe('The same rows with their target. Absent: the target is a column of the predictions file.'),
  ),
  'validation-predictions': wired(
    'train.validation',
    z.string().optional().describe('Predictions for the validation rows. Absent: a threshold cannot be tuned.'),
  ),
  'validation-rows': wired(
    'prepare-data.validation-rows',
    z.string().optional().describe('The validation rows with their target. Absent: a threshold cannot be tuned.'),
  ),
  'oot-predictions': wired(
    'train.oot',
    z.string().optional().describe('Predictions for the out-of-time rows. Absent: there is no such part.'),
  ),
  'oot-rows': wired(
    'prepare-data.oot-rows',
    z.string().optional().describe('The out-of-time rows with their target. Absent: there is no such part.'),
  ),
  features: wired(
    'prepare-data.features',
    z.string().optional().describe('What prepare-data found out about the classes. Absent: they are read from the predictions.'),
  ),
  'champion-predictions': wired(
    'train.champion-test',
    z.string().optional().describe("The champion's predictions for the same rows. Absent: there is no champion, or it could not be asked."),
  ),
  'champion-problem': wired(
    'train.champion-problem',
    z.string().optional().describe('Why the champion could not be asked. Absent: it could.'),
  ),
  'champion-version': wired('fetch-model.version', z.int().optional().describe('Number of the champion. Absent: there is none.')),
  'champion-metadata': wired(
    'fetch-model.metadata',
    z
      .string()
      .optional()
      .describe(
        'What the registry knows of the champion, as JSON: the threshold it was judged at. Absent: it is held to the threshold of the candidate.',
      ),
  ),
  'left-out': wired('prepare-data.left-out', z.string().optional().describe('Keys of rows the champion was trained on. Absent: none.')),
  ...sqlInputs,
};
export type EvaluateInputs = z.output<z.ZodObject<typeof evaluateInputs>>;
