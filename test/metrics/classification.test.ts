import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  adjustedBalancedAccuracyScore,
  averageScore,
  type ClassificationRows,
  classificationMetrics,
  classificationRows,
  confusionOf,
  countsOfClass,
  detCurve,
  findMetric,
  kappaScore,
  matthewsScore,
  multiclassArea,
  partialAreaUnderRoc,
  precisionRecallCurve,
  rankedScoresOf,
  rocCurve,
  thinned,
} from '../../src/metrics/index.ts';
import { close, golden } from './close.ts';

type Numbers = Record<string, number | null>;
interface Curve {
  x: number[];
  y: number[];
}
interface Golden {
  binary: { name: string; y: number[]; s: number[]; w?: number[]; expected: Numbers & { roc: Curve; pr: Curve; det: Curve } }[];
  multiclass: { name: string; k: number; y: number[]; p: number[]; w?: number[]; expected: Numbers & { confusion: number[] } }[];
  probabilities: { name: string; k: number; y: number[]; P: number[][]; w?: number[]; expected: Numbers }[];
}
const reference = golden('classification') as Golden;

const C = classificationRows({ truth: [...'aaaabbbccc'], predicted: [...'aaabbbccaa'] });
const B = classificationRows({ truth: [1, 0, 1, 1, 0, 0, 1, 0], scores: [0.9, 0.8, 0.8, 0.7, 0.6, 0.4, 0.4, 0.1], positive: 1 });
const value = (task: 'binary' | 'multiclass', name: string, rows: ClassificationRows): number => {
  const estimate = findMetric(task, name).value(rows);
  return 'value' in estimate ? estimate.value : Number.NaN;
};

test('worked example C: counts, averages, correlations', () => {
  assert.deepEqual([...confusionOf(C).cells], [3, 1, 0, 0, 2, 1, 2, 0, 1]);
  close(value('multiclass', 'accuracy', C), 0.6);
  close(value('multiclass', 'zero_one_loss', C), 0.4);
  close(value('multiclass', 'balanced_accuracy', C), 0.583333333333, '', 1e-11);
  close(adjustedBalancedAccuracyScore(confusionOf(C)), 0.375);
  assert.deepEqual(countsOfClass(confusionOf(C), 0), { tp: 3, fp: 2, fn: 1, tn: 4 });
  close(value('multiclass', 'f1_macro', C), 0.577777777778, '', 1e-11);
  close(value('multiclass', 'f1_weighted', C), 0.586666666667, '', 1e-11);
  close(value('multiclass', 'f1_micro', C), 0.6);
  close(value('multiclass', 'precision_macro', C), 0.588888888889, '', 1e-11);
  close(averageScore(confusionOf(C), { beta: 2 }, 'macro'), 0.579365079365, '', 1e-11);
  close(value('multiclass', 'jaccard_macro', C), 0.416666666667, '', 1e-11);
  close(value('multiclass', 'mcc', C), 0.390815874676, '', 1e-11);
  close(kappaScore(confusionOf(C)), 0.384615384615, '', 1e-11);
  close(kappaScore(confusionOf(C), 'linear'), 0.318181818182, '', 1e-11);
  close(kappaScore(confusionOf(C), 'quadratic'), 0.253731343284, '', 1e-11);
});

test('zero division: macro F1 with a class neither true nor predicted, by 0, 1 and NaN', () => {
  const rows = classificationRows({ truth: ['x', 'x', 'y'], predicted: ['x', 'x', 'x'], classes: ['x', 'y', 'z'] });
  const f1 = (zeroDivision: 0 | 1 | number): number =>
    averageScore(confusionOf(rows), { beta: 1 }, 'macro', { zeroDivision, allClasses: true });
  close(f1(0), 0.266666666667, '', 1e-11);
  close(f1(1), 0.6);
  close(f1(Number.NaN), 0.4);
});

