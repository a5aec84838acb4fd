import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workflowProblems } from '../../tools/workflows/parser.ts';
import { customers } from '../e2e/customers.ts';
import { Project } from '../e2e/support.ts';

test('init --github writes a pipeline file and a workflow that GitHub takes, and never over another', async () => {
  await using project = await Project.make({ 'data/renewals.csv': customers(60) });
  const args = ['init', 'renewals', '--data', 'data/renewals.csv', '--target', 'churn', '--key', 'id', '--github'];
  const made = await project.retrain(args);
  assert.equal(made.code, 0, made.err);
  assert.match(await project.read('pipelines/renewals.yaml'), /^registry: git\b/m);
  const workflow = await project.read('.github/workflows/train-renewals.yml');
  assert.deepEqual(await workflowProblems('train-renewals.yml', workflow), []);
  assert.match(workflow, /^name: Train renewals$/m);
  assert.match(workflow, /pipeline: pipelines\/renewals\.yaml/);
  assert.match(workflow, /paths: \[pipelines\/renewals\.yaml, "data\/renewals\.csv"\]/);
  assert.doesNotMatch(workflow, /churn|Copy to/);
  assert.equal((await project.retrain(['check', 'pipelines/renewals.yaml'])).code, 0);

  const again = await project.retrain(['init', 'other', ...args.slice(2)]);
  assert.equal(again.code, 0, again.err);
  const over = await project.retrain(args);
  assert.equal(over.code, 2);
});
