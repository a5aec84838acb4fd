import { z } from 'zod';
import { parseThreshold } from '../metrics/threshold.ts';

/** A threshold as users write it; what it cannot be is said when the file is read. */
export const thresholdInput = z.union([z.string(), z.number()]).check((context) => {
  try {
    parseThreshold(context.value);
  } catch (error) {
    context.issues.push({ code: 'custom', message: error instanceof Error ? error.message : String(error), input: context.value });
  }
});

/** Thresholds by metric: `auc_roc: ">= 0.80"`, or with the way they are judged. */
export const gateInputs = z
  .record(
    z.string(),
    z.union([
      thresholdInput,
      z.strictObject({
        threshold: thresholdInput.describe('Operator and number, e.g. `>= 0.80`.'),
        judge: z
          .enum(['point', 'interval'])
          .optional()
          .describe('`point` looks at the value, `interval` at its whole interval. Absent: `point` in evaluate, `interval` in bias-check.'),
      }),
    ]),
  )
  .default({});
export type GateInputs = z.output<typeof gateInputs>;
