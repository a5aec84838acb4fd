import { median } from '../statistics/quantiles.ts';
import { sortOrder } from '../statistics/sort.ts';
import type { ForecastRows } from './forecast-rows.ts';

/** How a figure of rows is taken over a window of horizons: mean of a column, its root, or its median. */
export type Windowed = 'mean' | 'root-mean' | 'median';

export interface HorizonPoint {
  readonly horizon: number;
  readonly value: number;
}

/**
 * A row figure by horizon, rolled over windows that end at each horizon, as Prophet's `performance_metrics` does: a window takes whole
 * horizons backwards until it holds `share` of the rows (at least one), the oldest one in part by weight (medians take whole rows); windows
 * that would begin before the data are dropped. Share 0: the plain figure per horizon. Below 0: one figure per row.
 */
export function byHorizon(values: Float64Array, horizons: Float64Array, share: number, windowed: Windowed = 'mean'): HorizonPoint[] {
  if (values.length !== horizons.length) throw new RangeError('Every figure needs its horizon.');
  const order = sortOrder(horizons);
  const [x, h] = [values, horizons].map((column) => Float64Array.from(order, (row) => column[row]!)) as [Float64Array, Float64Array];
  const finish = (value: number): number => (windowed === 'root-mean' ? Math.sqrt(value) : value);
  if (share < 0) return Array.from(x, (value, i) => ({ horizon: h[i]!, value: finish(value) }));
  const rows = Math.min(x.length, Math.max(1, Math.floor(share * x.length)));
  return windowed === 'median' ? rollingMedians(x, h, rows) : rollingMeans(x, h, rows, share === 0, finish);
}

function rollingMeans(x: Float64Array, h: Float64Array, rows: number, plain: boolean, finish: (value: number) => number): HorizonPoint[] {
  const groups = groupEnds(h);
  const out: HorizonPoint[] = [];
  for (const [g, { horizon, from, to }] of groups.entries()) {
    if (plain) {
      out.push({ horizon, value: finish(sumOf(x, from, to) / (to - from)) });
      continue;
    }
    let total = 0;
    let taken = 0;
    for (let back = g; back >= 0 && taken < rows; back--) {
      const group = groups[back]!;
      const size = group.to - group.from;
      const part = Math.min(1, (rows - taken) / size);
      total += sumOf(x, group.from, group.to) * part;
      taken += size * part;
    }
    if (taken >= rows) out.push({ horizon, value: finish(total / rows) });
  }
  return out;
}

function rollingMedians(x: Float64Array, h: Float64Array, rows: number): HorizonPoint[] {
  const out: HorizonPoint[] = [];
  for (const { horizon, to } of groupEnds(h)) if (to >= rows) out.push({ horizon, value: median(x.subarray(to - rows, to)) });
  return out;
}

interface Group {
  readonly horizon: number;
  readonly from: number;
  readonly to: number;
}

function groupEnds(h: Float64Array): Group[] {
  const out: Group[] = [];
  for (let from = 0; from < h.length; ) {
    let to = from + 1;
    while (to < h.length && h[to] === h[from]) to++;
    out.push({ horizon: h[from]!, from, to });
    from = to;
  }
  return out;
}

function sumOf(x: Float64Array, from: number, to: number): number {
  let total = 0;
  for (let i = from; i < to; i++) total += x[i]!;
  return total;
}

export type HorizonMetric = 'mse' | 'rmse' | 'mae' | 'mape' | 'mdape' | 'smape' | 'coverage';

/** Smallest truth for which a percentage error has a meaning in a forecast. */
const TRUTH_MIN = 1e-8;

/**
 * Error figures of a forecast by horizon, in the unit of `horizons`; none of no rows. Percentages are left out when a truth is next to 0.
 * A `RangeError` for rows without horizons.
 */
export function horizonMetrics(rows: ForecastRows, share = 0.1): ReadonlyMap<HorizonMetric, readonly HorizonPoint[]> {
  if (rows.horizons === undefined) throw new RangeError('Figures by horizon need the horizon of every row.');
  const h = rows.horizons;
  const { truth, predicted, lower, upper } = rows;
  const of = (error: (y: number, f: number, i: number) => number, windowed: Windowed = 'mean'): HorizonPoint[] =>
    byHorizon(
      truth.map((y, i) => error(y, predicted[i]!, i)),
      h,
      share,
      windowed,
    );
  const relative = (y: number, f: number): number => Math.abs((y - f) / y);
  const found = new Map<HorizonMetric, readonly HorizonPoint[]>([
    ['mse', of((y, f) => (y - f) ** 2)],
    ['rmse', of((y, f) => (y - f) ** 2, 'root-mean')],
    ['mae', of((y, f) => Math.abs(y - f))],
  ]);
  if (truth.every((y) => Math.abs(y) >= TRUTH_MIN)) {
    found.set('mape', of(relative));
    found.set('mdape', of(relative, 'median'));
  }
  found.set(
    'smape',
    of((y, f) => (y === f ? 0 : (2 * Math.abs(y - f)) / (Math.abs(y) + Math.abs(f)))),
  );
  if (lower !== undefined)
    found.set(
      'coverage',
      of((y, _, i) => Number(lower[i]! <= y && y <= upper![i]!)),
    );
  return found;
}
