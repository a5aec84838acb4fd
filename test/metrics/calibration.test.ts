import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type CalibrationStrategy,
  calibrationBins,
  calibrationError,
  classificationRows,
  findMetric,
  isotonic,
} from '../../src/metrics/index.ts';
import { close, golden } from './close.ts';

interface Golden {
  curves: { name: string; y: number[]; s: number[]; expected: Record<string, { shares: number[]; means: number[] }> }[];
  isotonic: { name: string; x: number[]; y: number[]; w?: number[]; at: number[]; expected: number[] }[];
}
const reference = golden('calibration') as Golden;
const B = classificationRows({ truth: [1, 0, 1, 1, 0, 0, 1, 0], scores: [0.9, 0.8, 0.8, 0.7, 0.6, 0.4, 0.4, 0.1], positive: 1 });

test('worked example B: bins, expected and largest calibration error', async () => {
  const bins = calibrationBins(B, 5);
  bins.forEach(({ meanScore, shareOfPositives }, i) => {
    close(meanScore, [0.1, 0.4, 0.6, 0.766666666667, 0.9][i]!, '', 1e-11);
    close(shareOfPositives, [0, 0.5, 0, 2 / 3, 1][i]!);
  });
  close(calibrationError(bins).expected, 0.1625);
  close(calibrationError(bins).largest, 0.6);
  for (const [name, figure] of Object.entries({ ece: 0.2375, expected_calibration_error: 0.2375, mce: 0.6 })) {
    const found = await findMetric('binary', name).estimate(B);
    close('value' in found ? found.value : Number.NaN, figure, name);
    assert.equal('interval' in found, false, name);
  }
});

test('a row counts by its weight, and one without weight not at all', () => {
  const rows = classificationRows({ truth: [1, 0, 1], scores: [0.9, 0.9, 0.1], positive: 1, weights: [3, 1, 0] });
  assert.deepEqual(calibrationBins(rows), [{ n: 4, meanScore: 0.9, shareOfPositives: 0.75 }]);
});

for (const { name, y, s, expected } of reference.curves) {
  test(`bins of equal width and of equal size are those of scikit-learn: ${name}`, () => {
    const rows = classificationRows({ truth: y, scores: s, positive: 1, classes: [0, 1] });
    for (const [asked, { shares, means }] of Object.entries(expected)) {
      const [strategy, bins] = asked.split(' ') as [CalibrationStrategy, string];
      const found = calibrationBins(rows, Number(bins), strategy);
      assert.equal(found.length, shares.length, asked);
      found.forEach(({ meanScore, shareOfPositives }, i) => {
        close(meanScore, means[i]!, `${asked}: score ${i}`);
        close(shareOfPositives, shares[i]!, `${asked}: share ${i}`);
      });
    }
  });
}

test('isotonic regression by hand: a fall is pooled, between points it is linear, outside constant', () => {
  const fitted = isotonic([1, 2, 3, 4, 4], [1, 3, 2, 5, 4]);
  assert.deepEqual(
    [0, 1, 2.5, 3.5, 9].map((x) => fitted.at(x)),
    [1, 1, 2.5, 3.5, 4.5],
  );
  assert.ok(Number.isNaN(fitted.at(Number.NaN)));
});

for (const { name, x, y, w, at, expected } of reference.isotonic) {
  test(`isotonic regression equals scikit-learn: ${name}`, () => {
    const fitted = isotonic(x, y, w ?? undefined);
    at.forEach((value, i) => {
      close(fitted.at(value), expected[i]!, `at ${value}`);
    });
  });
}

test('isotonic regression refuses no rows, other lengths, NaN and negative weights', () => {
  assert.throws(() => isotonic([], []), /at least one point/);
  assert.throws(() => isotonic([1, 2], [1]), /expected 2 rows.*found 1/);
  assert.throws(() => isotonic([1, Number.NaN], [1, 2]), /row 2, column "x"/);
  assert.throws(() => isotonic([1, 2], [1, 2], [1, -1]), /row 2.*weight/);
});
