import { BadInput } from '../tables/bad-input.ts';
import { expectLength, finiteColumn, type Origin, placeOf, takeNumbers, weightColumn } from './column-checks.ts';
import type { Rows } from './metric.ts';

/** Truth and prediction of a regressor, in the target's unit. */
export interface RegressionRows extends Rows {
  readonly task: 'regression' | 'forecast';
  readonly truth: Float64Array;
  readonly predicted: Float64Array;
  /** Prediction interval, both ends inclusive. */
  readonly lower?: Float64Array;
  readonly upper?: Float64Array;
  readonly weights?: Float64Array;
}

export interface RegressionInput {
  readonly truth: ArrayLike<number>;
  readonly predicted: ArrayLike<number>;
  readonly lower?: ArrayLike<number>;
  readonly upper?: ArrayLike<number>;
  readonly weights?: ArrayLike<number>;
  readonly origin?: Origin;
}

/** Checks the predictions of a regressor. `BadInput` with row and column: lengths that differ, NaN or infinity, a lower bound above the upper one. */
export function regressionRows({ truth, predicted, lower, upper, weights, origin = {} }: RegressionInput): RegressionRows {
  const n = truth.length;
  expectLength(predicted.length, n, 'predicted', origin);
  if ((lower === undefined) !== (upper === undefined))
    throw new BadInput('half-interval', 'expected both bounds of the prediction interval or none of them.', { file: origin.file });
  const bounds = [lower, upper].map((bound, i) => {
    if (bound === undefined) return undefined;
    const name = i === 0 ? 'lower' : 'upper';
    expectLength(bound.length, n, name, origin);
    return finiteColumn(bound, name, origin);
  });
  const rows = {
    task: 'regression' as const,
    truth: finiteColumn(truth, 'truth', origin),
    predicted: finiteColumn(predicted, 'predicted', origin),
    lower: bounds[0],
    upper: bounds[1],
    weights: weights === undefined ? undefined : weightColumn(weights, n, origin),
  };
  for (let i = 0; rows.lower !== undefined && i < n; i++) {
    if (rows.lower[i]! <= rows.upper![i]!) continue;
    throw new BadInput(
      'bounds-crossed',
      `the lower bound ${rows.lower[i]} lies above the upper bound ${rows.upper![i]}.`,
      placeOf(origin, i),
    );
  }
  return regressionRowsOf(rows);
}

function regressionRowsOf(columns: Omit<RegressionRows, 'n' | 'take'>): RegressionRows {
  return {
    ...columns,
    n: columns.truth.length,
    take: (positions) =>
      regressionRowsOf({
        task: columns.task,
        truth: takeNumbers(columns.truth, positions),
        predicted: takeNumbers(columns.predicted, positions),
        lower: columns.lower && takeNumbers(columns.lower, positions),
        upper: columns.upper && takeNumbers(columns.upper, positions),
        weights: columns.weights && takeNumbers(columns.weights, positions),
      }),
  };
}
