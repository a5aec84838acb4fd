import assert from 'node:assert/strict';
import { test } from 'node:test';
import { customers, pipeline } from './customers.ts';
import { Project, recordOf } from './support.ts';

const aliases = async (project: Project) => {
  const { champion, previous, staging } = await project.json('.retrain/registry/churn/aliases.json');
  return { champion, previous, staging };
};

test('first version by its gates, then nothing new, a tie, a known worse and a known better candidate: each gets the right verdict', async () => {
  await using project = await Project.make({ 'pipelines/churn.yaml': pipeline(), 'data/1.csv': customers(1200) });

  const first = await project.retrain(['run', 'pipelines/churn.yaml']);
  assert.equal(first.code, 0, first.out + first.err);
  assert.deepEqual(await aliases(project), { champion: 1, previous: undefined, staging: undefined });
  assert.match(first.out, /Promoted/);

  const same = await project.retrain(['run', 'pipelines/churn.yaml']);
  assert.equal(same.code, 0, same.err);
  assert.match(same.out, /code, configuration and data are the same as version 1/);
  assert.equal((await project.lastRun()).outcome, 'skipped');

  // A tie: the same rows and a configuration that cannot make a difference beyond noise.
  const tie = await project.retrain(['run', 'pipelines/churn.yaml', '--set', 'train.params.logistic_regression.C=0.9']);
  assert.equal(tie.code, 0, tie.out + tie.err);
  const tied = await project.lastRun();
  assert.equal(recordOf(tied, 'evaluate').comparison?.verdict, 'not-better');
  assert.equal(recordOf(tied, 'promote').verdict?.kind, 'skipped');
  assert.ok((recordOf(tied, 'evaluate').comparison?.primary?.smallestVisible ?? 0) > 0);
  assert.deepEqual(await aliases(project), { champion: 1, previous: undefined, staging: 2 });

  // Known worse: the labels of all training rows are chance.
  const worse = await project.retrain(['run', 'pipelines/churn.yaml', '--set', 'prepare-data.drop=[tenure, plan]']);
  assert.equal(worse.code, 0, worse.out + worse.err);
  const worseRun = await project.lastRun();
  assert.equal(recordOf(worseRun, 'evaluate').comparison?.verdict, 'not-better');
  assert.equal(recordOf(worseRun, 'evaluate').comparison?.primary?.verdict, 'worse');
  assert.equal((await aliases(project)).champion, 1);
});

test('a champion that lacked the best features is beaten, on rows it was not trained on, and a rollback brings it back', async () => {
  await using project = await Project.make({ 'pipelines/churn.yaml': pipeline(), 'data/1.csv': customers(1200) });
  const poor = await project.retrain(['run', 'pipelines/churn.yaml', '--set', 'prepare-data.drop=[tenure, plan]']);
  assert.equal(poor.code, 0, poor.out + poor.err);

  await project.write('data/2.csv', customers(400, { seed: 2, first: 1200 }));
  const rich = await project.retrain(['run', 'pipelines/churn.yaml']);
  assert.equal(rich.code, 0, rich.out + rich.err);
  const run = await project.lastRun();
  const comparison = recordOf(run, 'evaluate').comparison;
  assert.equal(comparison?.verdict, 'better');
  assert.ok((comparison.primary?.interval?.low ?? 0) > 0);
  assert.deepEqual(await aliases(project), { champion: 2, previous: 1, staging: undefined });

  const back = await project.retrain(['registry', 'rollback', 'churn']);
  assert.equal(back.code, 0, back.err);
  assert.deepEqual(await aliases(project), { champion: 1, previous: 2, staging: undefined });
});

test('rows the champion was trained on are left out of the comparison, and counted', async () => {
  await using project = await Project.make({ 'pipelines/churn.yaml': pipeline(), 'data/1.csv': customers(900) });
  assert.equal((await project.retrain(['run', 'pipelines/churn.yaml'])).code, 0);
  // Another salt cuts the same rows otherwise: three quarters of the new test rows were the champion's training rows.
  const again = await project.retrain(['run', 'pipelines/churn.yaml', '--set', 'prepare-data.split.salt=other']);
  assert.equal(again.code, 0, again.out + again.err);
  const run = await project.lastRun();
  const comparison = recordOf(run, 'evaluate').comparison;
  const judged = recordOf(run, 'prepare-data').outputs['judging-rows'] as number;
  assert.equal((comparison?.n ?? 0) + (comparison?.leftOut ?? 0), judged);
  assert.ok((comparison?.leftOut ?? 0) > judged / 2, `left out ${comparison?.leftOut} of ${judged}`);
});

test('labels at random are refused by the gate: red, nothing registered, and the same key is not tried again', async () => {
  await using project = await Project.make({
    'pipelines/churn.yaml': pipeline('evaluate: { gates: { auc_roc: ">= 0.75" } }\n'),
    'data/1.csv': customers(900, { shuffled: true }),
  });
  const refused = await project.retrain(['run', 'pipelines/churn.yaml']);
  assert.equal(refused.code, 1, refused.out + refused.err);
  const run = await project.lastRun();
  assert.equal(run.outcome, 'refused');
  assert.equal(recordOf(run, 'evaluate').verdict?.kind, 'failed');
  assert.ok(
    run.records.some(({ stage }) => stage === 'bias-check'),
    'other assessments still ran',
  );
  assert.ok(!run.records.some(({ stage }) => stage === 'register'));

  const again = await project.retrain(['run', 'pipelines/churn.yaml']);
  assert.equal(again.code, 0);
  assert.match(again.out, /which was refused/);
});
