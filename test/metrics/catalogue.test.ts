import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  allMetrics,
  classificationRows,
  findMetric,
  metricNamed,
  metricsOf,
  primaryOf,
  regressionRows,
  type Task,
} from '../../src/metrics/index.ts';

const TASKS: readonly Task[] = ['binary', 'multiclass', 'regression'];
const scored = classificationRows({ truth: [0, 1, 1], scores: [0.2, 0.9, 0.4], positive: 1 });
const labelled = classificationRows({ truth: [0, 1, 1], predicted: [0, 1, 0], positive: 1 });

test('names are snake_case, unique in a task, and of one direction in all tasks', () => {
  const direction = new Map<string, string>();
  for (const task of TASKS) {
    const names = allMetrics(task).map(({ name }) => name);
    assert.equal(new Set(names).size, names.length, task);
    for (const { name, better } of allMetrics(task)) {
      assert.match(name, /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/);
      assert.equal(direction.get(name) ?? better, better, name);
      direction.set(name, better);
    }
  }
});

test('an unknown metric names the nearest one and the tasks that have it', () => {
  assert.throws(() => findMetric('binary', 'acuracy'), /Did you mean accuracy\?/);
  assert.throws(() => findMetric('binary', 'mae'), /It is a metric of regression/);
  assert.throws(() => metricNamed('auc_rok'), /Did you mean auc_roc\?/);
  assert.equal(findMetric('multiclass', 'f1_score', { average: 'weighted' }).name, 'f1_weighted');
  assert.equal(findMetric('multiclass', 'f1').name, 'f1_macro');
});

test('a metric by its name alone follows the rows', () => {
  const rmse = metricNamed('rmse');
  assert.equal(rmse.better, 'lower');
  assert.ok('value' in rmse.value(scored) && 'value' in rmse.value(regressionRows({ truth: [1, 2], predicted: [1, 3] })));
  const three = classificationRows({ truth: [0, 1, 2], predicted: [0, 1, 1] });
  assert.deepEqual(metricNamed('f1_score').value(three), findMetric('multiclass', 'f1_macro').value(three));
  assert.equal(metricNamed('auc_roc').applies(labelled), false);
});

test('the primary metric falls back where the predictions hold no scores', () => {
  assert.equal(primaryOf('binary'), 'auc_roc');
  assert.equal(primaryOf(scored), 'auc_roc');
  assert.equal(primaryOf(labelled), 'accuracy');
  assert.equal(primaryOf('regression'), 'rmse');
});

test('usual metrics that the rows cannot give are left out, named ones are refused', () => {
  assert.deepEqual(
    metricsOf(labelled, ['specificity', 'accuracy']).map(({ name }) => name),
    ['accuracy', 'precision', 'recall', 'f1_score', 'mcc', 'specificity'],
  );
  assert.deepEqual(
    metricsOf(scored, ['auc'], false).map(({ name }) => name),
    ['auc_roc'],
  );
  assert.throws(() => metricsOf(labelled, ['auc_roc']), /auc_roc needs more than these predictions hold/);
});
