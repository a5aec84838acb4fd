import type { Estimate, NotComputable } from '../statistics/estimate.ts';
import { normalInterval } from '../statistics/intervals/delta.ts';
import { tInterval } from '../statistics/intervals/means.ts';
import { wilson } from '../statistics/intervals/shares.ts';
import { mean, sum, variance } from '../statistics/numbers.ts';
import { mcnemarExact } from '../statistics/paired/mcnemar.ts';
import type { PairedShares } from '../statistics/paired/share-difference.ts';
import { studentTwoSided } from '../statistics/special/distributions.ts';
import type { ComputedDifference, Direction, EstimateOptions, Metric, Rows, Task } from './metric.ts';
import { expectSameLength, notComparable } from './pairs.ts';
import { type RowStatistic, sumStatistic } from './row-statistic.ts';
import { compareShares, FEW_DISCORDANT } from './share-comparison.ts';
import { asEstimate, clipped, compareSmooth, hasEnds, type Range, smoothInterval } from './smooth.ts';

export interface MeanMetric<R extends Rows> {
  readonly name: string;
  readonly title: string;
  readonly better: Direction;
  readonly tasks: readonly Task[];
  readonly range: Range;
  /** Square root of the mean, as in RMSE. */
  readonly root?: boolean;
  /** Rows score 0 or 1: Wilson's interval, and models are compared by the rows that only one of them gets right. */
  readonly share?: boolean;
  applies?(rows: R): boolean;
  /** Each row's figure; or why there is none. */
  values(rows: R): Float64Array | NotComputable;
  weights?(rows: R): Float64Array | undefined;
}

/**
 * A metric that is the mean of a figure per row. Interval: x̄ ± t·s/√n; the root of a mean takes the roots of its ends. With weights the
 * delta method; shares have Wilson's. Two models are compared by the paired t test; roots and weighted means by the paired bootstrap or
 * delta method; shares by their discordant rows.
 */
export function meanMetric<R extends Rows>(spec: MeanMetric<R>): Metric<R> {
  const { name, title, better, tasks, range, root = false } = spec;
  const sign = better === 'lower' ? -1 : 1;
  const known = new WeakMap<R, Float64Array | NotComputable>();
  const valuesOf = (rows: R): Float64Array | NotComputable => {
    const found = known.get(rows) ?? spec.values(rows);
    known.set(rows, found);
    return found;
  };
  const value = (rows: R): Estimate => {
    if (rows.n === 0) return { notComputable: 'empty', n: 0 };
    const values = valuesOf(rows);
    if (typeof values === 'string') return { notComputable: values, n: rows.n };
    const centre = meanOf(values, spec.weights?.(rows));
    return asEstimate(root ? Math.sqrt(centre) : centre, rows.n, 'non-finite');
  };

  return {
    name,
    title,
    better,
    tasks,
    applies: (rows) => spec.applies?.(rows) ?? true,
    value,

    async estimate(rows, options = {}) {
      const point = value(rows);
      if (!('value' in point) || rows.n < 2) return point;
      const values = valuesOf(rows) as Float64Array;
      const weights = spec.weights?.(rows);
      if (spec.share && weights === undefined)
        return { ...point, interval: wilson(Math.round(point.value * rows.n), rows.n, options.level) };
      const interval =
        weights === undefined
          ? tInterval(mean(values), Math.sqrt(variance(values)), rows.n, options.level)
          : normalInterval(meanOf(values, weights), weightedError(values, weights), { level: options.level });
      const ends = root ? { ...interval, low: Math.sqrt(Math.max(0, interval.low)), high: Math.sqrt(interval.high) } : interval;
      return hasEnds(ends) ? { ...point, interval: clipped(ends, range) } : point;
    },

    async compare(candidate, champion, options = {}) {
      expectSameLength(candidate, champion);
      const ours = value(candidate);
      const theirs = value(champion);
      if (!('value' in ours) || !('value' in theirs)) return notComparable(ours, theirs, candidate.n);
      if (candidate.n < 2) return { notComputable: 'too-few', n: candidate.n, candidate: ours, champion: theirs };
      const [a, b] = [valuesOf(candidate) as Float64Array, valuesOf(champion) as Float64Array];
      const weights = spec.weights?.(candidate);
      if (spec.share && weights === undefined) return compareShares(pairedShares(a, b), options);
      const oriented = sign === 1 ? a.map((x, i) => x - b[i]!) : a.map((x, i) => b[i]! - x);
      const found =
        root || weights !== undefined
          ? await compareSmooth(rootOrMean(a, weights, root), rootOrMean(b, weights, root), sign, options)
          : pairedMean(oriented, ours.value, theirs.value, sign, options);
      // Squares beyond the range of doubles: there is no telling how far apart the two are.
      if (!hasEnds(found.interval)) return { notComputable: 'non-finite', n: candidate.n, candidate: ours, champion: theirs };
      return { ...found, ...fewChanges(oriented) };
    },
  };
}

