import { UserError } from '../../kernel/errors.ts';
import { defineStage } from '../../kernel/stage.ts';
import { skipped } from '../../kernel/verdict.ts';
import { engines } from '../../providers/engines/engine.ts';
import { data } from '../../providers/sources/source.ts';
import { checkBias } from './check-bias.ts';
import { biasInputs } from './inputs.ts';

export const biasCheck = defineStage({
  name: 'bias-check',
  summary: 'Measure the candidate on groups of rows, and hold the gaps between groups against the gates.',
  inputs: biasInputs,
  outputs: {
    groups: 'Groups that were judged.',
    'too-few': 'Groups too small to be judged.',
    'per-bucket': 'For SQL: `per_bucket_complexity_eval.csv`, exact match and token F1 by complexity.',
    distribution: 'For SQL: `sql_complexity_distribution.csv`.',
  },
  keeps: ['per-bucket', 'distribution'],
  needs: { data, engines },
  check: checkBias,

  async run(inputs, { data, engines }, context) {
    if (inputs.task === 'text-to-sql') return (await import('./complexity.ts')).biasOfComplexity(inputs, { data, engines }, context);
    if (inputs.slices.length === 0)
      return { verdict: skipped('no-slices', 'bias-check.slices names no column to slice by.'), found: 'no slices' };
    if (!['classification', 'text-classification', 'regression'].includes(inputs.task)) {
      throw new UserError('unsupported-task', `bias-check slices classification, regression and text-to-SQL; task is ${inputs.task}.`);
    }
    return (await import('./groups.ts')).biasOfGroups(inputs, { data }, context);
  },
});
