import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { dispatchMissed } from '../../src/hosts/cli/dispatch-missed.ts';
import type { Door } from '../../src/hosts/cli/door.ts';
import type { CatchUp } from '../../src/pipeline/missed-ticks.ts';
import { scratchFolder } from '../contracts/scratch.ts';
import { ROOT } from '../e2e/support.ts';
import { githubStandIn } from '../stand-ins/github.ts';
import type { StoredRun } from '../stand-ins/github-runs.ts';

const NOW = '2026-11-21T20:00:00Z';
const daily: CatchUp = { cron: ['0 6 * * *'], timezone: 'Europe/Berlin', 'catch-up': 'all', start: '2026-11-18' };
const silent = { write: () => undefined, interactive: false, columns: 80, colour: false };

const workflow = ({
  cron = '0 6 * * *',
  name = `Train churn, \${{ inputs.logical-date }}`,
  inputs = 'logical-date: { type: string }',
} = {}) => `name: Train churn
run-name: ${name}
on:
  schedule:
    - { cron: '${cron}', timezone: Europe/Berlin }
  workflow_dispatch:
    inputs:
      ${inputs}
`;

async function repository(context: TestContext, text = workflow()) {
  const cwd = await scratchFolder(context);
  const github = await githubStandIn(context);
  await mkdir(join(cwd, '.github', 'workflows'), { recursive: true });
  await writeFile(join(cwd, '.github', 'workflows', 'train.yml'), text);
  const env = { GITHUB_REPOSITORY: github.repository, GITHUB_TOKEN: github.token, GITHUB_API_URL: github.apiUrl };
  const said: string[] = [];
  const door: Door = {
    cwd,
    root: '',
    version: '1',
    env,
    clock: () => new Date(NOW),
    signal: AbortSignal.timeout(60_000),
    out: { ...silent, write: (text) => void said.push(...text.trimEnd().split('\n')) },
    err: silent,
  };
  let id = 0;
  return {
    cwd,
    github,
    ran: (created: string, more: Partial<StoredRun> = {}) =>
      void github.workflowRuns.push({
        id: ++id,
        workflow: 'train.yml',
        event: 'schedule',
        title: 'Train churn',
        created: `2026-11-${created}:00Z`,
        status: 'completed',
        ...more,
      }),
    /** One pass of the watchdog; gives the lines it says. */
    pass: async (more: Partial<Parameters<typeof dispatchMissed>[0]> = {}) => {
      const wish = { schedule: daily, model: 'churn', pipeline: 'pipelines/churn.yaml', workflow: 'train.yml', atMost: 5, dryRun: false };
      await dispatchMissed({ ...wish, ...more }, door);
      return said.splice(0);
    },
    dates: () => github.dispatches.map(({ inputs }) => (inputs as Record<string, string>)['logical-date']),
  };
}

test('missed ticks are dispatched on the default branch, oldest first, and none whose run there is in any state', async (context) => {
  const { github, ran, pass, dates } = await repository(context);
  ran('19T05:20', { status: 'in_progress' });
  ran('20T11:00', { event: 'workflow_dispatch', title: 'Train churn, 2026-11-20T06:00+01:00', status: 'queued' });
  assert.deepEqual(await pass(), [
    'churn: missed 2026-11-18T06:00+01:00, 2026-11-21T06:00+01:00.',
    'Started train.yml for 2026-11-18T06:00+01:00.',
    'Started train.yml for 2026-11-21T06:00+01:00.',
  ]);
  assert.deepEqual(github.dispatches[0], { workflow: 'train.yml', ref: 'main', inputs: { 'logical-date': '2026-11-18T06:00+01:00' } });
  for (const date of dates()) ran('21T20:01', { event: 'workflow_dispatch', title: `Train churn, ${date}`, status: 'queued' });
  assert.deepEqual(await pass(), ['churn: no tick was missed.']);
  assert.equal(github.dispatches.length, 2);
});

test('after a month without a run, a schedule of every hour knows that it has run before', async (context) => {
  const { ran, pass } = await repository(context, workflow({ cron: '0 * * * *' }));
  const schedule = { ...daily, cron: ['0 * * * *'], 'catch-up': 'latest', start: undefined } as const;
  assert.deepEqual(await pass({ schedule }), ['churn: no tick was missed.']);
  ran('01T05:20', { created: '2026-10-20T05:20:00Z' });
  assert.deepEqual(await pass({ schedule, workflow: '.github/workflows/train.yml' }), [
    'churn: missed 2026-11-21T19:00+01:00.',
    'Started train.yml for 2026-11-21T19:00+01:00.',
  ]);
});

test('of several ticks a day, a run counts for the one its title names', async (context) => {
  const { ran, pass, dates } = await repository(context, workflow({ cron: '0 6,12 * * *' }));
  ran('20T15:00', { event: 'workflow_dispatch', title: 'Train churn, 2026-11-20T12:00+01:00' });
  await pass({ schedule: { ...daily, cron: ['0 6,12 * * *'], start: '2026-11-20' } });
  assert.deepEqual(dates(), ['2026-11-20T06:00+01:00', '2026-11-21T06:00+01:00', '2026-11-21T12:00+01:00']);
});

