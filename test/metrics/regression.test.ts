import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findMetric, type RegressionRows, regressionMetrics, regressionRows } from '../../src/metrics/index.ts';
import { close, golden } from './close.ts';

const reference = golden('regression') as {
  cases: { name: string; y: number[]; f: number[]; w?: number[]; expected: Record<string, number> }[];
};
const value = (name: string, rows: RegressionRows): number => {
  const estimate = findMetric('regression', name).value(rows);
  return 'value' in estimate ? estimate.value : Number.NaN;
};

const R = regressionRows({ truth: [2, 4, 5, 4.5, 7], predicted: [2.5, 3.5, 5, 5, 6] });

test('worked example R', () => {
  const expected = {
    mae: 0.5,
    mse: 0.35,
    rmse: 0.59160797831,
    max_error: 1,
    bias: -0.1,
    median_absolute_error: 0.5,
    r2: 0.865384615385,
    explained_variance: 0.869230769231,
    mape: 0.125793650794,
    smape: 0.122932973459,
    wape: 0.111111111111,
    msle: 0.0120529765786,
    rmsle: 0.109786049107,
    mean_poisson_deviance: 0.0771083624801,
    mean_gamma_deviance: 0.0201383216176,
    d2_absolute_error: 0.583333333333,
    pinball_10: 0.21,
    pinball_50: 0.25,
    pinball_90: 0.29,
  };
  for (const [name, figure] of Object.entries(expected)) close(value(name, R), figure, name, 5e-12);
});

for (const { name, y, f, w, expected } of reference.cases) {
  test(`regression metrics equal scikit-learn: ${name}`, () => {
    const rows = regressionRows({ truth: y, predicted: f, weights: w ?? undefined });
    for (const [metric, figure] of Object.entries(expected)) {
      // Closer to 0 than the absolute tolerance: compared by ratio.
      close(value(metric, rows) / figure, 1, metric);
    }
  });
}

test('what cannot be computed has a code', () => {
  const constant = regressionRows({ truth: [3, 3, 3], predicted: [3, 2, 4] });
  assert.deepEqual(findMetric('regression', 'r2').value(constant), { notComputable: 'constant', n: 3 });
  assert.deepEqual(findMetric('regression', 'd2_absolute_error').value(constant), { notComputable: 'constant', n: 3 });
  assert.deepEqual(findMetric('regression', 'r2').value(regressionRows({ truth: [1], predicted: [1] })), {
    notComputable: 'too-few',
    n: 1,
  });
  const zero = regressionRows({ truth: [0, 1], predicted: [1, 1] });
  assert.deepEqual(findMetric('regression', 'mape').value(zero), { notComputable: 'zero-denominator', n: 2 });
  assert.deepEqual(findMetric('regression', 'wape').value(regressionRows({ truth: [0, 0], predicted: [1, 1] })), {
    notComputable: 'zero-denominator',
    n: 2,
  });
  const empty = regressionRows({ truth: [], predicted: [] });
  // Squares of 1e200 are no doubles: no figure rather than infinity, and no wrong reason.
  const giant = regressionRows({ truth: [1e200, -1e200], predicted: [-1e200, 1e200] });
  assert.deepEqual(findMetric('regression', 'mse').value(giant), { notComputable: 'non-finite', n: 2 });
  assert.deepEqual(findMetric('regression', 'r2').value(giant), { value: -3, n: 2 });
  const most = regressionRows({ truth: [Number.MAX_VALUE, -Number.MAX_VALUE], predicted: [-Number.MAX_VALUE, Number.MAX_VALUE] });
  for (const name of ['mae', 'wape', 'r2', 'explained_variance', 'd2_absolute_error', 'max_error'])
    assert.deepEqual(findMetric('regression', name).value(most), { notComputable: 'non-finite', n: 2 }, name);
  for (const metric of regressionMetrics.filter((one) => one.applies(empty)))
    assert.deepEqual(metric.value(empty), { notComputable: 'empty', n: 0 }, metric.name);
});

test('coverage counts both ends as inside', () => {
  const rows = regressionRows({ truth: [1, 2, 3], predicted: [1, 2, 2], lower: [1, 1, 0], upper: [2, 2, 2.5] });
  close(value('coverage', rows), 2 / 3);
  close(value('interval_width', rows), 4.5 / 3);
  assert.equal(findMetric('regression', 'coverage').applies(R), false);
});

test('bad predictions are refused with row and column', () => {
  assert.throws(() => regressionRows({ truth: [1, 2], predicted: [1] }), /expected 2 rows, as the truth has, and found 1/);
  assert.throws(
    () => regressionRows({ truth: [1, Number.NaN], predicted: [1, 2] }),
    /row 2, column "truth": expected a finite number and found NaN/,
  );
  assert.throws(() => regressionRows({ truth: [1], predicted: [Number.POSITIVE_INFINITY] }), /row 1, column "predicted".*Infinity/);
  assert.throws(() => regressionRows({ truth: [1], predicted: [1], lower: [2], upper: [1] }), /lower bound 2 lies above the upper bound 1/);
  assert.throws(
    () => value('msle', regressionRows({ truth: [1, -1], predicted: [1, 1] })),
    /row 2: a logarithmic error needs values above -1/,
  );
  assert.throws(() => value('mean_poisson_deviance', regressionRows({ truth: [1], predicted: [0] })), /predictions above 0; found 0/);
});
