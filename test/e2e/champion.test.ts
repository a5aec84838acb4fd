import assert from 'node:assert/strict';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { customers, pipeline } from './customers.ts';
import { Project, ROOT, recordOf } from './support.ts';

const PRIORS = join(ROOT, 'test/providers/backends/fixtures/priors-trainer.mjs');

test('a champion that can no longer be started is incomparable: red, and still champion', async () => {
  await using project = await Project.make({ 'pipelines/churn.yaml': pipeline(), 'data/1.csv': customers(600) });
  await copyFile(PRIORS, join(project.folder, 'priors.mjs'));
  const own = await project.retrain([
    'run',
    'pipelines/churn.yaml',
    '--set',
    `train.command=[${process.execPath}, priors.mjs]`,
    '--set',
    'train.algorithms=[priors]',
  ]);
  assert.equal(own.code, 0, own.out + own.err);

  await rm(join(project.folder, 'priors.mjs'));
  const next = await project.retrain(['run', 'pipelines/churn.yaml']);
  assert.equal(next.code, 1, next.out + next.err);
  const run = await project.lastRun();
  const { comparison, verdict } = recordOf(run, 'evaluate');
  assert.equal(comparison?.verdict, 'incomparable');
  assert.equal(verdict?.kind, 'incomparable');
  assert.ok(!run.records.some(({ stage }) => stage === 'register'), 'what cannot be compared is not registered');
  assert.equal((await project.json('.retrain/registry/churn/aliases.json')).champion, 1);
});

test('the winner is chosen by cross-validation; chosen on the test part instead, the record calls its figure optimistic', async () => {
  const two = pipeline().replace('[logistic_regression]', '[random_forest, logistic_regression]');
  await using project = await Project.make({ 'pipelines/churn.yaml': two, 'data/1.csv': customers(500) });
  const fewTrees = ['--set', 'train.params.random_forest.n_estimators=5'];

  const byFolds = await project.retrain(['run', 'pipelines/churn.yaml', ...fewTrees]);
  assert.equal(byFolds.code, 0, byFolds.out + byFolds.err);
  const chosen = recordOf(await project.lastRun(), 'train');
  const scores = Object.fromEntries(chosen.metrics.map(({ model, value }) => [model, value ?? 0]));
  assert.equal(
    chosen.outputs.algorithm,
    (scores.random_forest ?? 0) > (scores.logistic_regression ?? 0) ? 'random_forest' : 'logistic_regression',
  );
  assert.ok(!chosen.tables.some(({ columns }) => columns.includes('test')), 'the test part was not looked at');

  const onTest = await project.retrain(['run', 'pipelines/churn.yaml', ...fewTrees, '--set', 'train.select=test']);
  assert.ok(onTest.code === 0, onTest.out + onTest.err);
  const table = recordOf(await project.lastRun(), 'train').tables.find(({ name }) => name === 'algorithms');
  assert.match(table?.title ?? '', /optimistic/);
  const test = table?.columns.indexOf('test') ?? -1;
  const best = [...(table?.rows ?? [])].sort((a, b) => Number(b[test]) - Number(a[test]))[0];
  assert.equal(recordOf(await project.lastRun(), 'train').outputs.algorithm, best?.[0]);
});

test('a threshold tuned on the validation rows is what test rows and groups are judged at', async () => {
  const tuned = pipeline('bias-check: { slices: [plan] }\n').replace('{ test: 25 % }', '{ test: 25 %, validation: 20 % }');
  await using project = await Project.make({ 'pipelines/churn.yaml': tuned, 'data/1.csv': customers(600) });
  const ended = await project.retrain(['run', 'pipelines/churn.yaml', '--set', 'evaluate.threshold=f1']);
  assert.equal(ended.code, 0, ended.out + ended.err);
  const run = await project.lastRun();
  const threshold = recordOf(run, 'evaluate').outputs.threshold as number;
  assert.ok(threshold > 0 && threshold < 1 && threshold !== 0.5, String(threshold));
  assert.equal(recordOf(run, 'bias-check').inputs.threshold, threshold);

  const without = await project.retrain([
    'run',
    'pipelines/churn.yaml',
    '--set',
    'evaluate.threshold=f1',
    '--set',
    'prepare-data.split.validation=0',
  ]);
  assert.equal(without.code, 2);
  assert.match(without.out + without.err, /no validation rows to tune it on/);
});
