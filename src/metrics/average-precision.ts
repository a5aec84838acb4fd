import { normalInterval } from '../statistics/intervals/delta.ts';
import { sortOrder } from '../statistics/sort.ts';
import type { ClassificationRows } from './classification-rows.ts';
import type { Metric } from './metric.ts';
import { expectPair, notComparable } from './pairs.ts';
import { averagePrecision, descend, type RankedScores, rankedScoresOf } from './ranked-scores.ts';
import type { RowStatistic } from './row-statistic.ts';
import { asEstimate, BOOTSTRAP_ROWS_MAX, compareSmooth, smoothInterval } from './smooth.ts';

const SHARE = { low: 0, high: 1 };

/** Average precision, Σ(R_i - R_{i-1})·P_i over distinct scores; interval and comparison by bootstrap, above 100,000 rows by its influence. */
export const averagePrecisionMetric: Metric<ClassificationRows> = {
  name: 'average_precision',
  title: 'Average precision',
  better: 'higher',
  tasks: ['binary'],
  applies: (rows) => rows.scores !== undefined,
  value: (rows) => asEstimate(averagePrecision(rankedScoresOf(rows)), rows.n, 'one-class'),

  async estimate(rows, options = {}) {
    const point = this.value(rows);
    if (!('value' in point)) return point;
    if (rows.n > BOOTSTRAP_ROWS_MAX && rows.weights === undefined)
      return {
        ...point,
        interval: normalInterval(point.value, deltaError(rankedScoresOf(rows)), { level: options.level, least: 0, most: 1 }),
      };
    const interval = await smoothInterval(averagePrecisionStatistic(rows), SHARE, options);
    return interval === undefined ? point : { ...point, interval };
  },

  async compare(candidate, champion, options = {}) {
    expectPair(candidate, champion);
    const ours = this.value(candidate);
    const theirs = this.value(champion);
    if (!('value' in ours) || !('value' in theirs)) return notComparable(ours, theirs, candidate.n);
    return compareSmooth(averagePrecisionStatistic(candidate), averagePrecisionStatistic(champion), 1, options);
  },
};

/** Rows grouped by equal score, groups from the top: with them a replicate costs one pass and no sort. */
export function averagePrecisionStatistic({ scores, truth, positive, weights, n }: ClassificationRows): RowStatistic {
  const order = sortOrder(scores!).reverse();
  const groupOf = new Uint32Array(n);
  let groups = 0;
  for (let i = 0; i < n; i++) {
    if (i > 0 && scores![order[i]!] !== scores![order[i - 1]!]) groups++;
    groupOf[order[i]!] = groups;
  }
  if (n > 0) groups++;
  const drawnPositives = new Float64Array(groups);
  const drawnAll = new Float64Array(groups);
  const weightOf = (row: number): number => (weights === undefined ? 1 : weights[row]!);

  const figure = (): number => {
    let tp = 0;
    let all = 0;
    let total = 0;
    for (let g = 0; g < groups; g++) {
      tp += drawnPositives[g]!;
      all += drawnAll[g]!;
      if (drawnPositives[g]! > 0) total += (drawnPositives[g]! * tp) / all;
    }
    return total / tp;
  };
  const draw = (row: number): void => {
    const weight = weightOf(row);
    drawnAll[groupOf[row]!]! += weight;
    if (truth[row] === positive) drawnPositives[groupOf[row]!]! += weight;
  };
  const drawEveryRow = (): void => {
    drawnPositives.fill(0);
    drawnAll.fill(0);
    for (let row = 0; row < n; row++) draw(row);
  };

  drawEveryRow();
  const value = figure();

  /** Sums over the groups from each group down, of p·f(tp, all). */
  const fromHere = (f: (tp: number, all: number) => number): { sums: Float64Array; tp: Float64Array; all: Float64Array } => {
    drawEveryRow();
    const tp = new Float64Array(groups);
    const all = new Float64Array(groups);
    for (let g = 0; g < groups; g++) {
      tp[g] = (g === 0 ? 0 : tp[g - 1]!) + drawnPositives[g]!;
      all[g] = (g === 0 ? 0 : all[g - 1]!) + drawnAll[g]!;
    }
    const sums = new Float64Array(groups + 1);
    for (let g = groups - 1; g >= 0; g--) sums[g] = sums[g + 1]! + (drawnPositives[g]! > 0 ? drawnPositives[g]! * f(tp[g]!, all[g]!) : 0);
    return { sums, tp, all };
  };

  return {
    n,
    value,
    replicate(positions) {
      drawnPositives.fill(0);
      drawnAll.fill(0);
      for (let i = 0; i < positions.length; i++) draw(positions[i]!);
      return figure();
    },
    jackknife() {
      // With weights every row would need sums of its own; the first order of leaving it out is its influence.
      if (weights !== undefined) return this.influence().map((phi) => value - phi / n);
      const whole = fromHere((tp, all) => tp / all).sums;
      const lessPositive = fromHere((tp, all) => (all > 1 ? (tp - 1) / (all - 1) : 0)).sums;
      const { sums: lessNegative, tp, all } = fromHere((tps, alls) => (alls > 1 ? tps / (alls - 1) : 0));
      const positives = tp[groups - 1] ?? 0;
      return Float64Array.from(groupOf, (g, row) => {
        const above = whole[0]! - whole[g]!;
        if (truth[row] !== positive) return (above + lessNegative[g]!) / positives;
        // The row's own group has one positive less as well.
        const own = all[g]! > 1 ? (tp[g]! - 1) / (all[g]! - 1) : 0;
        return (above + lessPositive[g]! - own) / (positives - 1);
      });
    },
    influence() {
      const byAll = fromHere((tp, all) => tp / (all * all)).sums;
      const { sums: byTp, tp, all } = fromHere((_, alls) => 1 / alls);
      const positives = tp[groups - 1] ?? 0;
      return Float64Array.from(groupOf, (g, row) => {
        const isPositive = truth[row] === positive;
        const slope = (isPositive ? tp[g]! / all[g]! + byTp[g]! - value : 0) - byAll[g]!;
        return (n * weightOf(row) * slope) / positives;
      });
    },
  };
}

/** Delta standard error without a row's own influence: rows of one score and class share it, so sums over distinct scores are enough. */
function deltaError(scores: RankedScores): number {
  const distinct: number[] = [];
  descend(scores, (_, p, q) => {
    distinct.push(p, q);
  });
  const positives = scores.positives.length;
  const n = positives + scores.negatives.length;
  const value = averagePrecision(scores);
  let tp = positives;
  let all = n;
  let byTp = 0;
  let byAll = 0;
  let squares = 0;
  for (let at = distinct.length - 2; at >= 0; at -= 2) {
    const [p, q] = [distinct[at]!, distinct[at + 1]!];
    byTp += p / all;
    byAll += (p * tp) / (all * all);
    const ofPositive = tp / all + byTp - value - byAll;
    squares += p * ofPositive * ofPositive + q * byAll * byAll;
    tp -= p;
    all -= p + q;
  }
  return Math.sqrt(squares) / positives;
}
