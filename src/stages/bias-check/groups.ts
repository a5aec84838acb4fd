import type { Gate, MetricValue, RecordTable } from '../../kernel/record.ts';
import type { Context } from '../../kernel/stage.ts';
import { passed } from '../../kernel/verdict.ts';
import { findMetric, primaryOf } from '../../metrics/catalogue.ts';
import type { ClassificationRows } from '../../metrics/classification-rows.ts';
import { FAIRNESS_MEASURES, fairnessDirection } from '../../metrics/fairness.ts';
import { correctMany, type GateAmongMany } from '../../metrics/gate-corrections.ts';
import { judge } from '../../metrics/gates.ts';
import { countGroups, type GroupCounts, rateOf } from '../../metrics/group-counts.ts';
import type { Rows } from '../../metrics/metric.ts';
import { estimateSlices } from '../../metrics/slices.ts';
import { parseThreshold } from '../../metrics/threshold.ts';
import type { Data } from '../../providers/sources/source.ts';
import { type Estimate, isComputed } from '../../statistics/estimate.ts';
import { gateOf, gateVerdict } from '../gates.ts';
import { classified, judgeOptions, regressed } from '../judged-rows.ts';
import { metricTask } from '../metric-task.ts';
import type { BiasInputs, BiasResult } from './inputs.ts';
import { slicingsOf } from './slicings.ts';

const GROUP_RATES = ['selection_rate', 'true_positive_rate', 'false_positive_rate'] as const;

/** Metrics of every group of rows, and the gaps between groups held against the gates. */
export async function biasOfGroups(
  inputs: BiasInputs,
  { data }: { readonly data: Data },
  { signal, run, log }: Context,
): Promise<BiasResult> {
  const [rows, predictions] = await Promise.all(
    [inputs.rows ?? inputs.predictions, inputs.predictions].map((path) => data.open(path, {}, signal)),
  );
  const options = await judgeOptions(inputs, inputs.threshold, signal);
  const judged =
    inputs.task === 'regression' ? await regressed(rows!, predictions!, options) : await classified(rows!, predictions!, options);
  const task = metricTask(inputs.task, options.positive);
  const shown = (inputs.metrics ?? [inputs.primary ?? primaryOf(task)]).map((name) => findMetric(task, name));
  const minimums = { group: inputs['min-group'], denominator: inputs['min-denominator'] };

  const metrics: MetricValue[] = [];
  const judgedGates: (GateAmongMany & { readonly name: string; readonly slice: string })[] = [];
  const tables: RecordTable[] = [];
  const small = new Set<string>();
  let groups = 0;
  const slicings = await slicingsOf(rows!, inputs, signal);
  for (const [i, slicing] of slicings.entries()) {
    const estimates = [];
    for (const [j, metric] of shown.entries()) {
      log.progress((i + j / shown.length) / slicings.length, `${metric.name} by ${slicing.name}`);
      for (const { group, rows: n, estimate } of await estimateSlices(metric, judged.rows as Rows, slicing, {
        minimum: minimums.group,
        seed: run.seed,
        signal,
      })) {
        estimates.push({ group, n, name: metric.name, estimate });
        metrics.push(metricOf(metric.name, estimate, `${slicing.name}=${group}`));
        if (n < minimums.group) small.add(`${slicing.name}=${group}`);
      }
    }
    groups += slicing.groups.length;
    const counts = binary(judged.rows) ? countGroups(judged.rows, slicing) : [];
    tables.push(groupTable(slicing.name, estimates, counts, minimums));
    for (const [name, given] of Object.entries(counts.length > 0 ? FAIRNESS_MEASURES : {})) {
      const measure = given(counts, { minimums });
      metrics.push({ ...metricOf(name, measure.estimate, undefined), column: slicing.name });
      const gate = inputs.gates[name];
      if (gate === undefined) continue;
      const [written, how] = typeof gate === 'object' ? [gate.threshold, gate.judge ?? 'interval'] : [gate, 'interval' as const];
      const threshold = parseThreshold(written, fairnessDirection(name), name);
      const judgement = judge(threshold, measure.estimate, how as 'point' | 'interval');
      const estimateAt = (level: number) => given(counts, { minimums, level }).estimate;
      judgedGates.push({ name, slice: slicing.name, judgement, threshold, estimateAt });
    }
  }

  const gates = correctMany(judgedGates).map((judgement, at): Gate => {
    const { name, slice } = judgedGates[at]!;
    return { ...gateOf(name, judgement), slice, split: 'test' };
  });
  const verdict = gateVerdict(gates) ?? passed;
  const found = `${groups} groups by ${inputs.slices.map(({ column }) => column).join(', ')}${small.size > 0 ? `; too few rows in ${[...small].join(', ')}` : ''}`;
  return { verdict, found, outputs: { groups, 'too-few': small.size }, metrics, gates, tables };
}

const binary = (rows: object): rows is ClassificationRows => 'positive' in rows && rows.positive !== undefined;

const metricOf = (name: string, estimate: Estimate, slice: string | undefined): MetricValue => ({
  name,
  n: estimate.n,
  split: 'test',
  ...(slice !== undefined && { slice }),
  ...(isComputed(estimate)
    ? { value: estimate.value, ...(estimate.interval && { interval: estimate.interval }) }
    : { notComputable: estimate.notComputable }),
});

function groupTable(
  name: string,
  estimates: readonly { readonly group: string; readonly n: number; readonly name: string; readonly estimate: Estimate }[],
  counts: readonly GroupCounts[],
  minimums: { readonly group: number; readonly denominator: number },
): RecordTable {
  const shown = [...new Set(estimates.map((one) => one.name))];
  const rates = counts.length > 0 ? GROUP_RATES : [];
  const groups = [...new Set(estimates.map(({ group }) => group))];
  return {
    name: `slices-${name}`,
    title: `Groups by ${name}`,
    columns: ['group', 'n', ...shown, ...rates],
    rows: groups.map((group) => {
      const own = estimates.filter((one) => one.group === group);
      const count = counts.find((one) => one.group === group);
      const cells = [
        ...shown.map((metric) => own.find((one) => one.name === metric)?.estimate),
        ...rates.map((rate) => (count ? rateOf(count, rate, minimums) : undefined)),
      ];
      return [
        group,
        own[0]?.n ?? 0,
        ...cells.map((cell) => (cell === undefined ? null : isComputed(cell) ? cell.value : cell.notComputable)),
      ];
    }),
  };
}
