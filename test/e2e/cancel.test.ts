import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appears, within } from './appears.ts';
import { customers } from './customers.ts';
import { ownPipeline, ownProject } from './own-trainer.ts';
import { assertNothingHalfDone } from './refusal.ts';
import { type Project, recordOf, runs } from './support.ts';

const pidsOf = async (project: Project): Promise<number[]> => JSON.parse(await appears(project, 'trainer.pids')) as number[];
const allGone = async (pids: readonly number[]): Promise<boolean> => !(await Promise.all(pids.map(runs))).includes(true);

/** Lets the trainer behave from now on. */
const mend = (project: Project): Promise<void> => project.write('churn.yaml', ownPipeline());

test('Ctrl-C in the middle of training: exit 130, the stubborn trainer and its child gone within 5 s, the record says cancelled, the next run works', async () => {
  await using project = await ownProject({ 'churn.yaml': ownPipeline('stubborn'), 'data.csv': customers(120) });
  const started = project.start(['run', 'churn.yaml']);
  const pids = await pidsOf(project);
  assert.equal(pids.length, 2);
  started.child.kill('SIGINT');
  await within(5_000, 'The end of the trainer', () => allGone(pids));
  const ended = await started.ended;
  assert.equal(ended.code, 130, ended.out + ended.err);
  assert.match(ended.out, /Cancelled/);

  const run = await project.lastRun();
  assert.equal(run.outcome, 'cancelled');
  assert.equal(recordOf(run, 'train').outcome, 'cancelled');
  assert.equal(recordOf(run, 'report').outcome, 'completed', 'the report still tells of it');
  await assertNothingHalfDone(project);

  await mend(project);
  const next = await project.retrain(['run', 'churn.yaml']);
  assert.equal(next.code, 0, next.out + next.err);
  assert.doesNotMatch(next.err, /Recovered/, 'the lock had been given back');
});

test('a killed Retrain takes its trainer with it; the next run recovers the lock, says so, and works', async () => {
  await using project = await ownProject({ 'churn.yaml': ownPipeline('stubborn'), 'data.csv': customers(120) });
  const started = project.start(['run', 'churn.yaml']);
  const pids = await pidsOf(project);
  started.child.kill('SIGKILL');
  await started.ended;
  await within(5_000, 'The end of the trainer', () => allGone(pids));
  assert.equal((await project.lastRun()).outcome, 'running', 'it could not write how it ended');
  assert.match((await project.retrain(['status'])).out, /churn +died/);

  await mend(project);
  const next = await project.retrain(['run', 'churn.yaml']);
  assert.equal(next.code, 0, next.out + next.err);
  assert.match(next.err, new RegExp(`Recovered the lock .*churn\\.lock of process ${started.child.pid}, which has ended`));
  await assertNothingLocked(project);
});

test('two promotions at once: aliases name one champion and one version before it, and nobody is told what is not so', async () => {
  await using project = await ownProject({ 'churn.yaml': ownPipeline(), 'data.csv': customers(120) });
  for (const steps of [200, 150, 100]) {
    const made = await project.retrain(['run', 'churn.yaml', '--set', `train.params.steps=${steps}`]);
    assert.equal(made.code, 0, made.out + made.err);
  }
  const before = await project.json('.retrain/registry/churn/aliases.json');
  assert.equal(before.champion, 1);
  const both = await Promise.all([2, 3].map((version) => project.retrain(['registry', 'promote', 'churn', String(version)])));
  const { champion, previous, generation } = await project.json('.retrain/registry/churn/aliases.json');
  const won = both.filter(({ code }) => code === 0);
  assert.ok(won.length >= 1, both.map(({ err }) => err).join());
  assert.ok(champion === 2 || champion === 3);
  assert.equal(previous, won.length === 2 ? 5 - champion : 1);
  assert.equal(generation, Number(before.generation) + won.length);
  for (const { code, err } of both) if (code !== 0) assert.match(err, /changed|another|moved/i);
});

async function assertNothingLocked(project: Project): Promise<void> {
  await assert.rejects(project.read('.retrain/locks/churn.lock'), /ENOENT/);
}
