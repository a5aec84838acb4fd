import { csvFile } from './data.ts';
import { compare, type Measure, rows, runOurs, runPeer } from './measure.ts';

/** Profiling a CSV file of ten columns, reading included: counts, moments, quantiles, distinct and top values. */
export async function bench(): Promise<Measure[]> {
  const csv = await csvFile(rows, 1);
  return [
    await compare(
      `profile csv ${rows} x 10`,
      'pandas describe, quantile, nunique, value_counts',
      () => runOurs('profile.ts', csv),
      () => runPeer('profile.py', csv),
    ),
  ];
}
