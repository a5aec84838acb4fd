import type { Context } from '../../kernel/stage.ts';
import type { Data } from '../../providers/sources/source.ts';
import { classified, judgeOptions, regressed } from '../judged-rows.ts';
import { metricTask } from '../metric-task.ts';
import { assess, type EvaluateResult } from './assess.ts';
import type { EvaluateInputs } from './inputs.ts';
import { thresholdOf, thresholdOfChampion } from './threshold-of.ts';

/** Metrics of predicted classes, scores or numbers; for two classes at the threshold given or tuned. */
export async function evaluateTable(inputs: EvaluateInputs, { data }: { readonly data: Data }, context: Context): Promise<EvaluateResult> {
  const { signal } = context;
  const given = typeof inputs.threshold === 'number' ? inputs.threshold : 0.5;
  const untuned = await judgeOptions(inputs, given, signal);
  const open = (path: string) => data.open(path, {}, signal);
  const options = { ...untuned, threshold: await thresholdOf(inputs, open, untuned) };
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
}
