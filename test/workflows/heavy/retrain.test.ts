import assert from 'node:assert/strict';
import { test } from 'node:test';
import { customers } from '../../e2e/customers.ts';
import { runs } from '../../e2e/support.ts';
import { called, ended, logOf, results, started, stepEnv, stepOf, stepsOf } from '../started.ts';

const CHURN = 'one-model.yml';

test('first run: five jobs and a version in service; nothing new: two jobs; new data: promoted; data that teaches nothing: not promoted', async (context) => {
  const here = await started(context);
  const secrets = { HF_TOKEN: `hf_${'a'.repeat(34)}`, SMTP_PASSWORD: 'not-in-any-log' };
  const first = called(await here.run(CHURN, 1, { secrets }));
  assert.deepEqual(results(first), ended('success', 'success', 'success', 'success'), logOf(first));
  const given = Object.values(first.jobs).flatMap(({ steps }) => steps.filter(({ env }) => env?.HF_TOKEN).map(({ id }) => id));
  assert.deepEqual(given, ['gate', 'fetch-model', 'fetch-data', 'validate-data', 'drift', 'train', 'evaluate', 'syntax-validate']);
  // A secret that nobody set is an empty text, which is none.
  assert.deepEqual(stepEnv(first, 'report', 'notify'), { SLACK_WEBHOOK_URL: '', SMTP_PASSWORD: secrets.SMTP_PASSWORD });
  assert.deepEqual(first.outputs, { outcome: 'passed', reason: '', run: 'churn-1', version: '1', promoted: 'true' });
  assert.match(first.jobs.report!.uploads['retrain-report-churn-1-1']!, /^<!doctype html>/i);
  assert.match(stepOf(first, 'report', 'report').summary, /^## ✅/);
  assert.equal(await here.champion('churn'), 1);

  const second = called(await here.run(CHURN, 2));
  assert.deepEqual(results(second), ended('success', 'skipped', 'skipped', 'skipped'), logOf(second));
  assert.equal(second.outputs.outcome, 'skipped');
  const { 'validate-data': validated, drift, 'prepare-data': prepared } = stepsOf(second, 'prepare');
  assert.deepEqual([validated, drift, prepared], ['skipped', 'skipped', 'skipped']);
  const steps = Object.values(second.jobs).flatMap((job) => job.steps);
  const own = steps.reduce((sum, { end }) => sum + (end?.seconds ?? 0), 0);
  context.diagnostic(`nothing to do: 2 jobs, ${steps.filter(({ end }) => end).length} of our processes, ${own.toFixed(1)} s of them`);

  await here.data('2026-02.csv', customers(900, { seed: 2, first: 300 }));
  const third = called(await here.run(CHURN, 3));
  assert.deepEqual(results(third), ended('success', 'success', 'success', 'success'), logOf(third));
  assert.deepEqual([third.outputs.outcome, third.outputs.version, third.outputs.promoted], ['passed', '2', 'true'], logOf(third));

  await here.data('2026-03.csv', customers(600, { seed: 3, first: 1_200, shuffled: true }));
  const fourth = called(await here.run(CHURN, 4));
  assert.deepEqual(results(fourth), ended('success', 'success', 'success', 'success'), logOf(fourth));
  assert.deepEqual([fourth.outputs.version, fourth.outputs.promoted], ['3', 'false'], logOf(fourth));
  // Green: the run passed, and its promote step says why the champion stays.
  assert.deepEqual([fourth.outputs.outcome, stepOf(fourth, 'publish', 'promote').outputs.reason], ['passed', 'not-better']);
  assert.equal(await here.champion('churn'), 2);
  assert.equal(await here.fits(), 3);
});

test('data that breaks a rule: the run is red, nothing is trained, and the outcome is written down all the same', async (context) => {
  const here = await started(context, 'validate-data: { rules: { tenure: { max: 10 } } }\n');
  const run = await here.run(CHURN, 1);
  const refused = called(run);
  assert.deepEqual(results(refused), ended('failure', 'skipped', 'skipped', 'success'), logOf(refused));
  assert.equal(run.result, 'failure');
  assert.deepEqual(stepsOf(refused, 'publish'), { restore: 'success', register: 'skipped', promote: 'success', save: 'success' });
  assert.equal(refused.outputs.outcome, 'refused');
  assert.match(JSON.stringify(await here.registered('churn/state.json')), /refused/);
  const again = called(await here.run(CHURN, 2));
  assert.equal(again.outputs.outcome, 'skipped', logOf(again));
  assert.equal(await here.fits(), 0);
});

test('a gate that is missed, by overrides of one run: bias-check still judges, nothing is registered, the run is red', async (context) => {
  const here = await started(context, 'bias-check: { slices: [plan] }\n');
  const missed = called(await here.run(CHURN, 1, { inputs: { overrides: '{"evaluate": {"gates": {"accuracy": ">= 0.99"}}}' } }));
  assert.deepEqual(results(missed), ended('success', 'success', 'failure', 'success'), logOf(missed));
  assert.notEqual(stepsOf(missed, 'assess')['bias-check'], 'skipped');
  assert.equal(stepsOf(missed, 'publish').register, 'skipped');
  assert.equal(missed.outputs.outcome, 'refused');
});

test('registered before it is judged, then refused: a version without an alias that says why, a red run, and the champion stays', async (context) => {
  const here = await started(context, 'register: { when: after-train }\n');
  const first = called(await here.run(CHURN, 1));
  assert.deepEqual([first.outputs.version, first.outputs.promoted], ['1', 'true'], logOf(first));

  await here.data('2026-02.csv', customers(900, { seed: 2, first: 300 }));
  const inputs = { overrides: '{"evaluate": {"gates": {"accuracy": ">= 0.99"}}}' };
  const run = await here.run(CHURN, 2, { inputs });
  const refused = called(run);
  assert.deepEqual(results(refused), ended('success', 'success', 'failure', 'success'), logOf(refused));
  assert.deepEqual(stepsOf(refused, 'publish'), { restore: 'success', register: 'success', promote: 'success', save: 'success' });
  const { outcome, reason, version, promoted } = refused.outputs;
  assert.deepEqual([run.result, outcome, reason, version, promoted], ['failure', 'refused', 'gate-missed', '2', 'false']);
  const { champion, staging } = (await here.registered('churn/aliases.json'))!;
  assert.deepEqual([champion, staging], [1, undefined]);
  const tags = async (number: number) => (await here.registered(`churn/versions/${number}/tags.json`)) as { tags: Record<string, string> };
  assert.equal((await tags(2)).tags.verdict, 'refused');
  assert.match((await tags(2)).tags.reason ?? '', /accuracy/i);
  assert.equal((await tags(1)).tags.verdict, 'passed');

  // The report tells of the stages in the order of the pipeline.
  const page = refused.jobs.report!.uploads['retrain-report-churn-2-1']!;
  const shown = page
    .slice(page.lastIndexOf('Stages and times'))
    .replace(/<[^>]*>/g, ' ')
    .match(/\b(?:prepare-data|train|register|evaluate|bias-check|promote)(?= )/g);
  assert.deepEqual([...new Set(shown)], ['prepare-data', 'train', 'register', 'evaluate', 'bias-check', 'promote']);
  assert.equal(called(await here.run(CHURN, 3, { inputs })).outputs.outcome, 'skipped', 'the refusal is known');
});

test('a trainer that fails, then is mended: the failed jobs run again, prepare does not, and a model is fitted once more only', async (context) => {
  const here = await started(context);
  await here.behave('fails');
  const before = await here.run(CHURN, 1);
  const failed = called(before);
  assert.deepEqual(results(failed), ended('success', 'failure', 'skipped', 'skipped'), logOf(failed));
  assert.deepEqual([before.result, failed.outputs.outcome], ['failure', 'errored']);
  assert.equal(await here.fits(), 1);

  await here.behave('');
  const after = await here.run(CHURN, 1, { previous: before });
  const mended = called(after);
  assert.equal(mended.jobs.prepare, failed.jobs.prepare);
  assert.deepEqual([mended.outputs.outcome, mended.outputs.promoted], ['passed', 'true'], logOf(mended));
  assert.equal(await here.fits(), 2);

  // Only the report is lost, say its runner: everything before it stays.
  const lost = { ...mended, jobs: { ...mended.jobs, report: { ...mended.jobs.report!, result: 'failure' as const } } };
  const previous = { ...after, jobs: { retrain: { ...after.jobs.retrain!, result: 'failure' as const, called: [lost] } } };
  const third = called(await here.run(CHURN, 1, { previous }));
  assert.equal(third.jobs.publish, mended.jobs.publish);
  assert.deepEqual([third.result, third.outputs.outcome], ['success', 'passed'], logOf(third));
  assert.equal(await here.fits(), 2);
});

test('cancelled while it trains: the trainer is gone, the record says cancelled, nothing is judged or published, and the report tells', async (context) => {
  const here = await started(context);
  await here.behave('hangs');
  const run = await here.run(CHURN, 1, { cancel: { step: 'train', when: /rows/ } });
  const cancelled = called(run);
  assert.deepEqual(results(cancelled), ended('success', 'cancelled', 'skipped', 'skipped'), logOf(cancelled));
  assert.deepEqual(
    [run.result, cancelled.outputs.outcome, cancelled.outputs.reason],
    ['cancelled', 'cancelled', 'cancelled'],
    logOf(cancelled),
  );
  assert.equal(stepOf(cancelled, 'train', 'train').outputs.outcome, 'cancelled');
  assert.equal(stepOf(cancelled, 'train', 'train').signal, null, 'it ended by itself, before the runner would have killed it');
  const [pid = ''] = (await here.project.read('trainer/fits.log')).split(' ');
  assert.equal(await runs(Number(pid)), false, `the trainer ${pid} lives`);
  assert.equal(await here.champion('churn'), undefined);
});

test('a process killed while it judges leaves no record: the run is errored, and nothing unjudged is registered', async (context) => {
  const here = await started(context);
  const run = called(await here.run(CHURN, 1, { kill: { step: 'evaluate', when: /Run churn-1/ } }));
  assert.deepEqual(results(run), ended('success', 'success', 'failure', 'skipped'), logOf(run));
  assert.deepEqual([run.outputs.outcome, run.outputs.reason], ['errored', 'job-lost'], logOf(run));
  assert.equal(await here.champion('churn'), undefined);
});

test('an artifact that was changed between two jobs stops the run, and both digests are told', async (context) => {
  const here = await started(context);
  const run = called(
    await here.run(CHURN, 1, {
      beforeStep: async (path) => {
        const [kept] = here.artifacts.artifacts;
        // Still a whole archive: what follows its directory is not looked at.
        if (path === 'retrain.train.restore') kept!.content = Buffer.concat([kept!.content, Buffer.from(' ')]);
      },
    }),
  );
  assert.deepEqual(
    [run.jobs.train!.result, run.jobs.assess!.result, run.jobs.publish!.result],
    ['failure', 'skipped', 'skipped'],
    logOf(run),
  );
  const { outputs, log } = stepOf(run, 'train', 'restore');
  assert.equal(outputs.reason, 'digest-mismatch');
  const digests = new Set(log.join('\n').match(/[0-9a-f]{64}/g));
  assert.equal(digests.size, 2, log.join('\n'));
  assert.match(log.join('\n'), /Artifact 101 does not have the digest sha256:/);
  assert.equal(await here.fits(), 0);
});
