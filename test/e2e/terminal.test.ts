import assert from 'node:assert/strict';
import { test } from 'node:test';
import { customers } from './customers.ts';
import { ownPipeline, ownProject } from './own-trainer.ts';
import { Project, recordOf } from './support.ts';

const jsonOf = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;

test('from a plan to a promoted version, what the verbs that read show of it, and predictions for new rows', async () => {
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
  const again = (await retrain(0, 'plan', 'pipelines/churn.yaml')).out;
  assert.match(again, /code, configuration and data are the same as version 1/);
  assert.equal(again.match(/are those of an earlier run/g)?.length, 1, 'one reason is told once');

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

  assert.match((await retrain(0, 'run', 'pipelines/churn.yaml', '--only', 'drift')).out, /[✓–] drift +\d/, 'refused later is no reason');
  assert.match((await retrain(0, 'runs')).out, new RegExp(`${second.id} +.*\\n`));
  assert.match((await retrain(0, 'report', String(made.id))).out, /^## .*churn: promoted/m);
  const compared = (await retrain(0, 'compare', 'churn', '1', '2')).out;
  assert.match(compared, /version 1 +version 2/);
  assert.match(compared, /^parameters\.steps +150$/m, 'a parameter that differs has a line of its own');
  assert.match((await retrain(0, 'registry', 'list')).out, /churn +1 +champion +own/);
  assert.equal(jsonOf((await retrain(0, 'registry', 'show', 'churn', '2')).out).version, 2);
  await retrain(0, 'registry', 'promote', 'churn', '2');
  await retrain(2, 'registry', 'remove', 'churn', '2');
  await retrain(0, 'registry', 'rollback', 'churn');
  assert.deepEqual(Object.keys(jsonOf((await retrain(0, 'state', 'show', 'churn')).out).outcomes as object).length, 2);
  await retrain(0, 'state', 'reset', 'churn');
  assert.deepEqual(jsonOf((await retrain(0, 'state', 'show', 'churn')).out).outcomes, {});

  // New rows, one with a category the model has never seen; none has a target.
  await project.write('new.csv', 'id,tenure,plan,charges\nn1,3,monthly,50\nn2,60,weekly,20.5\nn3,40,yearly,30\n');
  const scored = await retrain(0, 'predict', 'churn', '--data', 'new.csv');
  assert.match(scored.out, /^id,predicted,p:no,p:yes\nn1,\w+,[\d.e-]+,[\d.e-]+\nn2,.*\nn3,.*\n$/);
  assert.match(scored.err, /plan: 1 rows? ha(s|ve) a value the model has never seen, e\.g\. weekly/);
  await project.write('nokey.csv', 'tenure,plan,charges\n3,monthly,50\n');
  assert.match((await retrain(2, 'predict', 'churn', '--data', 'nokey.csv')).err, /nokey\.csv has no column "id", the key/);
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
  // A file stands where the folder above the home would be: all findings are told nevertheless.
  const homeless = await project.retrain(['doctor', '--home', `${project.folder}/data/churn.csv/deep/home`]);
  assert.equal(homeless.code, 2, homeless.err);
  assert.match(homeless.out, /^. home +.* cannot be written: .*\n[\s\S]*^. disk +.* free where /m);
  const far =
    'version: 1\nname: far\ntask: classification\ntarget: { column: churn, positive: "yes" }\nfetch-data: { source: data/*.csv }\nprepare-data: { split: { test: 20 % } }\n';
  await project.write('pipelines/far.yaml', `${far}train: { backend: vertex }\nstore: gs://ours/retrain\n`);
  const jobless = await project.retrain(['doctor', 'pipelines/far.yaml']);
  assert.equal(jobless.code, 2, jobless.out + jobless.err);
  assert.match(
    jobless.out,
    /^✓ node .*[\s\S]*^✗ jobs .*Set `google: /m,
    'what this machine has is told though the jobs cannot be asked for',
  );
  assert.match(await said('doctor', '--cancel', '17'), /pipeline file whose job is to end is missing/);
  const prune = await project.retrain(['cache', 'prune', '--dry-run'], { RETRAIN_CACHE: `${project.folder}/.retrain/cache` });
  assert.equal(prune.code, 0);
  assert.match(prune.out, /Would free .*\.retrain\/cache/);
});

test('a reader that has gone (`| head`) is no fault of anybody: no trace, and the exit code is the verb’s', async () => {
  await using project = await Project.make();
  for (const [verb, code] of [
    ['help', 0],
    ['doctor', 0],
    ['no-such-verb', 2],
  ] as const) {
    const started = project.start([verb]);
    started.child.stdout.destroy();
    if (code === 2) started.child.stderr.destroy();
    const ended = await started.ended;
    assert.equal(ended.code, code, `${verb}: ${ended.err}`);
    assert.equal(ended.err, '');
  }
});
