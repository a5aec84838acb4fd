import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { stages, standalone } from '../../src/catalog.ts';
import { RunnerJob } from '../stand-ins/runner.ts';
import { customers, predictions } from './action-data.ts';

const STAGES = [...stages, ...standalone].map(({ name }) => name);

for (const stage of STAGES) {
  test(`${stage} without any input: invalid inputs, all at once, as outputs, summary and annotations`, async () => {
    await using job = await RunnerJob.begin();
    const step = await job.run(stage);
    assert.equal(step.code, 2, step.log.join('\n'));
    assert.match(step.log.join('\n'), new RegExp(`problems? in the inputs of ${stage}:\n`));
    assert.deepEqual(step.outputs, { outcome: 'errored', reason: 'invalid-inputs' });
    assert.match(step.summary, new RegExp(`^## ❌ ${stage}: failed`));
    assert.ok(step.errors.length > 0);
    for (const { properties } of step.errors) assert.deepEqual(properties, { title: `${stage}: invalid inputs` });
  });
}

test('drift alone: outputs, a record, a summary that starts with the verdict', async () => {
  await using job = await RunnerJob.begin();
  await job.write('old.csv', customers(400));
  await job.write('new.csv', customers(400, 30));
  const step = await job.run('drift', { reference: 'old.csv', current: 'new.csv', key: 'id', target: 'churn' });
  assert.equal(step.code, 0, step.log.join('\n'));
  const { report, record, 'run-folder': folder, 'run-id': id, ...values } = step.outputs;
  assert.deepEqual(values, { outcome: 'completed', verdict: 'passed', drifted: 'true', share: '0.5' });
  assert.equal(folder, join(job.temp, 'retrain', 'runs', id!));
  assert.equal(JSON.parse(await readFile(report!, 'utf8')).drifted, true);
  const kept = JSON.parse(await readFile(record!, 'utf8'));
  assert.equal(kept.stage, 'drift');
  assert.equal(dirname(dirname(record!)), folder);
  assert.match(step.summary, /^## ✅ drift: passed/);
  assert.match(step.summary, /\| age \| feature \|/);
});

test('a drifted data set that shall fail: outputs and summary first, then exit code 1 and one annotation', async () => {
  await using job = await RunnerJob.begin();
  await job.write('old.csv', customers(400));
  await job.write('new.csv', customers(400, 30));
  const step = await job.run('drift', { reference: 'old.csv', current: 'new.csv', key: 'id', target: 'churn', 'on-drift': 'fail' });
  assert.equal(step.code, 1);
  assert.equal(step.outputs.verdict, 'failed');
  assert.equal(step.outputs.reason, 'drifted');
  assert.equal(step.outputs.share, '0.5');
  assert.match(step.summary, /^## ❌ drift: refused/);
  assert.deepEqual(
    step.errors.map(({ properties }) => properties),
    [{ title: 'drift: drifted' }],
  );
});

test('evaluate alone, with a predictions file that holds the target', async () => {
  await using job = await RunnerJob.begin();
  await job.write('predictions.csv', predictions(300));
  const step = await job.run('evaluate', {
    task: 'classification',
    target: '{ column: churn, positive: "yes" }',
    key: 'id',
    predictions: 'predictions.csv',
    gates: 'accuracy: ">= 0.6"',
  });
  assert.equal(step.code, 0, step.log.join('\n'));
  assert.equal(step.outputs.primary, 'auc_roc');
  assert.ok(Number(step.outputs.value) > 0.7);
  assert.match(step.summary, /accuracy/);
});

test('validate-data alone: a broken rule is exit code 1, and the score is there all the same', async () => {
  await using job = await RunnerJob.begin();
  await job.write('data.csv', customers(200));
  const good = await job.run('validate-data', { data: 'data.csv', rules: '{ age: { min: 0, max: 200 } }' });
  assert.equal(good.code, 0, good.log.join('\n'));
  assert.equal(good.outputs.rows, '200');
  const bad = await job.run('validate-data', { data: 'data.csv', rules: '{ age: { max: 41 } }' });
  assert.equal(bad.code, 1);
  assert.equal(bad.outputs.reason, 'rule-violated');
  assert.ok(Number(bad.outputs.score) < 100);
});

test('every problem of the inputs at once: a misspelt name, YAML 1.1 truth, a word that is none of the choices', async () => {
  await using job = await RunnerJob.begin();
  const step = await job.run('drift', { curent: 'x.csv', reference: 'old.csv', force: 'yes', 'on-drift': 'explode', limit: '' });
  assert.equal(step.code, 2);
  const said = step.errors.map(({ data }) => data).join('\n');
  assert.match(said, /current: required/);
  assert.match(said, /curent: .*Did you mean "current"\?/);
  assert.match(said, /on-drift: expected one of continue, fail, found "explode"/);
  assert.match(said, /force: expected true or false, found "yes"/);
  assert.doesNotMatch(said, /limit/, 'an empty text is an absent value');
});

test('other runners write underscores: the inputs are found all the same', async () => {
  await using job = await RunnerJob.begin();
  await job.write('data.csv', customers(200));
  const step = await job.run('drift', { reference: 'data.csv', current: 'data.csv', on_drift: 'fail', key: 'id' });
  assert.equal(step.code, 0, step.log.join('\n'));
});
