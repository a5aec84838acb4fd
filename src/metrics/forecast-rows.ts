import type { NotComputable } from '../statistics/estimate.ts';
import { expectLength, finiteColumn, takeNumbers } from './column-checks.ts';
import { type RegressionInput, type RegressionRows, regressionRows } from './regression-rows.ts';

/** Truth and prediction of a series, in the target's unit. */
export interface ForecastRows extends RegressionRows {
  readonly task: 'forecast';
  /** How far ahead each row was predicted: days, hours, steps. */
  readonly horizons?: Float64Array;
  /** Mean absolute change of the training series over one season: what MASE divides by. Why there is none, where there is none. */
  readonly trainStep?: number | NotComputable;
}

export interface ForecastInput extends RegressionInput {
  readonly horizons?: ArrayLike<number>;
  /** The series the model learned from, in its order. */
  readonly train?: ArrayLike<number>;
  /** Values in one season of the series; 1 (the default) compares with the value before. */
  readonly season?: number;
}

/** Checks the predictions of a series; refuses what `regressionRows` refuses, and horizons and training values that are not finite. */
export function forecastRows({ horizons, train, season = 1, ...input }: ForecastInput): ForecastRows {
  const rows = regressionRows(input);
  if (horizons !== undefined) expectLength(horizons.length, rows.n, 'horizon', input.origin ?? {});
  if (!Number.isInteger(season) || season < 1) throw new RangeError(`season is a whole number of at least 1, not ${season}.`);
  return forecastRowsOf(rows, {
    horizons: horizons === undefined ? undefined : finiteColumn(horizons, 'horizon', input.origin),
    trainStep: train === undefined ? undefined : stepOf(finiteColumn(train, 'train'), season),
  });
}

function forecastRowsOf(rows: RegressionRows, extra: Pick<ForecastRows, 'horizons' | 'trainStep'>): ForecastRows {
  return {
    ...rows,
    ...extra,
    task: 'forecast',
    take: (positions) =>
      forecastRowsOf(rows.take(positions), { ...extra, horizons: extra.horizons && takeNumbers(extra.horizons, positions) }),
  };
}

function stepOf(train: Float64Array, season: number): number | NotComputable {
  if (train.length <= season) return 'too-few';
  let steps = 0;
  for (let t = season; t < train.length; t++) steps += Math.abs(train[t]! - train[t - season]!);
  return steps === 0 ? 'zero-denominator' : steps / (train.length - season);
}
