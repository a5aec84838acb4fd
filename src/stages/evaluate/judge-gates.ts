import type { Gate, MetricValue } from '../../kernel/record.ts';
import { findMetric } from '../../metrics/catalogue.ts';
import { type Judged, judge } from '../../metrics/gates.ts';
import type { Task } from '../../metrics/metric.ts';
import { parseThreshold } from '../../metrics/threshold.ts';
import type { Estimate } from '../../statistics/estimate.ts';
import type { GateInputs } from '../gate-inputs.ts';
import { gateOf } from '../gates.ts';

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

function estimateOf(metric: MetricValue | undefined): Estimate {
  if (!metric) return { notComputable: 'empty', n: 0 };
  if (metric.value === undefined) return { notComputable: (metric.notComputable ?? 'empty') as 'empty', n: metric.n };
  return { value: metric.value, n: metric.n, ...(metric.interval && { interval: metric.interval }) };
}
