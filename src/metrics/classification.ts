import type { NotComputable } from '../statistics/estimate.ts';
import { aucRoc, aucRocOvr } from './area-under-roc.ts';
import { averagePrecisionMetric } from './average-precision.ts';
import { expectedCalibrationError, largestCalibrationError } from './calibration.ts';
import type { ClassificationRows } from './classification-rows.ts';
import { type CountMetric, countMetric } from './count-metric.ts';
import {
  accuracyScore,
  averageScore,
  balancedAccuracyScore,
  fScoreOf,
  jaccardOf,
  kappaScore,
  matthewsScore,
  precisionOf,
  recallOf,
  specificityOf,
} from './count-scores.ts';
import { meanMetric } from './mean-metric.ts';
import type { Direction, Metric, Task } from './metric.ts';
import { largestRateGap, rankedScoresOf } from './ranked-scores.ts';
import { asEstimate } from './smooth.ts';

const BINARY: readonly Task[] = ['binary'];
const MULTICLASS: readonly Task[] = ['multiclass'];
const BOTH: readonly Task[] = ['binary', 'multiclass'];
const SHARE = { low: 0, high: 1 };
const CORRELATION = { low: -1, high: 1 };
/** Probabilities are kept this far from 0 and 1 in the logarithm, as scikit-learn does. */
const LOG_LOSS_EDGE = Number.EPSILON;

type Short = Pick<CountMetric, 'of'> & Partial<CountMetric>;
const count = (name: string, title: string, tasks: readonly Task[], spec: Short): Metric<ClassificationRows> =>
  countMetric({ name, title, better: 'higher', tasks, range: SHARE, otherwise: 'zero-denominator', ...spec });
/** A metric of the positive class. */
const ofPositive = (name: string, title: string, spec: Short): Metric<ClassificationRows> =>
  count(name, title, BINARY, { needsPositive: true, ...spec });

const AVERAGES = ['macro', 'weighted', 'micro'] as const;
const averaged = AVERAGES.flatMap((average) => [
  count(`precision_${average}`, `Precision (${average})`, MULTICLASS, { of: (counts) => averageScore(counts, 'precision', average) }),
  count(`recall_${average}`, `Recall (${average})`, MULTICLASS, { of: (counts) => averageScore(counts, 'recall', average) }),
  count(`f1_${average}`, `F1 (${average})`, BOTH, { of: (counts) => averageScore(counts, { beta: 1 }, average) }),
  count(`jaccard_${average}`, `Jaccard (${average})`, MULTICLASS, { of: (counts) => averageScore(counts, 'jaccard', average) }),
]);

/** Every metric of a classifier; formulas in docs/metrics.md. */
export const classificationMetrics: readonly Metric<ClassificationRows>[] = [
  count('accuracy', 'Accuracy', BOTH, { of: accuracyScore, shareOf: 'all' }),
  count('zero_one_loss', 'Error rate', BOTH, { better: 'lower', of: (counts) => 1 - accuracyScore(counts), shareOf: 'all' }),
  count('balanced_accuracy', 'Balanced accuracy', BOTH, { of: balancedAccuracyScore }),
  ofPositive('precision', 'Precision', { of: precisionOf, shareOf: 'predicted-positives' }),
  ofPositive('recall', 'Recall', { of: recallOf, shareOf: 'positives' }),
  ofPositive('specificity', 'Specificity', { of: specificityOf, shareOf: 'negatives' }),
  ofPositive('f1_score', 'F1', { of: (counts, positive) => fScoreOf(counts, positive) }),
  ofPositive('f2_score', 'F2', { of: (counts, positive) => fScoreOf(counts, positive, 2) }),
  ofPositive('f05_score', 'F0.5', { of: (counts, positive) => fScoreOf(counts, positive, 0.5) }),
  ofPositive('jaccard', 'Jaccard', { of: jaccardOf }),
  ...averaged,
  count('mcc', 'Matthews correlation', BOTH, { of: matthewsScore, range: CORRELATION }),
  count('cohen_kappa', "Cohen's kappa", BOTH, { of: (counts) => kappaScore(counts), range: CORRELATION }),
  count('cohen_kappa_linear', "Cohen's kappa, linear weights", MULTICLASS, {
    of: (counts) => kappaScore(counts, 'linear'),
    range: CORRELATION,
  }),
  count('cohen_kappa_quadratic', "Cohen's kappa, quadratic weights", MULTICLASS, {
    of: (counts) => kappaScore(counts, 'quadratic'),
    range: CORRELATION,
  }),
  aucRoc,
  {
    name: 'gini',
    title: 'Gini (2·AUC - 1)',
    better: 'higher',
    tasks: BINARY,
    applies: (rows) => rows.scores !== undefined,
    value: (rows) => doubled(aucRoc.value(rows)),
    estimate: async (rows, options) => doubled(await aucRoc.estimate(rows, options)),
  },
  aucRocOvr,
  averagePrecisionMetric,
  {
    name: 'ks_statistic',
    title: 'Largest gap of true and false positive rate',
    better: 'higher',
    tasks: BINARY,
    applies: (rows) => rows.scores !== undefined,
    value: (rows) => asEstimate(largestRateGap(rankedScoresOf(rows)), rows.n, 'one-class'),
    estimate: async (rows) => asEstimate(largestRateGap(rankedScoresOf(rows)), rows.n, 'one-class'),
  },
  probabilityMean('log_loss', 'Log loss', { low: 0, high: -Math.log(LOG_LOSS_EDGE) }, logLosses),
  probabilityMean('brier', 'Brier score', { low: 0, high: 2 }, brierScores),
  expectedCalibrationError,
  largestCalibrationError,
  meanMetric<ClassificationRows>({
    name: 'rmse',
    title: 'RMSE of the probability',
    better: 'lower',
    tasks: BINARY,
    range: SHARE,
    root: true,
    applies: (rows) => rows.scores !== undefined,
    values: brierScores,
    weights: (rows) => rows.weights,
  }),
  ...[2, 3, 5].map((k) => topK(k)),
];

