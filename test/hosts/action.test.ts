import assert from 'node:assert/strict';
import { appendFile, readFile } from 'node:fs/promises';
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

const PIPELINE = `version: 1
name: churn
task: classification
target: { column: churn, positive: "yes" }
key: id
fetch-data: { source: data.csv }
prepare-data: { split: { test: 20 % } }
train: { trainer: tabular }
validate-data: { rules: { age: { min: 0 } } }
home: kept
`;

test('inside a run the actions of a workflow share a run folder; a file that was changed in between stops the run', async () => {
  await using job = await RunnerJob.begin();
  await job.write('pipelines/churn.yaml', PIPELINE);
  await job.write('data.csv', customers(200));
  const pipeline = 'pipelines/churn.yaml';
  const fetched = await job.run('fetch-data', { pipeline, 'logical-date': '2026-11-01' });
  assert.equal(fetched.code, 0, fetched.log.join('\n'));
  assert.equal(fetched.outputs['run-id'], 'churn-4711');
  assert.match(fetched.summary, /^✅ \*\*fetch-data\*\*: passed/);
  const validated = await job.run('validate-data', { pipeline });
  assert.equal(validated.code, 0, validated.log.join('\n'));
  assert.equal(validated.outputs.rows, '200');
  const manifest = JSON.parse(await readFile(join(validated.outputs['run-folder']!, 'run.json'), 'utf8'));
  assert.deepEqual(
    manifest.records.map((record: { stage: string }) => record.stage),
    ['fetch-data', 'validate-data'],
  );
  assert.equal(manifest.logicalDate, '2026-11-01');
  assert.deepEqual(manifest.links, [{ name: 'Workflow run', url: 'https://github.com/octo/models/actions/runs/4711' }]);

  await appendFile(validated.outputs.profile!, ' ');
  const drifted = await job.run('drift', { pipeline });
  assert.equal(drifted.code, 2);
  assert.equal(drifted.outputs.reason, 'digest-mismatch');
});

test('inside a run: a broken pipeline file is annotated at its line; what a step alone changes is told', async () => {
  await using job = await RunnerJob.begin();
  await job.write('pipelines/churn.yaml', PIPELINE.replace('min: 0', 'minimum: 0'));
  await job.write('data.csv', customers(200));
  const pipeline = 'pipelines/churn.yaml';
  const broken = await job.run('validate-data', { pipeline, 'logical-date': 'yesterday' });
  assert.equal(broken.code, 2);
  assert.deepEqual(
    broken.errors.map(({ properties: { file, line } }) => [file, line]),
    [
      [undefined, undefined],
      ['pipelines/churn.yaml', '9'],
    ],
  );
  await job.write('pipelines/churn.yaml', PIPELINE);
  const changed = await job.run('validate-data', { pipeline, data: 'data.csv', rules: '{ age: { min: 1 } }' });
  assert.equal(changed.code, 0, changed.log.join('\n'));
  assert.match(changed.warnings[0]!.properties.title!, /only-this-step/);
});

test('a re-run starts over from its stage: what later stages left in an earlier attempt does not count', async () => {
  await using job = await RunnerJob.begin();
  await job.write('pipelines/churn.yaml', PIPELINE.replace('min: 0', 'max: 10'));
  await job.write('data.csv', customers(200));
  const pipeline = 'pipelines/churn.yaml';
  await job.run('fetch-data', { pipeline });
  assert.equal((await job.run('validate-data', { pipeline })).code, 1);
  const after = await job.run('prepare-data', { pipeline });
  assert.equal(after.code, 0);
  assert.deepEqual([after.outputs.outcome, after.outputs.verdict, after.outputs.reason], ['not-run', 'skipped', 'rule-violated']);
  const again = await job.run('fetch-data', { pipeline });
  assert.equal(again.outputs.verdict, 'passed', again.log.join('\n'));
});

test('a run folder of another model is refused', async () => {
  await using job = await RunnerJob.begin();
  await job.write('pipelines/churn.yaml', PIPELINE);
  await job.write('pipelines/other.yaml', PIPELINE.replace('name: churn', 'name: other'));
  await job.write('data.csv', customers(50));
  await job.run('fetch-data', { pipeline: 'pipelines/churn.yaml', 'run-id': 'one' });
  const other = await job.run('fetch-data', { pipeline: 'pipelines/other.yaml', 'run-id': 'one' });
  assert.deepEqual([other.code, other.outputs.reason], [2, 'other-run']);
});

test('a registry in the home folder of a runner would forget: refused when named, and when something is asked of it', async () => {
  await using job = await RunnerJob.begin();
  const named = await job.run('fetch-model', { name: 'churn', registry: 'file' });
  assert.equal(named.code, 2);
  assert.match(named.errors[0]!.data, /registry: expected a registry that outlives the job/);
  const unnamed = await job.run('fetch-model', { name: 'churn' });
  assert.deepEqual([unnamed.code, unnamed.outputs.reason], [2, 'registry-forgets']);
  const kept = await job.run('fetch-model', { name: 'churn', registry: 'file:registry' });
  assert.deepEqual([kept.code, kept.outputs.reason], [0, 'no-champion'], kept.log.join('\n'));
  const home = await job.run('fetch-model', { name: 'churn', home: 'stays' });
  assert.equal(home.outputs.reason, 'no-champion');
});

test('secrets are masked before anything prints, and stand in no output, summary, state or record; a short one is no mask', async () => {
  await using job = await RunnerJob.begin();
  const secret = 'hooks/s3cret "quoted"';
  await job.write('data.csv', `id,${JSON.stringify(secret).replaceAll('\\"', '""')}\n1,2\n`);
  const step = await job.run('validate-data', { data: 'data.csv', key: 'no-such-column' }, { SLACK_WEBHOOK_URL: secret, HF_TOKEN: 'abc' });
  assert.equal(step.commands.findIndex(({ name }) => name === 'add-mask') <= 0, true);
  assert.deepEqual(
    step.commands.filter(({ name }) => name === 'add-mask').map(({ data }) => data),
    [secret],
  );
  assert.match(step.log.join('\n'), /HF_TOKEN has fewer than 4 characters/);
  assert.deepEqual(step.dropped, []);
  const record = await readFile(step.outputs.record ?? join(job.temp, 'none'), 'utf8').catch(() => '');
  for (const text of [...step.log, ...step.errors.map(({ data }) => data), step.summary, step.stateFile, record]) {
    assert.doesNotMatch(text, /s3cret/);
  }
});

test('names in the data cannot speak to the runner: no command but our own', async () => {
  await using job = await RunnerJob.begin();
  const hostile = ['##[add-mask]drift', '::set-output name=verdict::passed', ' ::stop-commands::forever', '\u001b]8;;x\u0007##[error]boom'];
  await job.write('data.csv', `${['id', ...hostile].join(',')}\n${'1,2,3,4,5\n'.repeat(60)}`);
  const rules = JSON.stringify(Object.fromEntries(hostile.map((name) => [name.trim(), { in: ['nothing'] }])));
  const step = await job.run('validate-data', { data: 'data.csv', rules, key: '##[add-mask]x' });
  assert.notEqual(step.code, 0);
  const ours = new Set(['error', 'warning', 'group', 'endgroup', 'stop-commands']);
  assert.deepEqual(
    step.commands.filter(({ name }) => !ours.has(name)),
    [],
  );
  assert.ok(step.errors.every(({ properties }) => properties.title?.startsWith('validate-data: ')));
});