test('at most so many are under way, and the rest waits for a later pass', async (context) => {
  const { ran, pass, dates } = await repository(context);
  ran('18T09:00', { event: 'workflow_dispatch', title: 'Train churn, 2026-11-18T06:00+01:00', status: 'in_progress' });
  assert.deepEqual((await pass({ atMost: 2 })).slice(1), [
    'Started train.yml for 2026-11-19T06:00+01:00.',
    '2 more at a later pass: at most 2 are under way at a time, and 1 was.',
  ]);
  assert.deepEqual(dates(), ['2026-11-19T06:00+01:00']);
  ran('21T20:01', { event: 'workflow_dispatch', title: 'Train churn, 2026-11-19T06:00+01:00', status: 'queued' });
  assert.equal((await pass({ atMost: 2 })).length, 2);
  assert.equal(dates().length, 1);
});

test('a dry run starts nothing; a tick less than two hours old is not missed', async (context) => {
  const { pass, dates } = await repository(context, workflow({ cron: '30 19 * * *' }));
  const said = await pass({ schedule: { ...daily, cron: ['30 19 * * *'], start: '2026-11-20' }, dryRun: true });
  assert.deepEqual(said, ['churn: missed 2026-11-20T19:30+01:00.']);
  assert.deepEqual(dates(), []);
});

test('of a workflow for many pipelines, runs count that were started for this one or for all', async (context) => {
  const text = workflow({
    name: `Train \${{ inputs.pipeline || 'all' }}, \${{ inputs.logical-date }}`,
    inputs: 'logical-date: { type: string }\n      pipeline: { type: string }',
  });
  const { github, ran, pass } = await repository(context, text);
  ran('18T05:20', { title: 'Train all' });
  ran('19T09:00', { event: 'workflow_dispatch', title: 'Train pipelines/churn.yaml, 2026-11-19' });
  ran('20T09:00', { event: 'workflow_dispatch', title: 'Train pipelines/credit.yaml, 2026-11-20' });
  ran('21T09:00', { event: 'workflow_dispatch', title: 'Train all' });
  await pass();
  const inputs = { 'logical-date': '2026-11-20T06:00+01:00', pipeline: 'pipelines/churn.yaml' };
  assert.deepEqual(github.dispatches, [{ workflow: 'train.yml', ref: 'main', inputs }]);
});

test('a pipeline is the same however its path is written, here and in the title of a run; one of elsewhere is refused', async (context) => {
  const many = {
    name: `Train \${{ inputs.pipeline }}, \${{ inputs.logical-date }}`,
    inputs: 'logical-date: { type: string }\n      pipeline: { type: string }',
  };
  const { cwd, github, ran, pass } = await repository(context, workflow(many));
  ran('18T05:20', { title: 'Train , ' });
  ran('19T09:00', { event: 'workflow_dispatch', title: 'Train ./pipelines/churn.yaml, 2026-11-19' });
  ran('20T09:00', { event: 'workflow_dispatch', title: 'Train /home/runner/work/ml/ml/pipelines/churn.yaml, 2026-11-20' });
  ran('21T09:00', { event: 'workflow_dispatch', title: 'Train ./pipelines/other-churn.yaml, 2026-11-21' });
  for (const pipeline of ['pipelines/churn.yaml', './pipelines/churn.yaml', join(cwd, 'pipelines/churn.yaml')]) {
    assert.deepEqual(
      await pass({ pipeline }),
      ['churn: missed 2026-11-21T06:00+01:00.', 'Started train.yml for 2026-11-21T06:00+01:00.'],
      pipeline,
    );
    assert.equal((github.dispatches.pop()!.inputs as Record<string, string>).pipeline, 'pipelines/churn.yaml');
  }
  const asked = github.requests.length;
  for (const pipeline of ['', ' ', '../churn.yaml', join(cwd, '..', 'churn.yaml')])
    await assert.rejects(pass({ pipeline }), { name: 'UserError', code: 'outside-repository' }, pipeline);
  assert.equal(github.requests.length, asked);
});

test('a workflow with another schedule, or whose runs cannot be told apart, is refused before anything is started', async (context) => {
  const refused = async (text: string, code: string, message: RegExp) => {
    const { github, pass } = await repository(context, text);
    await assert.rejects(pass(), { name: 'UserError', code, message });
    assert.deepEqual(github.requests, []);
  };
  await refused(
    workflow({ cron: '0 7 * * *' }),
    'other-schedule',
    /runs at 0 7 \* \* \* \(Europe\/Berlin\), the pipeline file says 0 6 \* \* \*/,
  );
  await refused(workflow({ name: 'Train' }), 'unfit-workflow', /input logical-date .* run-name/);
  await refused(workflow({ inputs: 'force: { type: boolean }' }), 'unfit-workflow', /input logical-date/);
  await refused(workflow().replace(/ {2}workflow_dispatch[\s\S]*/, ''), 'unfit-workflow', /workflow_dispatch/);
  const many = 'logical-date: { type: string }\n      pipeline: { type: string }';
  await refused(workflow({ inputs: many }), 'unfit-workflow', /input pipeline/);
});

test('the words of a schedule are the fields that the starter has written', async (context) => {
  const { pass } = await repository(context, workflow({ cron: '17 0 * * *' }));
  const [said] = await pass({ schedule: { ...daily, cron: ['@daily'], start: '2026-11-21' }, dryRun: true });
  assert.equal(said, 'churn: missed 2026-11-21T00:17+01:00.');
});

test('the templates that a clock starts show in the title of a run what catching up asks of it', async (context) => {
  for (const [name, cron] of [
    ['one-model.yml', '17 4 * * 1'],
    ['many-models.yml', '23 3 * * 0'],
  ] as const) {
    const { pass } = await repository(context, await readFile(join(ROOT, 'workflows-templates', name), 'utf8'));
    const [said] = await pass({ schedule: { ...daily, cron: [cron], start: '2026-11-20' }, dryRun: true });
    assert.equal(said, 'churn: no tick was missed.', name);
  }
});
