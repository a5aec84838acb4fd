import type { Estimate, NotComputable } from '../statistics/estimate.ts';
import { wilson } from '../statistics/intervals/shares.ts';
import type { ClassificationRows } from './classification-rows.ts';
import { type ConfusionCounts, confusionOf } from './confusion.ts';
import type { Difference, Direction, Metric, Task } from './metric.ts';
import { expectPair, notComparable } from './pairs.ts';
import { cellStatistic, type RowStatistic } from './row-statistic.ts';
import { compareShares, fewRows, pairedRight, type ShareOf } from './share-comparison.ts';
import { asEstimate, compareSmooth, type Range, smoothInterval } from './smooth.ts';

export interface CountMetric {
  readonly name: string;
  readonly title: string;
  readonly better: Direction;
  readonly tasks: readonly Task[];
  readonly range: Range;
  /** Code when `of` gives NaN. */
  readonly otherwise: NotComputable;
  /** Where the metric is a share, its interval is Wilson's, its n is the denominator, and models are compared by discordant rows. */
  readonly shareOf?: ShareOf;
  readonly needsPositive?: boolean;
  /** The figure, from counts; `positive` is NaN where no positive class is named. */
  of(counts: Pick<ConfusionCounts, 'cells' | 'classes'>, positive: number): number;
}

/** A metric that follows from the count matrix. */
export function countMetric(spec: CountMetric): Metric<ClassificationRows> {
  const { name, title, better, tasks, range, otherwise, shareOf } = spec;
  const sign = better === 'lower' ? -1 : 1;

  const statistic = (rows: ClassificationRows): RowStatistic => {
    const counts = confusionOf(rows);
    const k = counts.classes.length;
    const margins = marginsOf(counts);
    return cellStatistic(
      cellCodes(rows),
      counts.cells,
      (cells) => spec.of({ cells, classes: counts.classes }, rows.positive ?? Number.NaN),
      (cell) => Math.min(margins.truth[Math.floor(cell / k)]!, margins.predicted[cell % k]!),
      rows.weights,
    );
  };
  const value = (rows: ClassificationRows): Estimate => {
    const counts = confusionOf(rows);
    const figure = spec.of(counts, rows.positive ?? Number.NaN);
    return asEstimate(figure, shareOf === undefined || rows.n === 0 ? rows.n : denominator(rows, shareOf) || rows.n, otherwise);
  };

  return {
    name,
    title,
    better,
    tasks,
    applies: (rows) => !spec.needsPositive || rows.positive !== undefined,
    value,

    async estimate(rows, options = {}) {
      const point = value(rows);
      if (!('value' in point)) return point;
      if (shareOf !== undefined && rows.weights === undefined)
        return { ...point, interval: wilson(Math.round(point.value * point.n), point.n, options.level) };
      const interval = await smoothInterval(statistic(rows), range, options);
      return interval === undefined ? point : { ...point, interval };
    },

    async compare(candidate, champion, options = {}): Promise<Difference> {
      expectPair(candidate, champion);
      const ours = value(candidate);
      const theirs = value(champion);
      if (!('value' in ours) || !('value' in theirs)) return notComparable(ours, theirs, candidate.n);
      const values = { candidate: ours.value, champion: theirs.value };
      if (shareOf !== undefined && shareOf !== 'predicted-positives' && candidate.weights === undefined)
        return { ...compareShares(pairedRight(candidate, champion, shareOf), options), ...values };
      const found = await compareSmooth(statistic(candidate), statistic(champion), sign, options);
      return { ...found, ...fewRows(pairedRight(candidate, champion, 'all')) };
    },
  };
}

const cellCodesOf = new WeakMap<ClassificationRows, Int32Array>();

function cellCodes(rows: ClassificationRows): Int32Array {
  const known = cellCodesOf.get(rows);
  if (known !== undefined) return known;
  const k = rows.classes.length;
  const codes = rows.truth.map((code, i) => code * k + rows.predicted[i]!);
  cellCodesOf.set(rows, codes);
  return codes;
}

function marginsOf({ cells, classes }: ConfusionCounts): { truth: Float64Array; predicted: Float64Array } {
  const k = classes.length;
  const truth = new Float64Array(k);
  const predicted = new Float64Array(k);
  cells.forEach((count, cell) => {
    truth[Math.floor(cell / k)]! += count;
    predicted[cell % k]! += count;
  });
  return { truth, predicted };
}

/** Rows the share is taken of. */
function denominator(rows: ClassificationRows, over: ShareOf): number {
  if (over === 'all') return rows.n;
  const codes = over === 'predicted-positives' ? rows.predicted : rows.truth;
  let count = 0;
  for (let i = 0; i < codes.length; i++) if ((codes[i] === rows.positive) === (over !== 'negatives')) count++;
  return count;
}
