import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manifestSchema } from '../../src/kernel/record.ts';
import { algorithmScores, candidateMetrics, comparisonOf, recordOf, secondsOf } from '../../src/report/run.ts';
import * as fixtures from './fixtures.ts';

test('the fixtures are manifests', () => {
  for (const each of [fixtures.promoted, fixtures.keptBack, fixtures.refused, fixtures.skipped, fixtures.errored, fixtures.hostile]) {
    assert.deepEqual(manifestSchema.parse(each), each);
  }
});

test('run: the last record of a stage counts, the winner stands first, others’ figures are left out', () => {
  const twice = fixtures.manifest([fixtures.record('train', { attempt: 1 }), fixtures.record('train', { attempt: 2 })]);
  assert.equal(recordOf(twice, 'train')?.attempt, 2);
  assert.deepEqual(
    algorithmScores(fixtures.promoted).map(({ algorithm, winner }) => [algorithm, winner]),
    [
      ['gradient_boosting', true],
      ['logistic_regression', false],
      ['random_forest', false],
    ],
  );
  assert.deepEqual(
    candidateMetrics(fixtures.promoted).map(({ name }) => name),
    ['auc_roc', 'accuracy', 'f1', 'log_loss', 'mcc'],
  );
  assert.equal(comparisonOf(fixtures.promoted)?.champion, 2);
  assert.equal(comparisonOf(fixtures.skipped), undefined);
  assert.equal(secondsOf(fixtures.promoted), 80.1);
  assert.equal(secondsOf(fixtures.skipped), 0.2);
});