test('a metric without a denominator has a code and no value', () => {
  const none = classificationRows({ truth: [1, 0, 1], predicted: [0, 0, 0], positive: 1 });
  assert.deepEqual(findMetric('binary', 'precision').value(none), { notComputable: 'zero-denominator', n: 3 });
  const oneClass = classificationRows({ truth: [0, 0], scores: [0.1, 0.2], classes: [0, 1], positive: 1 });
  assert.deepEqual(findMetric('binary', 'auc_roc').value(oneClass), { notComputable: 'one-class', n: 2 });
  assert.deepEqual(findMetric('binary', 'average_precision').value(oneClass), { notComputable: 'one-class', n: 2 });
  assert.deepEqual(findMetric('binary', 'mcc').value(oneClass), { notComputable: 'zero-denominator', n: 2 });
  assert.ok(Number.isNaN(matthewsScore(confusionOf(oneClass))));
  const empty = classificationRows({ truth: [], scores: [], classes: [0, 1], positive: 1 });
  for (const metric of classificationMetrics.filter(({ tasks }) => tasks.includes('binary')))
    assert.deepEqual(metric.value(empty), { notComputable: 'empty', n: 0 }, metric.name);
});

test('worked example B: scores, curves, calibration', () => {
  const expected = {
    auc_roc: 0.75,
    gini: 0.5,
    average_precision: 0.747023809524,
    ks_statistic: 0.5,
    log_loss: 0.592923065815,
    brier: 0.20875,
  };
  for (const [name, figure] of Object.entries(expected)) close(value('binary', name, B), figure, name, 2e-12);
  const scores = rankedScoresOf(B);
  close(partialAreaUnderRoc(scores, 0.5), 0.708333333333, '', 1e-11);
  close(partialAreaUnderRoc(scores, 0.1), 0.631578947368, '', 1e-11);
  assert.deepEqual(rocCurve(scores, { keepAll: true }).y, [0, 0.25, 0.5, 0.75, 0.75, 1, 1]);
  assert.deepEqual(rocCurve(scores, { keepAll: true }).x, [0, 0, 0.25, 0.25, 0.5, 0.75, 1]);
  assert.deepEqual(detCurve(scores).x, [0.75, 0.5, 0.25, 0.25, 0]);
  assert.deepEqual(detCurve(scores).y, [0, 0.25, 0.25, 0.5, 0.75]);
});

test('worked multiclass example: log loss, Brier, top-k, one against the rest, one against one', () => {
  const P = [
    [0.7, 0.3, 0.2, 0.4, 0.1],
    [0.2, 0.4, 0.2, 0.4, 0.8],
    [0.1, 0.3, 0.6, 0.2, 0.1],
  ];
  const rows = classificationRows({ truth: [0, 1, 2, 1, 0], probabilities: P, classes: [0, 1, 2] });
  close(value('multiclass', 'log_loss', rows), 1.00053342489, '', 1e-11);
  close(value('multiclass', 'brier', rows), 0.588);
  close(value('multiclass', 'top_2_accuracy', rows), 0.8);
  const areas = { ovr_macro: 0.722222222222, ovr_weighted: 2 / 3, ovr_micro: 0.72, ovo_macro: 0.75, ovo_weighted: 0.725 } as const;
  for (const [average, figure] of Object.entries(areas)) close(multiclassArea(rows, average as keyof typeof areas), figure, average, 1e-11);
  const sure = classificationRows({ truth: [1, 0], scores: [0, 0], positive: 1 });
  close(value('binary', 'log_loss', sure), 18.0218266946, '', 1e-11);
});

for (const { name, y, s, w, expected } of reference.binary) {
  test(`binary metrics equal scikit-learn: ${name}`, () => {
    const rows = classificationRows({ truth: y, scores: s, positive: 1, classes: [0, 1], weights: w ?? undefined });
    for (const metric of classificationMetrics) {
      const figure = expected[metric.name];
      if (figure === undefined || figure === null || !metric.tasks.includes('binary')) continue;
      close(value('binary', metric.name, rows), figure, metric.name);
    }
    const scores = rankedScoresOf(rows);
    close(partialAreaUnderRoc(scores, 0.1), expected['partial_auc_0.1']!, 'partial .1');
    close(partialAreaUnderRoc(scores, 0.5), expected['partial_auc_0.5']!, 'partial .5');
    for (const [curve, found] of [
      [expected.roc, rocCurve(scores)],
      [expected.pr, precisionRecallCurve(scores)],
      [expected.det, detCurve(scores)],
    ] as const) {
      assert.equal(found.x.length, curve.x.length);
      curve.x.forEach((x, i) => {
        close(found.x[i], x, `x ${i}`);
        close(found.y[i], curve.y[i]!, `y ${i}`);
      });
    }
  });
}