function probabilityMean(
  name: string,
  title: string,
  range: { low: number; high: number },
  values: (rows: ClassificationRows) => Float64Array,
) {
  return meanMetric<ClassificationRows>({
    name,
    title,
    better: 'lower',
    tasks: BOTH,
    range,
    applies: (rows) => rows.scores !== undefined || rows.probabilities !== undefined,
    values,
    weights: (rows) => rows.weights,
  });
}

/** -ln of the probability given to the true class, per row. */
function logLosses(rows: ClassificationRows): Float64Array {
  const clip = (p: number): number => Math.min(1 - LOG_LOSS_EDGE, Math.max(LOG_LOSS_EDGE, p));
  const { truth, scores, probabilities, positive } = rows;
  const out = new Float64Array(rows.n);
  if (scores !== undefined)
    for (let i = 0; i < out.length; i++) out[i] = -Math.log(truth[i] === positive ? clip(scores[i]!) : clip(1 - scores[i]!));
  else for (let i = 0; i < out.length; i++) out[i] = -Math.log(clip(probabilities![truth[i]!]![i]!));
  return out;
}

/** Squared distance of the probabilities from the truth, per row: of the positive class (0…1), or summed over all classes (0…2). */
function brierScores(rows: ClassificationRows): Float64Array {
  const { truth, scores, probabilities, positive } = rows;
  const out = new Float64Array(rows.n);
  if (scores !== undefined) for (let i = 0; i < out.length; i++) out[i] = (scores[i]! - Number(truth[i] === positive)) ** 2;
  else
    probabilities!.forEach((column, k) => {
      for (let i = 0; i < out.length; i++) out[i]! += (column[i]! - Number(truth[i] === k)) ** 2;
    });
  return out;
}

/** Share of rows whose true class is among the k likeliest; of equal probabilities the later class counts as likelier. */
function topK(k: number): Metric<ClassificationRows> {
  const values = ({ truth, probabilities, n }: ClassificationRows): Float64Array | NotComputable => {
    const out = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const own = probabilities![truth[i]!]![i]!;
      let before = 0;
      for (let c = 0; c < probabilities!.length; c++) {
        const p = probabilities![c]![i]!;
        if (p > own || (p === own && c > truth[i]!)) before++;
      }
      out[i] = Number(before < k);
    }
    return out;
  };
  return meanMetric<ClassificationRows>({
    name: `top_${k}_accuracy`,
    title: `Accuracy within the best ${k}`,
    better: 'higher' as Direction,
    tasks: MULTICLASS,
    range: SHARE,
    share: true,
    applies: (rows) => rows.probabilities !== undefined,
    values,
    weights: (rows) => rows.weights,
  });
}

const doubled = (estimate: Awaited<ReturnType<typeof aucRoc.estimate>>): typeof estimate => {
  if (!('value' in estimate)) return estimate;
  const turn = (x: number): number => 2 * x - 1;
  const { interval } = estimate;
  const value = turn(estimate.value);
  return interval === undefined
    ? { ...estimate, value }
    : { ...estimate, value, interval: { ...interval, low: turn(interval.low), high: turn(interval.high) } };
};
