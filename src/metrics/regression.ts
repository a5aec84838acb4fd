import type { Estimate, NotComputable } from '../statistics/estimate.ts';
import { mean, sum } from '../statistics/numbers.ts';
import { sortOrder } from '../statistics/sort.ts';
import { BadInput } from '../tables/bad-input.ts';
import type { ForecastRows } from './forecast-rows.ts';
import { type MeanMetric, meanMetric, type SumMetric, sumMetric } from './mean-metric.ts';
import type { Direction, Metric, Task } from './metric.ts';
import type { RegressionRows } from './regression-rows.ts';
import { asEstimate } from './smooth.ts';

const TASKS: readonly Task[] = ['regression', 'forecast'];
const FROM_ZERO = { low: 0, high: Number.POSITIVE_INFINITY };
const UP_TO_ONE = { low: Number.NEGATIVE_INFINITY, high: 1 };
const ANY = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };

/** A metric that is the mean of an error per row. */
function error(
  name: string,
  title: string,
  of: (truth: number, predicted: number) => number,
  spec: Partial<MeanMetric<RegressionRows>> = {},
): Metric<RegressionRows> {
  const values = ({ truth, predicted }: RegressionRows): Float64Array => truth.map((y, i) => of(y, predicted[i]!));
  return meanMetric({ name, title, better: 'lower', tasks: TASKS, range: FROM_ZERO, values, weights: ({ weights }) => weights, ...spec });
}

const whenPositive =
  (of: (y: number, f: number) => number, { truthToo }: { truthToo: boolean }) =>
  ({ truth, predicted }: RegressionRows): Float64Array => {
    for (let i = 0; i < truth.length; i++) {
      if (predicted[i]! <= 0)
        throw new BadInput('not-positive', `a deviance needs predictions above 0; found ${predicted[i]}.`, { row: i + 1 });
      if (truth[i]! < 0 || (truthToo && truth[i] === 0))
        throw new BadInput('not-positive', `a deviance needs a truth ${truthToo ? 'above' : 'of at least'} 0; found ${truth[i]}.`, {
          row: i + 1,
        });
    }
    return truth.map((y, i) => of(y, predicted[i]!));
  };

const logErrors = ({ truth, predicted }: RegressionRows): Float64Array =>
  truth.map((y, i) => {
    const f = predicted[i]!;
    if (y <= -1 || f <= -1)
      throw new BadInput('below-log', `a logarithmic error needs values above -1; found truth ${y} and prediction ${f}.`, { row: i + 1 });
    return (Math.log1p(y) - Math.log1p(f)) ** 2;
  });

/** Percentage errors have no meaning where a truth is 0: no value rather than a giant one. */
const relativeErrors = ({ truth, predicted }: RegressionRows): Float64Array | NotComputable =>
  truth.includes(0) ? 'zero-denominator' : truth.map((y, i) => Math.abs(y - predicted[i]!) / Math.max(Math.abs(y), Number.EPSILON));

const ratioOfSums = (
  name: string,
  title: string,
  better: Direction,
  range: SumMetric<RegressionRows>['range'],
  otherwise: NotComputable,
  sums: SumMetric<RegressionRows>['sums'],
): Metric<RegressionRows> => sumMetric({ name, title, better, tasks: TASKS, range, otherwise, sums });

const weightsOf = ({ weights, n }: RegressionRows): Float64Array => weights ?? new Float64Array(n).fill(1);

/**
 * Truth about its mean (moments of a column far from 0 would cancel) and residuals, both scaled by one power of two, so that squares of
 * 1e-300 or 1e300 stay within the range of doubles: for ratios, which do not depend on the unit.
 */
function inOwnUnit({ truth, predicted }: RegressionRows): { readonly y: Float64Array; readonly residual: Float64Array } {
  const centre = mean(truth);
  let most = 0;
  for (let i = 0; i < truth.length; i++) most = Math.max(most, Math.abs(truth[i]! - centre), Math.abs(truth[i]! - predicted[i]!));
  const scale = most === 0 || most === Number.POSITIVE_INFINITY ? 1 : 2 ** Math.max(-1000, Math.min(1000, -Math.floor(Math.log2(most))));
  return { y: truth.map((y) => (y - centre) * scale), residual: truth.map((y, i) => (y - predicted[i]!) * scale) };
}

/** A figure without interval: an order statistic or an extreme. */
function plain(
  name: string,
  title: string,
  better: Direction,
  value: (rows: RegressionRows) => Estimate,
  applies = always,
): Metric<RegressionRows> {
  return { name, title, better, tasks: TASKS, applies, value, estimate: async (rows) => value(rows) };
}
const always = (): boolean => true;
const hasBounds = ({ lower }: RegressionRows): boolean => lower !== undefined;