function pairedMean(
  oriented: Float64Array,
  candidate: number,
  champion: number,
  sign: number,
  options: EstimateOptions,
): ComputedDifference {
  const n = oriented.length;
  const centre = mean(oriented);
  const deviation = Math.sqrt(variance(oriented));
  const standardError = deviation / Math.sqrt(n);
  return {
    candidate,
    champion,
    difference: sign * (candidate - champion),
    n,
    interval: tInterval(centre, deviation, n, options.level),
    p: standardError === 0 ? Number(centre === 0) : studentTwoSided(centre / standardError, n - 1),
    test: 'paired-t',
    standardError,
  };
}

function rootOrMean(values: Float64Array, weights: Float64Array | undefined, root: boolean): RowStatistic {
  const weighted = weights === undefined ? values : values.map((value, i) => value * weights[i]!);
  const ones = weights ?? new Float64Array(values.length).fill(1);
  return sumStatistic([weighted, ones], ([total, weight]) => (root ? Math.sqrt(total! / weight!) : total! / weight!));
}

function meanOf(values: Float64Array, weights?: Float64Array): number {
  if (weights === undefined) return mean(values);
  return sum(values.map((value, i) => value * weights[i]!)) / sum(weights);
}

function pairedShares(first: Float64Array, second: Float64Array): PairedShares {
  const shares = { both: 0, onlyFirst: 0, onlySecond: 0, neither: 0 };
  for (let i = 0; i < first.length; i++) {
    if (first[i] === 1) shares[second[i] === 1 ? 'both' : 'onlyFirst']++;
    else shares[second[i] === 1 ? 'onlySecond' : 'neither']++;
  }
  return shares;
}

/** Few rows on which the models differ at all: then the sign test must agree, whatever the interval says. */
function fewChanges(oriented: Float64Array): Pick<ComputedDifference, 'few'> {
  let up = 0;
  let down = 0;
  for (let i = 0; i < oriented.length; i++) {
    if (oriented[i]! > 0) up++;
    else if (oriented[i]! < 0) down++;
  }
  return up + down < FEW_DISCORDANT ? { few: { exactP: mcnemarExact(up, down).p } } : {};
}

function weightedError(values: Float64Array, weights: Float64Array): number {
  const centre = meanOf(values, weights);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (weights[i]! * (values[i]! - centre)) ** 2;
  return Math.sqrt(squares) / sum(weights);
}

export interface SumMetric<R extends Rows> {
  readonly name: string;
  readonly title: string;
  readonly better: Direction;
  readonly tasks: readonly Task[];
  readonly range: Range;
  readonly otherwise: NotComputable;
  applies?(rows: R): boolean;
  /** The columns whose sums decide the figure, the function of the sums; or why there is none. Centre what has a large mean. */
  sums(rows: R): { readonly columns: readonly Float64Array[]; of(sums: Float64Array): number } | NotComputable;
}

/** A metric that is a smooth function of column sums; interval and comparison by BCa bootstrap, above 100,000 rows by the delta method. */
export function sumMetric<R extends Rows>(spec: SumMetric<R>): Metric<R> {
  const { name, title, better, tasks, range, otherwise } = spec;
  const statistic = (rows: R): RowStatistic | NotComputable => {
    const found = spec.sums(rows);
    if (typeof found === 'string') return found;
    const made = sumStatistic(found.columns, found.of);
    // ∞/∞ is no 0/0: say why there is no figure.
    return Number.isNaN(made.value) && found.columns.some((column) => !Number.isFinite(sum(column))) ? 'non-finite' : made;
  };
  const figure = (rows: R, found: RowStatistic | NotComputable): Estimate =>
    typeof found === 'string' ? { notComputable: rows.n === 0 ? 'empty' : found, n: rows.n } : asEstimate(found.value, rows.n, otherwise);

  return {
    name,
    title,
    better,
    tasks,
    applies: (rows) => spec.applies?.(rows) ?? true,
    value: (rows) => figure(rows, statistic(rows)),

    async estimate(rows, options = {}) {
      const found = statistic(rows);
      const point = figure(rows, found);
      if (!('value' in point) || typeof found === 'string') return point;
      const interval = await smoothInterval(found, range, options);
      return interval === undefined ? point : { ...point, interval };
    },

    async compare(candidate, champion, options = {}) {
      expectSameLength(candidate, champion);
      const [a, b] = [statistic(candidate), statistic(champion)];
      const [ours, theirs] = [figure(candidate, a), figure(champion, b)];
      if (!('value' in ours) || !('value' in theirs) || typeof a === 'string' || typeof b === 'string')
        return notComparable(ours, theirs, candidate.n);
      const found = await compareSmooth(a, b, better === 'lower' ? -1 : 1, options);
      return hasEnds(found.interval) ? found : { notComputable: 'non-finite', n: candidate.n, candidate: ours, champion: theirs };
    },
  };
}
