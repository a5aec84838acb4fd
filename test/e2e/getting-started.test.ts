import assert from 'node:assert/strict';
import { test } from 'node:test';
import { customers } from './customers.ts';
import { Project } from './support.ts';

test("one's own table, as docs/getting-started.md tells it: init writes a file that passes check and runs, and rows are read as they were for training", async () => {
  await using project = await Project.make({ 'data/customers.csv': customers(600) });
  const init = await project.retrain(['init', 'churn', '--data', 'data/customers.csv', '--target', 'churn', '--key', 'id']);
  assert.equal(init.code, 0, init.err);
  const check = await project.retrain(['check', 'pipelines/churn.yaml']);
  assert.equal(check.code, 0, check.out + check.err);
  const sets = ['--set', 'train.algorithms=[logistic_regression]', '--set', 'fetch-data.read.missing=["n/a"]'];
  const run = await project.retrain(['run', 'pipelines/churn.yaml', ...sets]);
  assert.equal(run.code, 0, run.out + run.err);

  // A word that means missing stands in a column of numbers: only the reading kept with the version knows it.
  const [header, first, ...rest] = customers(5, { seed: 3, first: 600 }).trimEnd().split('\n') as [string, string, ...string[]];
  const tenure = header.split(',').indexOf('tenure');
  const blank = first
    .split(',')
    .map((cell, column) => (column === tenure ? 'n/a' : cell))
    .join(',');
  await project.write('new.csv', `${[header, blank, ...rest].join('\n')}\n`);
  const predicted = await project.retrain(['predict', 'churn', '--data', 'new.csv', '--output', 'scores.csv']);
  assert.equal(predicted.code, 0, predicted.err);
  assert.equal((await project.read('scores.csv')).trimEnd().split('\n').length, 6);
});
