import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logOf, pipeline, type Started, started } from '../started.ts';

const TEMPLATE = 'many-models.yml';

async function two(here: Started): Promise<void> {
  await here.project.write(
    'repository/pipelines/credit.yaml',
    pipeline(here.project, 'credit', 'validate-data: { rules: { tenure: { max: 10 } } }\n'),
  );
}

test('two models, one in trouble: the other is promoted all the same, and one page tells of both', async (context) => {
  const here = await started(context);
  await two(here);
  const run = await here.run(TEMPLATE, 1, { github: { event_name: 'schedule' } });
  const all = run.jobs.retrain!.called[0]!;
  assert.deepEqual(
    [all.jobs.list!.result, all.jobs.retrain!.result, all.jobs.overview!.result],
    ['success', 'failure', 'success'],
    logOf(run),
  );
  assert.equal(run.result, 'failure');
  assert.deepEqual(all.outputs, { outcomes: '{"churn":"passed","credit":"refused"}', promoted: '["churn"]', 'in-trouble': '["credit"]' });
  const { summary } = all.jobs.overview!.steps.at(-1)!.end!;
  assert.match(summary, /^## ❌ 2 models: 1 promoted, 1 in trouble\n/);
  assert.match(summary, /\| churn \| ✅ passed \| 1 \| yes \|/);
  assert.match(summary, /\| credit \| ❌ refused \|/);
  assert.match(summary, /### Drift/);
  assert.deepEqual([await here.champion('churn'), await here.champion('credit')], [1, undefined]);
});

test('by hand, the pipeline that was chosen, with a logical date, by force, and overrides: each reaches the run', async (context) => {
  const here = await started(context);
  await two(here);
  const chosen = (inputs: Readonly<Record<string, string>>, run: number) =>
    here.run(TEMPLATE, run, { inputs: { pipeline: 'pipelines/churn.yaml', ...inputs } });
  const records = (run: Awaited<ReturnType<typeof chosen>>, id: number) =>
    JSON.parse(run.jobs.retrain!.called[0]!.jobs.retrain!.called[0]!.jobs.report!.uploads[`retrain-run-churn-${id}-1`]!) as {
      readonly logicalDate: string;
      readonly force: boolean;
      readonly outcome: string;
      readonly records: readonly { readonly stage: string; readonly inputs: { readonly gates?: unknown } }[];
    };
  const first = await chosen({ 'logical-date': '2026-02-01' }, 1);
  assert.equal(first.result, 'success', logOf(first));
  assert.deepEqual(first.jobs.retrain!.called[0]!.outputs.outcomes, '{"churn":"passed"}');
  assert.equal(records(first, 1).logicalDate, '2026-02-01');

  const forced = await chosen({ force: 'true', overrides: '{"evaluate": {"gates": {"accuracy": ">= 0.2"}}}' }, 2);
  const { force, records: found } = records(forced, 2);
  assert.equal(force, true);
  assert.equal(await here.fits(), 2, logOf(forced));
  assert.match(JSON.stringify(found.find(({ stage }) => stage === 'evaluate')?.inputs.gates), /0\.2/);
});

test('no pipeline file at all: no model is trained, nothing fails, and the page says so', async (context) => {
  const here = await started(context);
  await here.project.write('repository/pipelines/churn.yaml', '');
  const all = (await here.run(TEMPLATE, 1, { workflow: await withPattern('nothing/*.yaml', here) })).jobs.retrain!.called[0]!;
  assert.deepEqual(
    [all.jobs.list!.result, all.jobs.retrain!.result, all.jobs.overview!.result],
    ['success', 'skipped', 'success'],
    logOf(all),
  );
});

const withPattern = async (pattern: string, _here: Started): Promise<string> =>
  (await import('../started.ts')).template(TEMPLATE).then((text) => text.replaceAll('pipelines/*.yaml', pattern));
