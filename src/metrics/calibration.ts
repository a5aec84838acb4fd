import { quantiles } from '../statistics/quantiles.ts';
import type { ClassificationRows } from './classification-rows.ts';
import type { Metric } from './metric.ts';
import { asEstimate } from './smooth.ts';

export interface CalibrationBin {
  /** Rows in the bin, or their weight. */
  readonly n: number;
  readonly meanScore: number;
  readonly shareOfPositives: number;
}

/** `uniform`: equal widths over 0…1; `quantile`: between the linear quantiles of the scores, about equally many rows each. */
export type CalibrationStrategy = 'uniform' | 'quantile';

/** Mean score and share of positives in bins (an edge belongs to the bin below it), as scikit-learn's `calibration_curve`; empty bins are dropped. */
export function calibrationBins(rows: ClassificationRows, bins = 10, strategy: CalibrationStrategy = 'uniform'): CalibrationBin[] {
  const { scores, truth, positive, weights, n } = rows;
  if (scores === undefined) throw new RangeError('Calibration needs scores.');
  if (!Number.isInteger(bins) || bins < 1) throw new RangeError(`bins is a whole number of at least 1, not ${bins}.`);
  if (n === 0) return [];
  const shares = Array.from({ length: bins - 1 }, (_, i) => (i + 1) * (1 / bins));
  const edges = strategy === 'uniform' ? shares : quantiles(scores, shares);
  const weight = new Float64Array(bins);
  const score = new Float64Array(bins);
  const positives = new Float64Array(bins);
  for (let i = 0; i < n; i++) {
    let bin = 0;
    while (bin < edges.length && edges[bin]! < scores[i]!) bin++;
    const w = weights === undefined ? 1 : weights[i]!;
    weight[bin]! += w;
    score[bin]! += w * scores[i]!;
    if (truth[i] === positive) positives[bin]! += w;
  }
  const out: CalibrationBin[] = [];
  for (let b = 0; b < bins; b++)
    if (weight[b]! > 0) out.push({ n: weight[b]!, meanScore: score[b]! / weight[b]!, shareOfPositives: positives[b]! / weight[b]! });
  return out;
}

/** Expected and largest distance of score and share of positives over the bins; NaN without bins. */
export function calibrationError(bins: readonly CalibrationBin[]): { readonly expected: number; readonly largest: number } {
  const all = bins.reduce((total, { n }) => total + n, 0);
  let expected = 0;
  let largest = 0;
  for (const { n, meanScore, shareOfPositives } of bins) {
    const gap = Math.abs(shareOfPositives - meanScore);
    expected += (n / all) * gap;
    largest = Math.max(largest, gap);
  }
  return { expected: all === 0 ? Number.NaN : expected, largest: all === 0 ? Number.NaN : largest };
}

/** Over ten bins of equal width (S11). No interval: the estimate is biased upwards by the scatter within the bins. */
const error = (name: string, title: string, which: 'expected' | 'largest'): Metric<ClassificationRows> => {
  const value: Metric<ClassificationRows>['value'] = (rows) => asEstimate(calibrationError(calibrationBins(rows))[which], rows.n, 'empty');
  return {
    name,
    title,
    better: 'lower',
    tasks: ['binary'],
    applies: ({ scores }) => scores !== undefined,
    value,
    estimate: async (rows) => value(rows),
  };
};

export const expectedCalibrationError = error('ece', 'Expected calibration error', 'expected');
export const largestCalibrationError = error('mce', 'Largest calibration error', 'largest');
