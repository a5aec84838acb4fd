import { UserError } from '../../kernel/errors.ts';
import { defineStage } from '../../kernel/stage.ts';
import { engines } from '../../providers/engines/engine.ts';
import { data } from '../../providers/sources/source.ts';
import { checkEvaluation } from './check-evaluation.ts';
import { evaluateInputs } from './inputs.ts';

export const evaluate = defineStage({
  name: 'evaluate',
  summary: 'Measure the candidate on rows it has not seen, hold it against the gates, and compare it with the champion on the same rows.',
  inputs: evaluateInputs,
  outputs: {
    primary: 'Name of the primary metric.',
    value: 'Its value on the test rows.',
    threshold: 'Score from which a row counted as positive.',
    'champion-threshold': 'The same for the champion: its own, kept with the version. Absent without a champion.',
    better: 'What the comparison said: `better`, `not-better` or `incomparable`; absent without a champion.',
    evaluation: 'For SQL: every row with expected and predicted SQL, label of complexity and scores, as CSV.',
  },
  keeps: ['evaluation'],
  needs: { data, engines },
  check: checkEvaluation,

  async run(inputs, { data, engines }, context) {
    if (inputs.task === 'text-to-sql') return (await import('./text-to-sql.ts')).evaluateSql(inputs, { data, engines }, context);
    if (!['classification', 'text-classification', 'regression'].includes(inputs.task)) {
      throw new UserError('unsupported-task', `evaluate measures classification, regression and text-to-SQL; task is ${inputs.task}.`, {
        todo: 'Give evaluate the predictions of a trainer for one of these tasks.',
      });
    }
    return (await import('./table.ts')).evaluateTable(inputs, { data }, context);
  },
});
