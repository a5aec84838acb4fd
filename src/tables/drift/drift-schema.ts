import { z } from 'zod';

export const DRIFT_METHODS = ['psi', 'ks', 'chi2', 'js', 'hellinger', 'tv', 'wasserstein', 'evidently'] as const;
export type DriftMethod = (typeof DRIFT_METHODS)[number];

/** How two profiles are compared: spread into the inputs of the stage `drift`. */
export const driftShape = {
  method: z
    .enum(DRIFT_METHODS)
    .default('psi')
    .describe(
      '`psi`: population stability index. `js`, `hellinger`, `tv`: Jensen-Shannon, Hellinger, total variation. `ks`, `chi2`, `wasserstein`: a test for numbers, chi-square for categories. `evidently`: the default tests of Evidently, for migration.',
    ),
  limit: z
    .number()
    .min(0)
    .optional()
    .describe(
      'Distance from which a column may count as drifted. Default 0.1; 0.05 for `ks` and `chi2`. What chance alone explains never counts.',
    ),
  rule: z
    .enum(['column-share', 'any-column', 'max-distance'])
    .default('column-share')
    .describe(
      '`column-share`: the share of drifted columns reaches `threshold`. `any-column`: one is enough. `max-distance`: `threshold` takes the place of `limit`, one is enough.',
    ),
  threshold: z
    .number()
    .min(0)
    .default(0.5)
    .describe('Share of the feature columns, or for `max-distance` the distance, from which the data set counts as drifted.'),
  critical: z.array(z.string()).default([]).describe('Columns whose drift alone makes the data set count as drifted.'),
  ignore: z.array(z.string()).default([]).describe('Columns that are not compared.'),
} as const;

export const driftSchema = z.strictObject(driftShape);
export type DriftSpec = z.output<typeof driftSchema>;
