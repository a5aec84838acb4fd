import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { UserError } from '../../kernel/errors.ts';
import { wired } from '../../kernel/inputs.ts';
import type { Comparison, Gate, MetricValue } from '../../kernel/record.ts';
import { defineStage } from '../../kernel/stage.ts';
import { failed, incomparable, passed, type Verdict } from '../../kernel/verdict.ts';
import { findMetric, metricsOf, primaryOf } from '../../metrics/catalogue.ts';
import { sharedKeys } from '../../pipeline/shared-keys.ts';
import { data } from '../../providers/sources/source.ts';
import { gateInputs, gatesMissed, judgeGates } from '../gates.ts';
import { classified, type JudgeOptions, regressed } from '../judged-rows.ts';
import { metricsAt, unknownMetrics } from '../metric-names.ts';
import { metricTask } from '../metric-task.ts';
import { compareWithChampion } from './compare-with-champion.ts';
import { curvesOf } from './curves-of.ts';
import { measure } from './measure.ts';

const PARTS = ['test', 'oot'] as const;

export const evaluate = defineStage({
  name: 'evaluate',
  summary: 'Measure the candidate on rows it has not seen, hold it against the gates, and compare it with the champion on the same rows.',
  inputs: {
    task: sharedKeys.task,
    target: sharedKeys.target,
    key: sharedKeys.key.optional(),
    primary: z
      .string()
      .optional()
      .describe('The metric that decides. Absent: auc_roc for two classes, f1_macro for more, rmse for a regression.'),
    metrics: z.array(z.string()).optional().describe('Metrics to report. Absent: all that the task and the predictions allow.'),
    gates: gateInputs.describe('Thresholds the candidate must keep, by metric, e.g. `auc_roc: ">= 0.80"`.'),
    threshold: z.number().min(0).max(1).default(0.5).describe('Score from which a row counts as positive (two classes).'),
    alpha: z.number().gt(0).lt(0.5).default(0.05).describe('Error probability of the comparison; intervals have level 1 - alpha.'),
    margin: wired(
      'config.promote.margin',
      z.number().min(0).default(0).describe('How much worse the primary metric may be and still count as better.'),
    ),
    guards: wired(
      'config.promote.guards',
      z.record(z.string(), z.number().min(0)).default({}).describe('Metrics that must not be worse than the champion by more than this.'),
    ),
    'promotion-gates': wired(
      'config.promote.gates',
      z
        .record(z.string(), z.union([z.string(), z.number()]))
        .default({})
        .describe('Gates of promote, so that their metrics are measured.'),
    ),
    predictions: wired('train.test', z.string().describe('Predictions for the test rows: key, predicted, p:<class> or score.')),
    rows: wired(
      'prepare-data.test-rows',
      z.string().optional().describe('The same rows with their target. Absent: the target is a column of the predictions file.'),
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
      z
        .string()
        .optional()
        .describe("The champion's predictions for the same rows. Absent: there is no champion, or it could not be asked."),
    ),
    'champion-problem': wired(
      'train.champion-problem',
      z.string().optional().describe('Why the champion could not be asked. Absent: it could.'),
    ),
    'champion-version': wired('fetch-model.version', z.int().optional().describe('Number of the champion. Absent: there is none.')),
    'left-out': wired('prepare-data.left-out', z.string().optional().describe('Keys of rows the champion was trained on. Absent: none.')),
  },
  outputs: {
    primary: 'Name of the primary metric.',
    value: 'Its value on the test rows.',
    better: 'What the comparison said: `better`, `not-better` or `incomparable`; absent without a champion.',
  },
  needs: { data },
  check: (inputs) =>
    unknownMetrics(inputs, [['primary', inputs.primary], ...metricsAt('metrics', inputs.metrics), ...metricsAt('gates', inputs.gates)]),

  async run(inputs, { data }, { signal, run, log }) {
    const known =
      inputs.features === undefined
        ? undefined
        : (JSON.parse(await readFile(inputs.features, 'utf8')) as { target: { classes?: string[]; positive?: string } });
    const options: JudgeOptions = {
      key: inputs.key,
      target: inputs.target.column,
      classes: inputs.target.classes ?? known?.target.classes,
      positive: inputs.target.positive,
      threshold: inputs.threshold,
      signal,
    };
    const open = (path: string) => data.open(path, {}, signal);
    const judge = async (rows: string | undefined, predictions: string) => {
      const [truth, predicted] = [await open(rows ?? predictions), await open(predictions)];
      return inputs.task === 'regression' ? regressed(truth, predicted, options) : classified(truth, predicted, options);
    };
    if (!['classification', 'text-classification', 'regression'].includes(inputs.task)) {
      throw new UserError('unsupported-task', `evaluate measures classification and regression; task is ${inputs.task}.`, {
        todo: 'Give evaluate the predictions of a trainer for one of these tasks.',
      });
    }

    const test = await judge(inputs.rows, inputs.predictions);
    const task = metricTask(inputs.task, options.positive);
    const primary = findMetric(task, inputs.primary ?? primaryOf(task));
    const asked = [
      ...(inputs.metrics ?? []),
      ...Object.keys(inputs.gates),
      ...Object.keys(inputs.guards),
      ...Object.keys(inputs['promotion-gates']),
    ];
    const chosen = metricsOf(test.rows, [primary.name, ...asked], inputs.metrics === undefined);
    const level = 1 - inputs.alpha;

    const metrics: MetricValue[] = await measure(chosen, test.rows, {
      split: 'test',
      level,
      seed: run.seed,
      signal,
      progress: (share) => log.progress(share * 0.7, 'intervals'),
    });
    if (inputs['oot-predictions'] !== undefined) {
      const oot = await judge(inputs['oot-rows'], inputs['oot-predictions']);
      metrics.push(...(await measure(chosen, oot.rows, { split: 'oot', level, seed: run.seed, signal, progress: () => undefined })));
    }
    const gates: Gate[] = PARTS.flatMap((split) =>
      judgeGates(
        inputs.gates,
        metrics.filter((metric) => metric.split === split),
        split,
        task,
      ),
    );

    const { comparison, champion } = await compareWithChampion({
      ...inputs,
      task,
      testRows: inputs.rows,
      primary,
      test,
      judge,
      seed: run.seed,
      signal,
      progress: (share) => log.progress(0.7 + share * 0.3, 'comparison'),
    });
    const curves = curvesOf(test.rows, champion);

    const main = metrics.find(({ name, split }) => name === primary.name && split === 'test');
    const outputs = {
      primary: primary.name,
      ...(main?.value !== undefined && { value: main.value }),
      ...(comparison && { better: comparison.verdict }),
    };
    return {
      verdict: verdictOf(gates, comparison),
      found: foundText(primary.name, main, comparison),
      outputs,
      metrics,
      gates,
      ...(comparison && { comparison }),
      curves,
    };
  },
});

function verdictOf(gates: readonly Gate[], comparison: Comparison | undefined): Verdict {
  const missed = gatesMissed(gates);
  if (missed) return missed.verdict === 'failed' ? failed('gate-missed', missed.text) : incomparable('uncertain', missed.text);
  if (comparison?.verdict === 'incomparable')
    return incomparable(comparison.reason?.code ?? 'incomparable', comparison.reason?.text ?? 'The champion could not be compared with.');
  return passed;
}

function foundText(name: string, main: MetricValue | undefined, comparison: Comparison | undefined): string {
  const interval = main?.interval ? ` [${main.interval.low.toFixed(3)}, ${main.interval.high.toFixed(3)}]` : '';
  const value =
    main?.value === undefined ? `${name} could not be computed` : `${name} ${main.value.toFixed(3)}${interval} on ${main.n} rows`;
  if (!comparison) return value;
  const difference = comparison.primary
    ? ` (difference ${comparison.primary.difference >= 0 ? '+' : ''}${comparison.primary.difference.toFixed(4)})`
    : '';
  return `${value}; ${comparison.verdict} than version ${comparison.champion}${difference}`;
}
