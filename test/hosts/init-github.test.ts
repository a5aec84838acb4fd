import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { parse } from 'yaml';
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

test('init --github writes what was said of the schedule into both files, a watchdog where something is caught up, and its owner', async () => {
  await using project = await Project.make({ 'data/renewals.csv': customers(60), CODEOWNERS: '* @acme/all' });
  const init = (name: string, ...more: string[]) =>
    project.retrain(['init', name, '--data', 'data/renewals.csv', '--target', 'churn', '--key', 'id', '--github', ...more]);
  const made = await init('renewals', '--owner', '@acme/growth', '--cron', '@daily', '--timezone', 'Asia/Tokyo', '--catch-up', 'latest');
  assert.equal(made.code, 0, made.err);

  const pipeline = parse(await project.read('pipelines/renewals.yaml'));
  assert.equal(pipeline.owner, '@acme/growth');
  assert.deepEqual(pipeline.schedule, { cron: '@daily', timezone: 'Asia/Tokyo', 'catch-up': 'latest' });
  assert.match((await project.retrain(['check', 'pipelines/renewals.yaml'])).out, /Runs next at \d{4}-\d\d-\d\dT00:17\+09:00,/);
  const workflow = await project.read('.github/workflows/train-renewals.yml');
  assert.deepEqual(await workflowProblems('train-renewals.yml', workflow), []);
  assert.deepEqual(parse(workflow).on.schedule, [{ cron: '17 0 * * *', timezone: 'Asia/Tokyo' }]);
  const watchdog = await project.read('.github/workflows/catch-up-renewals.yml');
  assert.deepEqual(await workflowProblems('catch-up-renewals.yml', watchdog), []);
  assert.match(watchdog, /catch-up pipelines\/renewals\.yaml --workflow train-renewals\.yml$/m);
  assert.match(watchdog, /^ {2}group: retrain-catch-up-renewals$/m);
  assert.doesNotMatch(watchdog, /churn/);
  assert.equal(
    await project.read('CODEOWNERS'),
    '* @acme/all\n/pipelines/renewals.yaml @acme/growth\n/.github/workflows/train-renewals.yml @acme/growth\n',
  );

  // Nothing to catch up, no handle: no watchdog, and nobody is asked for reviews.
  const plain = await init('plain', '--owner', 'growth-team');
  assert.equal(plain.code, 0, plain.err);
  assert.match(plain.out, /growth-team is no handle of GitHub/);
  assert.deepEqual(parse(await project.read('pipelines/plain.yaml')).schedule, { cron: '17 4 * * 1' });
  assert.deepEqual(parse(await project.read('.github/workflows/train-plain.yml')).on.schedule, [{ cron: '17 4 * * 1', timezone: 'UTC' }]);
  await assert.rejects(project.read('.github/workflows/catch-up-plain.yml'), { code: 'ENOENT' });
  assert.doesNotMatch(await project.read('CODEOWNERS'), /plain/);
});

test('init makes CODEOWNERS where there is none, and refuses a schedule that is none before it writes anything', async () => {
  await using project = await Project.make({ 'data/renewals.csv': customers(60) });
  const init = (...more: string[]) => project.retrain(['init', 'renewals', '--data', 'data/renewals.csv', '--target', 'churn', ...more]);
  for (const [args, message] of [
    [['--github', '--cron', '0 7 * *'], /--cron: expected five fields/],
    [['--github', '--timezone', 'Berlin'], /--timezone: expected a time zone/],
    [['--catch-up', 'all'], /--catch-up: expected `schedule.cron` beside it/],
    [['--timezone', 'Europe/Berlin'], /--timezone is that of --cron/],
  ] as const) {
    const refused = await init(...args);
    assert.equal(refused.code, 2, args.join(' '));
    assert.match(refused.err, message);
  }
  assert.deepEqual(await readdir(project.folder), ['data']);
  assert.equal((await init('--github', '--owner', '@ada')).code, 0);
  assert.equal(await project.read('.github/CODEOWNERS'), '/pipelines/renewals.yaml @ada\n/.github/workflows/train-renewals.yml @ada\n');
});
