import type { Estimate } from '../statistics/estimate.ts';
import { normalInterval } from '../statistics/intervals/delta.ts';
import { delongTest } from '../statistics/paired/delong.ts';
import { normalTwoSided } from '../statistics/special/normal.ts';
import type { ClassificationRows } from './classification-rows.ts';
import type { Difference, EstimateOptions, Metric } from './metric.ts';
import { expectPair, notComparable } from './pairs.ts';
import { areaUnderRoc, descend, type RankedScores, rankedScoresOf, rankScores } from './ranked-scores.ts';
import { withoutSpread } from './share-comparison.ts';
import { asEstimate } from './smooth.ts';

/** Standard errors below this are what rounding leaves of 0. */
const SPREAD_MIN = 1e-14;

/** Probability that a positive scores above a negative, equal scores counting half; interval and comparison by DeLong. */
export const aucRoc: Metric<ClassificationRows> = {
  name: 'auc_roc',
  title: 'AUC (ROC)',
  better: 'higher',
  tasks: ['binary'],
  applies: (rows) => rows.scores !== undefined,
  value: (rows) => asEstimate(areaUnderRoc(rankedScoresOf(rows)), rows.n, 'one-class'),

  async estimate(rows, options = {}) {
    const point = this.value(rows);
    if (!('value' in point)) return point;
    const scores = rankedScoresOf(rows);
    if (rows.weights !== undefined) return withNormal(point, errorOf(binaryInfluence(rows)), 'delta', options.level);
    if (scores.positives.length < 2 || scores.negatives.length < 2) return point;
    return withNormal(point, Math.sqrt(deLongVariance(scores, point.value)), 'delong', options.level);
  },

  async compare(candidate, champion, options = {}): Promise<Difference> {
    expectPair(candidate, champion);
    const ours = this.value(candidate);
    const theirs = this.value(champion);
    if (!('value' in ours) || !('value' in theirs)) return notComparable(ours, theirs, candidate.n);
    if (candidate.weights !== undefined)
      return byInfluence(ours.value, theirs.value, binaryInfluence(candidate), binaryInfluence(champion), options);
    const { positives, negatives } = rankedScoresOf(candidate);
    if (positives.length < 2 || negatives.length < 2)
      return { notComputable: 'too-few', n: candidate.n, candidate: ours, champion: theirs };
    const labels = candidate.truth.map((code) => Number(code === candidate.positive));
    const found = delongTest(labels, candidate.scores!, champion.scores!, options.level);
    if ('notComputable' in found) return { ...found, candidate: ours, champion: theirs };
    const { first, second, difference, standardError, p, interval, n } = found;
    const compared = { candidate: first, champion: second, difference, n, interval, p, test: 'delong', standardError };
    return standardError === 0 ? { ...compared, ...withoutSpread(n) } : compared;
  },
};

/** Variance of one AUC: of the share of negatives below each positive, and of positives above each negative. */
function deLongVariance(scores: RankedScores, area: number): number {
  const n1 = scores.positives.length;
  const n0 = scores.negatives.length;
  let above = 0;
  let belowOrEqual = n0;
  let ofPositives = 0;
  let ofNegatives = 0;
  descend(scores, (_, p, q) => {
    ofPositives += p * ((belowOrEqual - q / 2) / n0 - area) ** 2;
    ofNegatives += q * ((above + p / 2) / n1 - area) ** 2;
    above += p;
    belowOrEqual -= q;
  });
  return ofPositives / (n1 - 1) / n1 + ofNegatives / (n0 - 1) / n0;
}

export type MulticlassAverage = 'ovr_macro' | 'ovr_weighted' | 'ovr_micro' | 'ovo_macro' | 'ovo_weighted';

/** AUC of a multiclass task from one-vs-rest or one-vs-one problems; NaN when a class has no positives. */
export function multiclassArea(rows: ClassificationRows, average: MulticlassAverage): number {
  const { probabilities, truth, weights, classes } = rows;
  if (probabilities === undefined) throw new RangeError('A multiclass AUC needs probabilities of all classes.');
  const support = new Float64Array(classes.length);
  for (let i = 0; i < rows.n; i++) support[truth[i]!]! += weights === undefined ? 1 : weights[i]!;
  const all = support.reduce((sum, count) => sum + count, 0);
  if (average === 'ovr_micro') return microArea(rows);
  if (average === 'ovr_macro' || average === 'ovr_weighted') {
    let total = 0;
    for (let k = 0; k < classes.length; k++) {
      const area = areaUnderRoc(rankScores(probabilities[k]!, (row) => truth[row] === k, weights));
      total += area * (average === 'ovr_macro' ? 1 / classes.length : support[k]! / all);
    }
    return total;
  }
  let total = 0;
  let weight = 0;
  for (let a = 0; a < classes.length; a++) {
    for (let b = a + 1; b < classes.length; b++) {
      const pair = Uint32Array.from(positionsWhere(truth, (code) => code === a || code === b));
      const some = rows.take(pair);
      const area = (of: number): number =>
        areaUnderRoc(rankScores(some.probabilities![of]!, (row) => some.truth[row] === of, some.weights));
      const share = average === 'ovo_macro' ? 1 : (support[a]! + support[b]!) / all;
      total += (share * (area(a) + area(b))) / 2;
      weight += share;
    }
  }
  return total / weight;
}