for (const { name, k, y, p, w, expected } of reference.multiclass) {
  test(`multiclass metrics equal scikit-learn: ${name}`, () => {
    const rows = classificationRows({ truth: y, predicted: p, classes: Array.from({ length: k }, (_, i) => i), weights: w ?? undefined });
    confusionOf(rows).cells.forEach((count, cell) => {
      close(count, expected.confusion[cell]!, `cell ${cell}`);
    });
    for (const metric of classificationMetrics) {
      const figure = expected[metric.name];
      if (typeof figure === 'number' && metric.tasks.includes('multiclass'))
        close(value('multiclass', metric.name, rows), figure, metric.name);
    }
  });
}

for (const { name, k, y, P, w, expected } of reference.probabilities) {
  test(`metrics of probabilities equal scikit-learn: ${name}`, () => {
    const classes = Array.from({ length: k }, (_, i) => i);
    const rows = classificationRows({ truth: y, probabilities: P, classes, weights: w ?? undefined });
    for (const metric of ['log_loss', 'brier', 'top_2_accuracy']) close(value('multiclass', metric, rows), expected[metric]!, metric);
    for (const average of ['ovr_macro', 'ovr_weighted', 'ovr_micro', 'ovo_macro', 'ovo_weighted'] as const)
      if (typeof expected[average] === 'number') close(multiclassArea(rows, average), expected[average], average);
  });
}

test('a curve is thinned to its bound and keeps its ends', () => {
  const x = Array.from({ length: 1000 }, (_, i) => i / 999);
  const points = thinned({ x, y: x.map((v) => v * v) });
  assert.ok(points.x.length <= 200 && points.x.length > 150);
  assert.deepEqual([points.x[0], points.x.at(-1)], [0, 1]);
});

test('bad predictions are refused with row and column', () => {
  const bad = (input: Parameters<typeof classificationRows>[0], code: string, text: RegExp): void => {
    assert.throws(
      () => classificationRows(input),
      (error: Error & { code?: string }) => error.code === code && text.test(error.message),
      code,
    );
  };
  bad({ truth: [0, 1], predicted: [0] }, 'wrong-length', /expected 2 rows.*found 1/);
  bad({ truth: [0, 1], predicted: [0, 2], classes: [0, 1] }, 'unknown-label', /row 2, column "predicted".*found "2"/);
  bad({ truth: ['a', ''], predicted: ['a', 'b'], classes: ['a', 'b'] }, 'unknown-label', /row 2, column "truth"/);
  bad({ truth: [0, Number.NaN], predicted: [0, 1], classes: [0, 1] }, 'missing-label', /row 2.*found nothing/);
  bad({ truth: [0, 1], scores: [0.5, 1.01], positive: 1 }, 'not-a-probability', /row 2, column "score".*1\.01/);
  bad({ truth: [0, 1], scores: [0.5, Number.NaN], positive: 1 }, 'not-a-probability', /row 2.*NaN/);
  bad(
    {
      truth: [0, 1],
      probabilities: [
        [0.5, 0.5],
        [0.5, 0.4],
      ],
    },
    'probabilities-off',
    /row 2.*0\.9/,
  );
  bad({ truth: [0, 1, 2], scores: [0.1, 0.1, 0.1], positive: 1 }, 'not-two-classes', /3 values/);
  bad({ truth: ['yes', 'no'], scores: [0.1, 0.1], positive: 'Yes' }, 'unknown-positive', /"Yes" is not among "no", "yes"/);
  bad({ truth: [0, 1], scores: [0.1, 0.1], positive: 1, weights: [1, -1] }, 'negative-weight', /row 2.*-1/);
  bad({ truth: [0, 1], scores: [0.1, 0.1], positive: 1, weights: [0, 0] }, 'no-weight', /all are 0/);
  bad(
    { truth: [0, 1], scores: [0.1, 0.1], positive: 1, origin: { file: 'p.csv', firstRow: 2 }, weights: [0, Number.NaN] },
    'non-finite',
    /p\.csv, row 3/,
  );
});

test('labels are ordered as numbers, then as text by code point', () => {
  const rows = classificationRows({ truth: ['10', '9', 'b', 'ä', '😀', '\uff5e'], predicted: ['10', '9', 'b', 'ä', '😀', '\uff5e'] });
  assert.deepEqual(rows.classes, ['9', '10', 'b', 'ä', '\uff5e', '😀']);
});
