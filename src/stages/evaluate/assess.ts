import type { Comparison, Gate, MetricValue } from '../../kernel/record.ts';
import type { Context, StageResult } from '../../kernel/stage.ts';
import { incomparable, passed, type Verdict } from '../../kernel/verdict.ts';
import { findMetric, metricsOf, primaryOf } from '../../metrics/catalogue.ts';
import type { Rows, Task } from '../../metrics/metric.ts';
import { count, difference, estimate } from '../../statistics/figure-text.ts';
import { gateVerdict } from '../gates.ts';
import type { Judged } from '../judged-rows.ts';
import { compareWithChampion } from './compare-with-champion.ts';
import { confusionTables, curvesOf } from './curves-of.ts';
import type { EvaluateInputs } from './inputs.ts';
import { judgeGates } from './judge-gates.ts';
import { measure } from './measure.ts';

const PARTS = ['test', 'oot'] as const;

export type EvaluateResult = StageResult<'primary' | 'value' | 'threshold' | 'champion-threshold' | 'better' | 'evaluation'>;

export interface Assessment {
  readonly task: Task;
  readonly inputs: EvaluateInputs;
  /** The candidate on the test rows. */
  readonly test: Judged<Rows>;
  /** Reads other predictions the same way: those of the out-of-time rows. */
  readonly judge: (rows: string | undefined, predictions: string) => Promise<Judged<Rows>>;
  /** Reads the champion's predictions, where they are read in another way: at its own threshold. */
  readonly judgeChampion?: Assessment['judge'];
  /** Metrics shown besides those asked for. */
  readonly beside?: readonly string[];
}

/** Metrics with intervals, gates and the comparison with the champion: the same for every task. */
export async function assess(
  { task, inputs, test, judge, judgeChampion = judge, beside = [] }: Assessment,
  { signal, run, log }: Pick<Context, 'signal' | 'run' | 'log'>,
): Promise<EvaluateResult> {
  const primary = findMetric(task, inputs.primary ?? primaryOf(task));
  const asked = [
    ...(inputs.metrics ?? beside),
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
    judge: judgeChampion,
    seed: run.seed,
    signal,
    progress: (share) => log.progress(0.7 + share * 0.3, 'comparison'),
  });
  const curves = curvesOf(test.rows, champion);

  const main = metrics.find(({ name, split }) => name === primary.name && split === 'test');
  return {
    verdict: verdictOf(gates, comparison),
    found: foundText(primary.name, main, comparison),
    outputs: {
      primary: primary.name,
      ...(main?.value !== undefined && { value: main.value }),
      ...(comparison && { better: comparison.verdict }),
    },
    metrics,
    gates,
    ...(comparison && { comparison }),
    tables: confusionTables(test.rows),
    curves,
  };
}

function verdictOf(gates: readonly Gate[], comparison: Comparison | undefined): Verdict {
  const missed = gateVerdict(gates);
  if (missed) return missed;
  if (comparison?.verdict === 'incomparable')
    return incomparable(comparison.reason?.code ?? 'incomparable', comparison.reason?.text ?? 'The champion could not be compared with.');
  return passed;
}

function foundText(name: string, main: MetricValue | undefined, comparison: Comparison | undefined): string {
  const value =
    main?.value === undefined ? `${name} could not be computed` : `${name} ${estimate(main.value, main.interval)} on ${count(main.n)} rows`;
  if (!comparison) return value;
  const than = { better: 'better than', 'not-better': 'not better than', incomparable: 'incomparable with' }[comparison.verdict];
  const { primary, guards } = comparison;
  const broken = guards.find(({ verdict }) => verdict === 'worse' || verdict === 'not-better');
  const said = primary?.verdict === 'better' && broken ? broken : primary;
  const gap = said ? ` (${said === primary ? 'difference' : said.metric} ${difference(said.difference, said.interval)})` : '';
  return `${value}; ${than} version ${comparison.champion}${gap}`;
}
