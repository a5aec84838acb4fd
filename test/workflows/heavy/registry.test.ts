import assert from 'node:assert/strict';
import { test } from 'node:test';
import { customers } from '../../e2e/customers.ts';
import { called, logOf, pipeline, started, template } from '../started.ts';

/** Another model from the same data, promoted without being compared. */
const OTHER = '{"promote": {"when": "threshold-only"}, "prepare-data": {"split": {"test": "40 %"}}}';

test('two models at once on one branch of the registry: both are in service', async (context) => {
  const here = await started(context);
  await here.project.write('repository/pipelines/credit.yaml', pipeline(here.project, 'credit'));
  const credit = (await template('one-model.yml')).replaceAll('pipelines/churn.yaml', 'pipelines/credit.yaml');
  const runs = (await Promise.all([here.run('one-model.yml', 1), here.run('one-model.yml', 2, { workflow: credit })])).map((run) =>
    called(run),
  );
  for (const run of runs) assert.deepEqual([run.outputs.outcome, run.outputs.promoted], ['passed', 'true'], logOf(run));
  assert.deepEqual([await here.champion('churn'), await here.champion('credit')], [1, 1]);
});

test('the champion moved between judging and promoting: the candidate, judged against another, is registered and not promoted', async (context) => {
  const here = await started(context);
  await here.run('one-model.yml', 1);
  await here.data('2026-02.csv', customers(900, { seed: 2, first: 300 }));
  // Somebody else's version 2 goes into service while this run is being judged.
  let champion: unknown;
  const run = called(
    await here.run('one-model.yml', 2, {
      beforeStep: async (path) => {
        if (path !== 'retrain.publish.register') return;
        const other = called(await here.run('one-model.yml', 3, { inputs: { overrides: OTHER } }));
        assert.deepEqual([other.outputs.version, other.outputs.promoted], ['2', 'true'], logOf(other));
        champion = await here.champion('churn');
      },
    }),
  );
  assert.equal(champion, 2);
  assert.equal(run.outputs.promoted, 'false', logOf(run));
  assert.equal(await here.champion('churn'), 2);
});

test('by hand: promote an older version, roll back, remove one; each asks the reviewers of its environment and starts the bundle', async (context) => {
  const here = await started(context);
  await here.run('one-model.yml', 1);
  await here.data('2026-02.csv', customers(900, { seed: 2, first: 300 }));
  await here.run('one-model.yml', 2);
  assert.equal(await here.champion('churn'), 2);

  const asked: string[] = [];
  const approve = (environment: string) => {
    asked.push(environment);
    return true;
  };
  const hand = async (name: string, inputs: Readonly<Record<string, string>>) => {
    const run = await here.run(name, 10, { inputs, approve });
    assert.equal(run.result, 'success', logOf(run));
    return logOf(run);
  };
  assert.match(await hand('promote-by-hand.yml', { model: 'churn', version: '1' }), /Version 1 took over from version 2, by hand/);
  assert.equal(await here.champion('churn'), 1);
  assert.match(await hand('rollback.yml', { model: 'churn' }), /Version 2 took over from version 1, by hand/);
  assert.equal(await here.champion('churn'), 2);
  assert.match(await hand('promote-by-hand.yml', { model: 'churn', version: '1' }), /took over/);
  await hand('rollback.yml', { model: 'churn' });
  const kept = await here.run('clean-up.yml', 11, { inputs: { model: 'churn', version: '2' }, approve });
  assert.equal(kept.result, 'failure', 'the version in service stays');
  assert.deepEqual([...new Set(asked)], ['production']);

  const refused = await here.run('promote-by-hand.yml', 12, { inputs: { model: 'churn', version: '1' }, approve: () => false });
  assert.equal(refused.result, 'failure');
  assert.equal(await here.champion('churn'), 2);

  await here.data('2026-03.csv', customers(600, { seed: 3, first: 1_200, shuffled: true }));
  const third = called(await here.run('one-model.yml', 3));
  assert.equal(third.outputs.version, '3', logOf(third));
  await hand('promote-by-hand.yml', { model: 'churn', version: '3' });
  assert.match(await hand('clean-up.yml', { model: 'churn', version: '1' }), /Removed version 1 of churn/);
  assert.equal(await here.registered('churn/versions/1/metadata.json'), undefined);
  assert.notEqual(await here.registered('churn/versions/2/metadata.json'), undefined);
});
