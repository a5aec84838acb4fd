import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { slackStandIn } from '../stand-ins/slack.ts';
import { appears } from './appears.ts';
import { customers } from './customers.ts';
import { ownPipeline, ownProject } from './own-trainer.ts';
import { ROOT } from './support.ts';

const day = (ago: number): string => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);

test('what a schedule has missed is said by plan, run by catch-up one after another, and not run again; owner and date are told', async (t) => {
  const slack = await slackStandIn(t);
  const start = day(2);
  const dates = [2, 1, 0].map((ago) => `${day(ago)}T00:00Z`);
  const more = `owner: "@acme/growth"\nschedule: { cron: "0 0 * * *", catch-up: all, start: ${start} }\nnotify: { slack: true, on: [success, skip] }\n`;
  await using project = await ownProject({ 'pipelines/churn.yaml': ownPipeline('good', { more }), 'data.csv': customers(300) });
  const retrain = (...args: string[]) => project.retrain(args, { SLACK_WEBHOOK_URL: slack.webhook });
  const tomorrow = `${day(-1)}T00:00Z`;

  const checked = await retrain('check', 'pipelines/churn.yaml');
  assert.match(checked.out, new RegExp(`good, model churn\\. Runs next at ${tomorrow}, `));
  const planned = await retrain('plan', 'pipelines/churn.yaml');
  assert.equal(planned.code, 0, planned.err);
  assert.match(planned.out, new RegExp(`Runs next at ${tomorrow}, .*\nchurn: missed ${dates.join(', ')}`));
  const { schedule } = JSON.parse((await retrain('plan', 'pipelines/churn.yaml', '--json')).out);
  assert.equal(schedule.next[0], tomorrow);
  assert.deepEqual(schedule.missed, dates);

  assert.match((await retrain('catch-up', 'pipelines/churn.yaml', '--dry-run')).out, new RegExp(`missed ${dates[0]}`));
  const first = await retrain('catch-up', 'pipelines/churn.yaml', '--at-most', '2');
  assert.equal(first.code, 0, first.out + first.err);
  assert.deepEqual(
    (await project.runs()).map(({ logicalDate, outcome }) => [logicalDate, outcome]),
    [
      [dates[0], 'passed'],
      [dates[1], 'skipped'],
    ],
  );
  const second = await retrain('catch-up', 'pipelines/churn.yaml');
  assert.equal(second.code, 0, second.out + second.err);
  const third = await retrain('catch-up', 'pipelines/churn.yaml');
  assert.equal(third.out, 'churn: no tick was missed.\n');
  const runs = await project.runs();
  assert.deepEqual(
    runs.map(({ logicalDate }) => logicalDate),
    dates,
  );

  const report = await project.read(`.retrain/runs/${runs[0]!.id}/files/report/report.md`);
  assert.match(report, /Owner.*acme\/growth/);
  assert.match(await project.read('.retrain/registry/churn/versions/1/metadata.json'), /"owner": "@acme\/growth"/);
  assert.match(slack.bodies[0]!, /acme\/growth/);
  assert.match(slack.bodies[0]!, new RegExp(dates[0]!));
});

test('a run that is refused does not keep the next one from its turn, one that breaks does, and neither is begun again', async () => {
  const more = `schedule: { cron: "0 0 * * *", catch-up: all, start: ${day(1)} }\n`;
  const refused = `${more}evaluate: { gates: { auc_roc: ">= 0.999" } }\n`;
  await using project = await ownProject({
    'pipelines/churn.yaml': ownPipeline('good', { more: refused }),
    'broken/churn.yaml': ownPipeline('exits-1', { more }),
    'data.csv': customers(120),
    'broken/data.csv': customers(120),
    'broken/own-trainer.mjs': '',
  });
  await project.copy(join(ROOT, 'test/e2e/fixtures/own-trainer.mjs'), 'broken/own-trainer.mjs');
  const no = await project.retrain(['catch-up', 'pipelines/churn.yaml']);
  assert.equal(no.code, 1, no.out + no.err);
  const outcomes = (await project.runs()).map(({ logicalDate, outcome }) => `${logicalDate} ${outcome}`);
  assert.deepEqual(outcomes, [`${day(1)}T00:00Z refused`, `${day(0)}T00:00Z skipped`]);

  const broken = await project.retrain(['catch-up', 'broken/churn.yaml']);
  assert.equal(broken.code, 2, broken.out + broken.err);
  assert.deepEqual(
    (await project.runs('broken/.retrain')).map(({ logicalDate }) => logicalDate),
    [`${day(1)}T00:00Z`],
  );
  const left = await project.retrain(['catch-up', 'broken/churn.yaml', '--dry-run']);
  assert.equal(left.out, `churn: missed ${day(0)}T00:00Z.\n`);
});