/** Every metric of a regressor; formulas in docs/metrics.md. */
export const regressionMetrics: readonly Metric<RegressionRows>[] = [
  error('rmse', 'RMSE', (y, f) => (y - f) ** 2, { root: true }),
  error('mse', 'MSE', (y, f) => (y - f) ** 2),
  error('mae', 'MAE', (y, f) => Math.abs(y - f)),
  error('bias', 'Bias (mean of prediction - truth)', (y, f) => f - y, { better: 'none', range: ANY }),
  ratioOfSums('r2', 'R²', 'higher', UP_TO_ONE, 'constant', (rows) => {
    if (rows.n < 2) return 'too-few';
    const { y, residual } = inOwnUnit(rows);
    if (y.every((value) => value === y[0])) return 'constant';
    const w = weightsOf(rows);
    const columns = [w, y.map((v, i) => w[i]! * v), y.map((v, i) => w[i]! * v * v), residual.map((e, i) => w[i]! * e * e)];
    return { columns, of: ([weight, first, second, squares]) => oneMinus(squares!, second! - (first! * first!) / weight!) };
  }),
  ratioOfSums('explained_variance', 'Explained variance', 'higher', UP_TO_ONE, 'constant', (rows) => {
    if (rows.n < 2) return 'too-few';
    const { y, residual } = inOwnUnit(rows);
    if (y.every((value) => value === y[0])) return 'constant';
    const w = weightsOf(rows);
    const columns = [
      w,
      y.map((v, i) => w[i]! * v),
      y.map((v, i) => w[i]! * v * v),
      residual.map((e, i) => w[i]! * e),
      residual.map((e, i) => w[i]! * e * e),
    ];
    return { columns, of: ([n, a, aa, e, ee]) => oneMinus(ee! - (e! * e!) / n!, aa! - (a! * a!) / n!) };
  }),
  plain('median_absolute_error', 'Median absolute error', 'lower', ({ truth, predicted, weights, n }) =>
    asEstimate(
      weightedMedian(
        truth.map((y, i) => Math.abs(y - predicted[i]!)),
        weights,
      ),
      n,
      'empty',
    ),
  ),
  plain('max_error', 'Largest absolute error', 'lower', ({ truth, predicted, n }) => {
    let most = 0;
    for (let i = 0; i < n; i++) most = Math.max(most, Math.abs(truth[i]! - predicted[i]!));
    return asEstimate(most, n, 'empty');
  }),
  error('mape', 'MAPE', () => 0, { values: relativeErrors }),
  error('smape', 'sMAPE', (y, f) => (y === f ? 0 : (2 * Math.abs(y - f)) / (Math.abs(y) + Math.abs(f))), { range: { low: 0, high: 2 } }),
  ratioOfSums('wape', 'WAPE', 'lower', FROM_ZERO, 'zero-denominator', (rows) => {
    const w = weightsOf(rows);
    const columns = [rows.truth.map((y, i) => w[i]! * Math.abs(y - rows.predicted[i]!)), rows.truth.map((y, i) => w[i]! * Math.abs(y))];
    return { columns, of: ([errors, size]) => (size === 0 ? Number.NaN : errors! / size!) };
  }),
  error('msle', 'Mean squared logarithmic error', () => 0, { values: logErrors }),
  error('rmsle', 'Root mean squared logarithmic error', () => 0, { values: logErrors, root: true }),
  error('mean_poisson_deviance', 'Mean Poisson deviance', () => 0, {
    values: whenPositive((y, f) => 2 * ((y === 0 ? 0 : y * Math.log(y / f)) - y + f), { truthToo: false }),
  }),
  error('mean_gamma_deviance', 'Mean gamma deviance', () => 0, {
    values: whenPositive((y, f) => 2 * (Math.log(f / y) + y / f - 1), { truthToo: true }),
  }),
  plain('d2_absolute_error', 'D² of the absolute error', 'higher', ({ truth, predicted, weights, n }) => {
    if (n < 2) return { notComputable: n === 0 ? 'empty' : 'too-few', n };
    const centre = weightedMedian(truth, weights);
    const w = weights ?? new Float64Array(n).fill(1);
    const own = sum(truth.map((y, i) => w[i]! * Math.abs(y - predicted[i]!)));
    const plainest = sum(truth.map((y, i) => w[i]! * Math.abs(y - centre)));
    return plainest === 0 ? { notComputable: 'constant', n } : asEstimate(1 - own / plainest, n, 'non-finite');
  }),
  ...[0.1, 0.5, 0.9].map((alpha) =>
    error(`pinball_${alpha * 100}`, `Pinball loss at ${alpha}`, (y, f) => Math.max(alpha * (y - f), (alpha - 1) * (y - f))),
  ),
  error('coverage', 'Share within the prediction interval', () => 0, {
    better: 'none',
    range: { low: 0, high: 1 },
    share: true,
    applies: hasBounds,
    values: ({ truth, lower, upper }) => truth.map((y, i) => Number(lower![i]! <= y && y <= upper![i]!)),
  }),
  error('interval_width', 'Mean width of the prediction interval', () => 0, {
    applies: hasBounds,
    values: ({ lower, upper }) => lower!.map((low, i) => upper![i]! - low),
  }),
  meanMetric<ForecastRows>({
    name: 'mase',
    title: 'MASE',
    better: 'lower',
    tasks: ['forecast'],
    range: FROM_ZERO,
    applies: ({ trainStep }) => trainStep !== undefined,
    values: ({ truth, predicted, trainStep }) =>
      typeof trainStep === 'string' ? trainStep : truth.map((y, i) => Math.abs(y - predicted[i]!) / trainStep!),
    weights: ({ weights }) => weights,
  }),
];

/** Median; with weights the 50th weighted percentile, the mean of two values where the weights split exactly in half. */
export function weightedMedian(values: Float64Array, weights?: Float64Array): number {
  const order = sortOrder(values);
  const n = order.length;
  if (n === 0) return Number.NaN;
  if (weights === undefined) return (values[order[Math.floor((n - 1) / 2)]!]! + values[order[Math.floor(n / 2)]!]!) / 2;
  const half = sum(weights) / 2;
  let before = 0;
  for (let i = 0; i < n; i++) {
    before += weights[order[i]!]!;
    if (before > half) return values[order[i]!]!;
    if (before === half) {
      let next = i + 1;
      while (next < n - 1 && weights[order[next]!] === 0) next++;
      return (values[order[i]!]! + values[order[Math.min(next, n - 1)]!]!) / 2;
    }
  }
  return values[order[n - 1]!]!;
}

const oneMinus = (part: number, whole: number): number => (whole <= 0 ? Number.NaN : 1 - part / whole);