function microArea({ probabilities, truth, weights, n, classes }: ClassificationRows): number {
  const scores = new Float64Array(n * classes.length);
  const cellWeights = weights && new Float64Array(scores.length);
  probabilities!.forEach((column, k) => {
    scores.set(column, k * n);
    cellWeights?.set(weights!, k * n);
  });
  return areaUnderRoc(rankScores(scores, (cell) => truth[cell % n] === Math.floor(cell / n), cellWeights));
}

/** One-vs-rest AUC, the plain mean over the classes; interval and comparison from the rows' influence (DeLong's components summed over classes). */
export const aucRocOvr: Metric<ClassificationRows> = {
  name: 'auc_roc_ovr',
  title: 'AUC (one against the rest)',
  better: 'higher',
  tasks: ['multiclass'],
  applies: (rows) => rows.probabilities !== undefined,
  value: (rows) => asEstimate(multiclassArea(rows, 'ovr_macro'), rows.n, 'one-class'),

  async estimate(rows, options = {}) {
    const point = this.value(rows);
    if (!('value' in point) || rows.n < 2) return point;
    return withNormal(point, errorOf(ovrInfluence(rows)), 'delong', options.level);
  },

  async compare(candidate, champion, options = {}) {
    expectPair(candidate, champion);
    const ours = this.value(candidate);
    const theirs = this.value(champion);
    if (!('value' in ours) || !('value' in theirs)) return notComparable(ours, theirs, candidate.n);
    return byInfluence(ours.value, theirs.value, ovrInfluence(candidate), ovrInfluence(champion), options);
  },
};

/** AUC of one class against the others and, added to `into`, each row's influence on it times `share`. */
function addInfluence(
  into: Float64Array,
  scores: Float64Array,
  positive: (row: number) => boolean,
  weights: Float64Array | undefined,
  share: number,
): void {
  const ranked = rankScores(scores, positive, weights);
  const area = areaUnderRoc(ranked);
  const negatives = cumulative(ranked.negatives, ranked.negativeWeights);
  const positives = cumulative(ranked.positives, ranked.positiveWeights);
  const n = into.length;
  for (let i = 0; i < n; i++) {
    const weight = weights === undefined ? 1 : weights[i]!;
    if (positive(i)) {
      const below = midShare(ranked.negatives, negatives, scores[i]!) / ranked.negativeWeight;
      into[i]! += (share * n * weight * (below - area)) / ranked.positiveWeight;
    } else {
      const above = 1 - midShare(ranked.positives, positives, scores[i]!) / ranked.positiveWeight;
      into[i]! += (share * n * weight * (above - area)) / ranked.negativeWeight;
    }
  }
}

function ovrInfluence({ probabilities, truth, weights, classes, n }: ClassificationRows): Float64Array {
  const out = new Float64Array(n);
  for (let k = 0; k < classes.length; k++) addInfluence(out, probabilities![k]!, (row) => truth[row] === k, weights, 1 / classes.length);
  return out;
}

function binaryInfluence(rows: ClassificationRows): Float64Array {
  const out = new Float64Array(rows.n);
  addInfluence(out, rows.scores!, (row) => rows.truth[row] === rows.positive, rows.weights, 1);
  return out;
}

/** Running weight before each place of an ascending column. */
function cumulative(sorted: Float64Array, weights: Float64Array | undefined): Float64Array {
  const out = new Float64Array(sorted.length + 1);
  for (let i = 0; i < sorted.length; i++) out[i + 1] = out[i]! + (weights === undefined ? 1 : weights[i]!);
  return out;
}

/** Weight below a score plus half the weight at it. */
function midShare(sorted: Float64Array, before: Float64Array, score: number): number {
  return (before[firstAtLeast(sorted, score, false)]! + before[firstAtLeast(sorted, score, true)]!) / 2;
}

function firstAtLeast(sorted: Float64Array, score: number, above: boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (above ? sorted[middle]! <= score : sorted[middle]! < score) low = middle + 1;
    else high = middle;
  }
  return low;
}

function errorOf(influence: Float64Array): number {
  let squares = 0;
  for (const value of influence) squares += value * value;
  return Math.sqrt(squares) / influence.length;
}

function byInfluence(candidate: number, champion: number, ours: Float64Array, theirs: Float64Array, options: EstimateOptions): Difference {
  const error = errorOf(ours.map((value, i) => value - theirs[i]!));
  const standardError = error < SPREAD_MIN ? 0 : error;
  const difference = candidate - champion;
  return {
    candidate,
    champion,
    difference,
    n: ours.length,
    interval: normalInterval(difference, standardError, { level: options.level, method: 'delong', least: -1, most: 1 }),
    p: standardError === 0 ? Number(difference === 0) : normalTwoSided(difference / standardError),
    test: 'delong',
    standardError,
    ...(standardError === 0 ? withoutSpread(ours.length) : {}),
  };
}

/** Scores that separate the classes wholly, or not at all, show no spread: no interval rather than one of width 0. */
function withNormal(point: Extract<Estimate, { value: number }>, error: number, method: string, level: number | undefined): Estimate {
  if (error < SPREAD_MIN) return point;
  return { ...point, interval: normalInterval(point.value, error, { level, method, least: 0, most: 1 }) };
}

function positionsWhere(codes: Int32Array, wanted: (code: number) => boolean): number[] {
  const out: number[] = [];
  for (let i = 0; i < codes.length; i++) if (wanted(codes[i]!)) out.push(i);
  return out;
}
