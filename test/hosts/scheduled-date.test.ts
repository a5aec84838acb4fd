import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { scheduledDate } from '../../src/hosts/scheduled-date.ts';
import { tickAt, zonedText } from '../../src/pipeline/ticks.ts';
import { scratchFolder } from '../contracts/scratch.ts';
import { RunnerJob } from '../stand-ins/runner.ts';
import { customers } from './action-data.ts';

const CRON = '17 4 * * 1';
const workflow = `name: Train
on:
  schedule:
    - { cron: '0 12 * * *' }
    - { cron: '${CRON}', timezone: Europe/Berlin }
  workflow_dispatch:
`;
const env = { GITHUB_EVENT_NAME: 'schedule', GITHUB_WORKFLOW_REF: 'acme/models/.github/workflows/train.yml@refs/heads/main' };

test('a run of the clock stands for its tick, as the zone of the workflow shows it, however late it comes', async (context) => {
  const folder = await scratchFolder(context);
  const event = join(folder, 'event.json');
  const dateAt = async (now: string, cron: unknown = CRON, more: Readonly<Record<string, string>> = {}) => {
    await writeFile(event, JSON.stringify({ schedule: cron }));
    return scheduledDate(folder, { ...env, GITHUB_EVENT_PATH: event, ...more }, new Date(now));
  };
  assert.equal(await dateAt('2026-11-23T03:20Z'), undefined);

  await using job = await RunnerJob.begin();
  await job.write('.github/workflows/train.yml', workflow);
  const inCheckout = async (now: string, cron?: unknown, more?: Readonly<Record<string, string>>) => {
    await dateAt(now, cron);
    return scheduledDate(job.workspace, { ...env, GITHUB_EVENT_PATH: event, ...more }, new Date(now));
  };
  assert.equal(await inCheckout('2026-11-23T03:17:05Z'), '2026-11-23T04:17+01:00');
  assert.equal(await inCheckout('2026-11-25T22:00Z'), '2026-11-23T04:17+01:00');
  assert.equal(await inCheckout('2026-11-23T03:16Z'), '2026-11-16T04:17+01:00');
  assert.equal(await inCheckout('2026-11-23T03:20Z', '0 12 * * *'), '2026-11-22T12:00Z');
  // By hand, by a line that is not there, by no line: the run stands for its day.
  assert.equal(await inCheckout('2026-11-23T03:20Z', CRON, { GITHUB_EVENT_NAME: 'workflow_dispatch' }), undefined);
  assert.equal(await inCheckout('2026-11-23T03:20Z', '5 5 * * *'), undefined);
  assert.equal(await inCheckout('2026-11-23T03:20Z', 7), undefined);
});

test('an action that the clock has started writes its tick into the run, and another date wins where it is given', async () => {
  await using job = await RunnerJob.begin({ env });
  await job.write('.github/workflows/train.yml', workflow);
  await writeFile(join(job.folder, 'event.json'), JSON.stringify({ schedule: CRON }));
  await job.write('data.csv', customers(200));
  await job.write(
    'churn.yaml',
    'version: 1\nname: churn\ntask: classification\ntarget: { column: churn, positive: "yes" }\nkey: id\nhome: home\nfetch-data: { source: data.csv }\nprepare-data: { split: { test: 20 % } }\n',
  );
  const tick = () => zonedText(tickAt({ cron: [CRON], timezone: 'Europe/Berlin' }, new Date())!, 'Europe/Berlin');
  const dateOf = async (inputs: Readonly<Record<string, string>>) => {
    const step = await job.run('fetch-data', { pipeline: 'churn.yaml', ...inputs });
    assert.equal(step.code, 0, step.log.join('\n'));
    return JSON.parse(await readFile(join(step.outputs['run-folder']!, 'run.json'), 'utf8')).logicalDate;
  };
  const before = tick();
  const found = await dateOf({ 'run-id': 'one' });
  assert.ok([before, tick()].includes(found), `${found} is no tick`);
  assert.equal(await dateOf({ 'run-id': 'two', 'logical-date': '2026-01-05' }), '2026-01-05');
});
