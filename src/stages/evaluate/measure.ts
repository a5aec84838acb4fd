import type { MetricValue } from '../../kernel/record.ts';
import type { Metric, Rows } from '../../metrics/metric.ts';
import { isComputed } from '../../statistics/estimate.ts';

/** Every metric with its interval, in the form a record keeps. */
export async function measure<R extends Rows>(
  metrics: readonly Metric<R>[],
  rows: R,
  options: {
    readonly split: string;
    readonly level: number;
    readonly seed: string;
    readonly signal: AbortSignal;
    readonly progress: (share: number) => void;
  },
): Promise<MetricValue[]> {
  const { split, level, seed, signal, progress } = options;
  const values: MetricValue[] = [];
  for (const [i, metric] of metrics.entries()) {
    const estimate = await metric.estimate(rows, {
      level,
      seed,
      signal,
      progress: (share) => progress((i + share) / metrics.length),
    });
    values.push({
      name: metric.name,
      n: estimate.n,
      split,
      ...(isComputed(estimate)
        ? { value: estimate.value, ...(estimate.interval && { interval: estimate.interval }) }
        : { notComputable: estimate.notComputable }),
    });
    progress((i + 1) / metrics.length);
  }
  return values;
}
