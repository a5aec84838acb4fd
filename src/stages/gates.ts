import { z } from 'zod';
import type { Gate, MetricValue } from '../kernel/record.ts';
import { failed, incomparable, type Verdict } from '../kernel/verdict.ts';
import { findMetric } from '../metrics/catalogue.ts';
import { type Judged, type Judgement, judge } from '../metrics/gates.ts';
import type { Task } from '../metrics/metric.ts';
import { parseThreshold } from '../metrics/threshold.ts';
import type { Estimate } from '../statistics/estimate.ts';

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

/** Judges every gate on the metrics of one part. A metric that was not measured fails its gate. */
export function judgeGates(gates: GateInputs, metrics: readonly MetricValue[], split: string, task: Task): Gate[] {
  if (metrics.length === 0 && split !== 'test') return [];
  return Object.entries(gates).map(([name, given]) => {
    const [written, judged] = typeof given === 'object' ? [given.threshold, given.judge ?? 'point'] : [given, 'point'];
    const measured = findMetric(task, name);
    const found = metrics.find((metric) => metric.name === measured.name);
    return { ...gateOf(measured.name, judge(parseThreshold(written, measured.better, name), estimateOf(found), judged as Judged)), split };
  });
}

/** A judgement in the form a record keeps. */
export const gateOf = (name: string, judgement: Judgement): Gate => ({
  name,
  threshold: judgement.threshold,
  judged: judgement.judged,
  verdict: judgement.verdict,
  ...(judgement.value !== undefined && { value: judgement.value }),
  ...(judgement.interval && { interval: judgement.interval }),
  ...(judgement.reason && { reason: judgement.reason.text }),
});

/** The first gate that is not passed, failed ones before uncertain ones, as a sentence. */
export function gatesMissed(gates: readonly Gate[]): { readonly verdict: 'failed' | 'incomparable'; readonly text: string } | undefined {
  const missed = gates.find(({ verdict }) => verdict === 'failed') ?? gates.find(({ verdict }) => verdict === 'incomparable');
  if (!missed || missed.verdict === 'passed') return undefined;
  const place = [missed.slice, missed.split === 'test' ? undefined : missed.split].filter((part) => part !== undefined).join(', ');
  return {
    verdict: missed.verdict,
    text: `${missed.name} ${missed.threshold}${place ? ` (${place})` : ''}: ${missed.reason ?? 'not met.'}`,
  };
}

/** What missed gates mean for the stage; undefined when all are passed. */
export function gateVerdict(gates: readonly Gate[]): Verdict | undefined {
  const missed = gatesMissed(gates);
  if (!missed) return undefined;
  return missed.verdict === 'failed' ? failed('gate-missed', missed.text) : incomparable('uncertain', missed.text);
}

function estimateOf(metric: MetricValue | undefined): Estimate {
  if (!metric) return { notComputable: 'empty', n: 0 };
  if (metric.value === undefined) return { notComputable: (metric.notComputable ?? 'empty') as 'empty', n: metric.n };
  return { value: metric.value, n: metric.n, ...(metric.interval && { interval: metric.interval }) };
}