test('catch-up says why it catches nothing up: none asked for, no schedule, a run that cannot be read (which is no reason against a plan), a number that is none', async () => {
  await using project = await ownProject({
    'pipelines/churn.yaml': ownPipeline('good', { more: 'schedule: { cron: "0 0 * * *" }\n' }),
    'pipelines/other.yaml': ownPipeline('good'),
    'pipelines/wrong.yaml': ownPipeline('good', { more: 'schedule: { catch-up: all, start: 2026-01-01 }\n' }),
    'data.csv': customers(60),
    'damaged/churn.yaml': ownPipeline('good', { more: 'schedule: { cron: "0 0 * * *", catch-up: all }\n' }),
    'damaged/data.csv': customers(60),
    'damaged/.retrain/runs/churn-1/run.json': '{',
  });
  await project.copy(join(ROOT, 'test/e2e/fixtures/own-trainer.mjs'), 'damaged/own-trainer.mjs');
  const damaged = await project.retrain(['catch-up', 'damaged/churn.yaml']);
  assert.deepEqual([damaged.code, damaged.out], [2, '']);
  const planned = await project.retrain(['plan', 'damaged/churn.yaml']);
  assert.deepEqual([planned.code, planned.err === damaged.err.replace(/^retrain: /, '')], [0, true], planned.err);
  const none = await project.retrain(['catch-up', 'pipelines/churn.yaml']);
  assert.deepEqual([none.code, none.out], [0, 'churn: schedule.catch-up is none, so nothing is caught up.\n']);
  const without = await project.retrain(['catch-up', 'pipelines/other.yaml']);
  assert.equal(without.code, 2);
  assert.match(without.err, /schedule\.cron: is absent/);
  const wrong = await project.retrain(['check', 'pipelines/wrong.yaml']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.err, /schedule\.catch-up: expected `schedule\.cron` beside it/);
  assert.match(wrong.err, /schedule\.start: expected `schedule\.cron` beside it/);
  const many = await project.retrain(['catch-up', 'pipelines/churn.yaml', '--at-most', 'all', '--set', 'schedule.catch-up=all']);
  assert.equal(many.code, 2);
  assert.match(many.err, /--at-most: expected a number from 1 to 100, found "all"/);
});

test('a pass that meets an earlier one at work starts nothing and is green; a lock that nobody here can vouch for is not', async () => {
  const more = `schedule: { cron: "0 0 * * *", catch-up: all, start: ${day(1)} }\n`;
  await using project = await ownProject({ 'churn.yaml': ownPipeline('waits-for-go', { more }), 'data.csv': customers(120) });
  const first = project.start(['catch-up', 'churn.yaml']);
  await appears(project, 'trainer.pids');
  const second = await project.retrain(['catch-up', 'churn.yaml']);
  const begun = (await project.runs()).length;
  await project.write('go', 'x');
  const ended = await first.ended;
  assert.equal(second.code, 0, second.out + second.err);
  assert.equal(begun, 1);
  assert.match(
    second.out,
    new RegExp(`^churn: missed ${day(0)}T00:00Z\\.\nA run of churn is under way\\. .* held by process ${first.child.pid} `),
  );
  assert.match(second.out, new RegExp(`Nothing was started for ${day(0)}T00:00Z; the next pass sees to what is left\\.`));
  assert.equal(ended.code, 0, ended.out + ended.err);
  assert.deepEqual(
    (await project.runs()).map(({ logicalDate }) => logicalDate),
    [`${day(1)}T00:00Z`, `${day(0)}T00:00Z`],
  );

  await project.write(
    '.retrain/locks/churn.lock',
    JSON.stringify({ pid: 1, host: 'another machine', token: 't', since: `${day(2)}T00:00:00Z` }),
  );
  const stuck = await project.retrain(['catch-up', 'churn.yaml', '--set', `schedule.start=${day(2)}`]);
  assert.equal(stuck.code, 3, stuck.out + stuck.err);
  assert.match(stuck.err, /on another machine .*delete/s);
});
