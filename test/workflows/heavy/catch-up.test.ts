import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { tickAt, zonedText } from '../../../src/pipeline/ticks.ts';
import { resolvedText } from '../../stand-ins/expressions.ts';
import { called, logOf, started, template } from '../started.ts';

const WORKFLOW = 'train-churn.yml';
const DAY_MS = 86_400_000;
// Its tick is half a day away at any time.
const clock = { cron: [`17 ${(new Date().getUTCHours() + 12) % 24} * * *`], timezone: 'UTC' };
const status = { always: true, success: true, failure: false, cancelled: false };

test('the watchdog starts the run that GitHub dropped, with its date; the run has it; another pass starts nothing', async (context) => {
  const here = await started(context, `schedule: { cron: ${JSON.stringify(clock.cron[0])}, catch-up: latest }\n`);
  const train = (await template('one-model.yml')).replace(/- cron: .*\n\s+timezone: .*/, `- cron: '${clock.cron[0]}'`);
  await here.project.write(`repository/.github/workflows/${WORKFLOW}`, train);
  const missed = tickAt(clock, new Date())!;
  const before = new Date(missed.getTime() - DAY_MS);
  const file = parse(train) as { readonly 'run-name': string };
  const happened = (id: number, event: string, created: Date, inputs: object, state: 'queued' | 'completed') => {
    const title = resolvedText(file['run-name'], { contexts: { inputs }, status });
    const seconds = `${created.toISOString().slice(0, 19)}Z`;
    here.github.workflowRuns.push({ id, workflow: WORKFLOW, event, title, created: seconds, status: state });
  };
  const dateOf = (run: Awaited<ReturnType<typeof here.run>>, id: number) =>
    JSON.parse(called(run).jobs.report!.uploads[`retrain-run-churn-${id}-1`]!).logicalDate;

  // The run of the day before, twenty minutes late. (Here it runs now: its tick is the newest one.)
  const github = {
    event_name: 'schedule',
    event: { schedule: clock.cron[0] },
    workflow_ref: `acme/models/.github/workflows/${WORKFLOW}@refs/heads/main`,
  };
  const first = await here.run('one-model.yml', 1, { workflow: train, github });
  assert.equal(first.result, 'success', logOf(first));
  assert.equal(dateOf(first, 1), zonedText(missed, 'UTC'));
  happened(1, 'schedule', new Date(before.getTime() + 20 * 60_000), {}, 'completed');

  const pass = async (run: number) => {
    const ended = await here.run('catch-up.yml', run, { github: { event_name: 'schedule' } });
    assert.equal(ended.result, 'success', logOf(ended));
    return logOf(ended);
  };
  const log = await pass(2);
  const date = zonedText(missed, 'UTC');
  assert.match(log, new RegExp(`churn: missed ${date}\\.\nStarted ${WORKFLOW} for ${date}\\.`));
  assert.deepEqual(here.github.dispatches, [{ workflow: WORKFLOW, ref: 'main', inputs: { 'logical-date': date } }]);

  happened(3, 'workflow_dispatch', new Date(), { 'logical-date': date }, 'queued');
  assert.equal(here.github.workflowRuns.at(-1)!.title, `Train churn, ${date}`);
  assert.match(await pass(4), /churn: no tick was missed\./);
  assert.equal(here.github.dispatches.length, 1);

  const second = await here.run('one-model.yml', 3, {
    workflow: train,
    inputs: here.github.dispatches[0]!.inputs as Record<string, string>,
  });
  assert.equal(second.result, 'success', logOf(second));
  assert.equal(dateOf(second, 3), date);
});
