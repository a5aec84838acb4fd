import assert from 'node:assert/strict';
import { test } from 'node:test';
import { customers } from './customers.ts';
import { ownPipeline, ownProject } from './own-trainer.ts';
import { recordOf } from './support.ts';

const jsonOf = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;

test('a plan, a run, one changed for once, one gone on with, and a stage of it alone', async () => {
  await using project = await ownProject({ 'pipelines/churn.yaml': ownPipeline(), 'data.csv': customers(300) });
  const retrain = async (code: number, ...args: string[]) => {
    const ended = await project.retrain(args);
    assert.equal(ended.code, code, `${args.join(' ')}\n${ended.out}${ended.err}`);
    assert.doesNotMatch(ended.out + ended.err, /^\s+at .+:\d+:\d+\)?$/m);
    return ended;
  };
  const plan = await retrain(0, 'plan', 'pipelines/churn.yaml');
  for (const stage of ['gate', 'fetch-data', 'train', 'evaluate', 'promote', 'notify'])
    assert.match(plan.out, new RegExp(`^${stage} +run`, 'm'));

  const made = jsonOf((await retrain(0, 'run', 'pipelines/churn.yaml', '--json')).out);
  assert.equal(made.outcome, 'passed');
  assert.match((await retrain(0, 'plan', 'pipelines/churn.yaml')).out, /code, configuration and data are the same as version 1/);

  // Changed for one run in three ways; the second version is a tie.
  const overrides = JSON.stringify({ evaluate: { metrics: ['auc_roc', 'brier'] } });
  await retrain(
    0,
    'run',
    'pipelines/churn.yaml',
    '--set',
    'train.params.steps=150',
    '--overrides',
    overrides,
    '--logical-date',
    '2026-11-01',
  );
  const second = await project.lastRun();
  assert.equal(second.logicalDate, '2026-11-01');
  assert.deepEqual([...new Set(recordOf(second, 'evaluate').metrics.map(({ name }) => name))].sort(), ['auc_roc', 'brier']);
  assert.equal(recordOf(second, 'promote').verdict?.kind, 'skipped');

  assert.match((await retrain(0, 'run', 'pipelines/churn.yaml', '--only', 'drift')).out, /[✓–] drift +\d/);

  // Going on from evaluate with another gate judges the same candidate again and trains nothing.
  const trained = (await project.read('trainer.log')).length;
  await retrain(1, 'run', 'pipelines/churn.yaml', '--from', 'evaluate', '--set', 'evaluate.gates={auc_roc: ">= 0.999"}');
  assert.equal((await project.read('trainer.log')).length, trained);
  assert.equal((await project.lastRun()).id, second.id);

  assert.match((await retrain(1, 'run', 'pipelines/churn.yaml', '--only', 'drift')).out, /[✓–] drift +\d/, 'refused later is no reason');
  assert.match((await retrain(0, 'runs')).out, new RegExp(`${second.id} +.*\\n`));
});

test('one stage alone needs no pipeline file', async () => {
  await using project = await ownProject({
    'a.csv': customers(800, { columns: ['tenure', 'charges'] }),
    'b.csv': customers(800, { seed: 3, columns: ['tenure', 'charges'] }).replaceAll(
      /^(c\d+),(\d+)/gm,
      (_, id, tenure) => `${id},${Number(tenure) + 30}`,
    ),
  });
  const drift = await project.retrain([
    'run',
    '--only',
    'drift',
    '--set',
    'reference=a.csv',
    '--set',
    'current=b.csv',
    '--set',
    'ignore=[id]',
  ]);
  assert.equal(drift.code, 0, drift.out + drift.err);
  assert.match(drift.out, /drift +\d.* 1 of 3 feature columns drifted/);
  const wrong = await project.retrain(['run', '--only', 'drift', '--set', 'refrence=a.csv', '--set', 'current=b.csv']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /refrence: unknown key\. Did you mean "reference"\?/);
});

test('init writes a file that runs; words nobody knows get the nearest one; doctor and the cache speak', async () => {
  await using project = await ownProject({ 'data/churn.csv': customers(200) });
  const init = await project.retrain([
    'init',
    'churn',
    '--data',
    'data/churn.csv',
    '--target',
    'churn',
    '--key',
    'id',
    '--positive',
    'yes',
  ]);
  assert.equal(init.code, 0, init.err);
  const command = 'train={trainer: command, command: [node, own-trainer.mjs, good], algorithms: [own]}';
  const run = await project.retrain(['run', 'pipelines/churn.yaml', '--set', command]);
  assert.equal(run.code, 0, run.out + run.err);
  assert.match(run.out, /Promoted +churn, version 1/);

  const said = async (...args: string[]) => {
    const ended = await project.retrain(args);
    assert.equal(ended.code, 2, ended.out);
    return ended.err;
  };
  assert.match(await said('rnu'), /unknown verb "rnu"\. Did you mean "run"\?/);
  assert.match(await said('run', 'pipelines/churn.yaml', '--forse'), /Unknown option --forse\. Did you mean --force\?/);
  assert.match(await said('run', 'pipelines/churn.yaml', '--from', 'evalute'), /no stage "evalute"\. Did you mean "evaluate"\?/);
  assert.match(await said('predict', 'chrn', '--data', 'data/churn.csv'), /has no model chrn.*Did you mean churn/);

  assert.match((await project.retrain(['doctor'])).out, /^. node +v24/m);
  const prune = await project.retrain(['cache', 'prune', '--dry-run'], { RETRAIN_CACHE: `${project.folder}/.retrain/cache` });
  assert.equal(prune.code, 0);
  assert.match(prune.out, /Would free .*\.retrain\/cache/);
});
