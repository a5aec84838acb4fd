import { readFile } from 'node:fs/promises';
import { UserError } from '../../kernel/errors.ts';
import { defineStage } from '../../kernel/stage.ts';
import { engines } from '../../providers/engines/engine.ts';
import { data } from '../../providers/sources/source.ts';
import { classified, type JudgeOptions, regressed } from '../judged-rows.ts';
import { metricTask } from '../metric-task.ts';
import { assess } from './assess.ts';
import { checkEvaluation } from './check-evaluation.ts';
import { evaluateInputs } from './inputs.ts';
import { evaluateSql } from './text-to-sql.ts';
import { thresholdOf, thresholdOfChampion } from './threshold-of.ts';

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
    if (inputs.task === 'text-to-sql') return evaluateSql(inputs, { data, engines }, context);
    if (!['classification', 'text-classification', 'regression'].includes(inputs.task)) {
      throw new UserError('unsupported-task', `evaluate measures classification, regression and text-to-SQL; task is ${inputs.task}.`, {
        todo: 'Give evaluate the predictions of a trainer for one of these tasks.',
      });
    }
    const { signal } = context;
    const known =
      inputs.features === undefined
        ? undefined
        : (JSON.parse(await readFile(inputs.features, 'utf8')) as { target: { classes?: string[]; positive?: string } });
    // `check` lets no run of these tasks begin without.
    const target = inputs.target!;
    const options: JudgeOptions & { threshold: number } = {
      key: inputs.key,
      target: target.column,
      classes: target.classes ?? known?.target.classes,
      positive: target.positive,
      threshold: typeof inputs.threshold === 'number' ? inputs.threshold : 0.5,
      signal,
    };
    const open = (path: string) => data.open(path, {}, signal);
    options.threshold = await thresholdOf(inputs, open, options);
    const champion = await thresholdOfChampion(inputs['champion-metadata'], options.threshold);
    const judgedAt = (threshold: number) => async (rows: string | undefined, predictions: string) => {
      const [truth, predicted] = [await open(rows ?? predictions), await open(predictions)];
      return inputs.task === 'regression' ? regressed(truth, predicted, options) : classified(truth, predicted, { ...options, threshold });
    };
    const judge = judgedAt(options.threshold);
    const test = await judge(inputs.rows, inputs.predictions);
    const result = await assess(
      { task: metricTask(inputs.task, options.positive), inputs, test, judge, judgeChampion: judgedAt(champion) },
      context,
    );
    const outputs = { ...result.outputs, threshold: options.threshold };
    return { ...result, outputs: result.comparison === undefined ? outputs : { ...outputs, 'champion-threshold': champion } };
  },
});
