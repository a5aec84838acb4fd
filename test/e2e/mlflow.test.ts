import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type MlflowFault, mlflowStandIn } from '../stand-ins/mlflow.ts';
import { customers } from './customers.ts';
import { ownPipeline, ownProject } from './own-trainer.ts';
import { recordOf } from './support.ts';

const PASSWORD = 'a-password-of-mlflow';

async function project(t: TestContext, way: string, tracker: string) {
  const made = await ownProject({ 'churn.yaml': ownPipeline(way, { more: `tracker: ${tracker}\n` }), 'data.csv': customers(120) });
  t.after(() => made[Symbol.asyncDispose]());
  return made;
}

test('tracker [file, mlflow]: both have the run, and MLflow shows parameters, series, figures, report and data; the password is nowhere', async (t) => {
  const authorization = `Basic ${Buffer.from(`me:${PASSWORD}`).toString('base64')}`;
  const server = await mlflowStandIn(t, { authorization, prefix: '/mlflow' });
  const made = await project(t, 'tells-and-waits', '[file, mlflow]');
  await made.write('go', ' ');
  const env = { MLFLOW_TRACKING_URI: server.url, MLFLOW_TRACKING_USERNAME: 'me', MLFLOW_TRACKING_PASSWORD: PASSWORD };
  const ended = await made.retrain(['run', 'churn.yaml'], env);
  assert.equal(ended.code, 0, ended.out + ended.err);
  const run = await made.lastRun();
  assert.deepEqual(
    run.records.flatMap(({ warnings }) => warnings),
    [],
  );
  const [seen, ...others] = [...server.runs.values()];
  assert.equal(others.length, 0, 'training and report speak of one run');
  assert.equal(recordOf(run, 'report').outputs.tracked, 2);
  const { id, name, status, params, tags, datasets } = seen!;
  assert.deepEqual(
    [name, status, params.get('steps'), params.get('algorithm')],
    [`churn_${run.logicalDate.slice(0, 10)}`, 'FINISHED', '200', 'own'],
  );
  assert.deepEqual(
    server.history(id, 'train/loss').map(({ step, value }) => [step, value]),
    [
      [1, 0.9],
      [2, 0.6],
    ],
  );
  const judged = recordOf(run, 'evaluate').metrics.find(
    (metric) => metric.name === 'auc_roc' && metric.split === 'test' && metric.slice === undefined,
  );
  assert.equal(server.history(id, 'auc_roc').at(-1)?.value, judged?.value);
  assert.deepEqual([tags.get('retrain.run'), tags.get('retrain.version')], [run.id, '1']);
  assert.match(server.files.get(`1/${id}/artifacts/report.html`)?.toString('utf8') ?? '', /^<!doctype html>/i);
  assert.deepEqual(
    [...datasets.values()].map((dataset) => (dataset as { name: string; source: string }).source),
    ['{"uri":"data.csv"}'],
  );
  assert.equal((await readdir(join(made.folder, '.retrain', 'tracking', 'churn'))).filter((entry) => !entry.startsWith('.')).length, 1);
  const told = ended.out + ended.err + (await readFile(join(made.folder, '.retrain', 'runs', run.id, 'run.json'), 'utf8'));
  for (const secret of [PASSWORD, authorization.slice('Basic '.length)]) assert.ok(!told.includes(secret));
});

for (const [what, fault, where] of [
  ['answers 403', { status: 403, text: '{"error_code": "PERMISSION_DENIED", "message": "no"}' }, ['train', 'report']],
  ['hangs while the trainer works', { hang: true }, ['train']],
  ['is down', undefined, ['train', 'report']],
] as const satisfies readonly (readonly [string, MlflowFault | undefined, readonly string[]])[])
  test(`tracker mlflow ${what}: the run is green, with a warning`, async (t) => {
    const server = await mlflowStandIn(t);
    if (fault === undefined) await server.close();
    else server.fault('GET experiments', ...Array.from({ length: where.length }, () => fault));
    const made = await project(t, 'good', `[file, "mlflow:${server.url}"]`);
    const ended = await made.retrain(['run', 'churn.yaml']);
    assert.equal(ended.code, 0, ended.out + ended.err);
    const run = await made.lastRun();
    assert.equal(run.outcome, 'passed');
    for (const stage of ['train', 'report']) {
      const warnings = recordOf(run, stage).warnings.map(({ code }) => code);
      assert.deepEqual(warnings, (where as readonly string[]).includes(stage) ? ['tracker-failed'] : [], stage);
    }
    assert.match(ended.out + ended.err, /mlflow: /);
  });

test('tracker mlflow: what is missing or wrong is told before anything is spent; doctor asks the server', async (t) => {
  const made = await project(t, 'good', 'mlflow');
  const plain = await made.retrain(['check', 'churn.yaml']);
  assert.equal(plain.code, 0, 'the file itself is good');
  assert.match(plain.err, /Warning: here the run would stop at its gate: tracker: mlflow has no address: MLFLOW_TRACKING_URI is not set\./);
  const token = 'a-token-of-mlflow';
  for (const [env, message] of [
    [{}, /MLFLOW_TRACKING_URI is not set/],
    [
      { MLFLOW_TRACKING_URI: 'databricks' },
      /MLFLOW_TRACKING_URI: expected the http:\/\/ or https:\/\/ address of an MLflow server, found "databricks"/,
    ],
    [{ MLFLOW_TRACKING_URI: 'http://mlflow.example.com', MLFLOW_TRACKING_TOKEN: token }, /not encrypted/],
  ] as const) {
    const planned = await made.retrain(['plan', 'churn.yaml'], env);
    assert.equal(planned.code, 2);
    assert.match(planned.err, message);
    assert.ok(!planned.err.includes(token));
  }
  assert.equal((await made.retrain(['run', 'churn.yaml'])).code, 2);
  const run = await made.lastRun();
  assert.deepEqual(
    [recordOf(run, 'gate').error?.code, run.records.some(({ stage }) => stage === 'fetch-data')],
    ['no-mlflow-address', false],
  );

  await made.write('wrong.yaml', ownPipeline('good', { more: 'tracker: [file, "mlflow:ftp://host"]\n' }));
  const wrong = await made.retrain(['check', 'wrong.yaml']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /wrong\.yaml:\d+:\d+: tracker.*expected file, file:FOLDER, vertex, mlflow or mlflow:https:\/\/SERVER/s);

  const server = await mlflowStandIn(t);
  const asked = await made.retrain(['doctor', 'churn.yaml'], { MLFLOW_TRACKING_URI: server.url });
  assert.match(asked.out, new RegExp(`✓ mlflow +${server.url}\n`));
  await server.close();
  const silent = await made.retrain(['doctor', 'churn.yaml'], { MLFLOW_TRACKING_URI: server.url });
  assert.equal(silent.code, 2);
  assert.match(silent.out, /✗ mlflow +MLflow at http.* could not be reached/);
  assert.match((await made.retrain(['doctor', 'churn.yaml'])).out, /✗ tracker +tracker: mlflow has no address/);
});
