import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appears } from './appears.ts';
import { customers } from './customers.ts';
import { ownPipeline, ownProject } from './own-trainer.ts';
import { type Project, recordOf } from './support.ts';

const twoAlgorithms = ownPipeline('second-waits').replace('algorithms: [own]', 'algorithms: [own, slow]');
/** Verbs the trainer was started with, in order. */
const started = async (project: Project): Promise<string[]> =>
  (await project.read('trainer.log'))
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ')[0]!);

test('a run killed in the middle of its second algorithm goes on: the first is not fitted again, and the run ends as it would have', async () => {
  await using project = await ownProject({ 'churn.yaml': twoAlgorithms, 'data.csv': customers(120) });
  const killed = project.start(['run', 'churn.yaml']);
  await appears(project, 'trainer.pids');
  killed.child.kill('SIGKILL');
  await killed.ended;
  const before = await project.lastRun();
  assert.equal(before.outcome, 'running', 'it could not write how it ended');
  assert.deepEqual(await started(project), ['fit', 'fit']);

  await project.write('go', '');
  const resumed = await project.retrain(['resume', 'churn.yaml', '--verbose']);
  assert.equal(resumed.code, 0, resumed.out + resumed.err);
  assert.match(resumed.out, /jobs\/fit-own\/output: taken over from the job [0-9a-f]{16}/);
  assert.doesNotMatch(resumed.out, /jobs\/fit-slow\/output: taken over/);
  assert.deepEqual(await started(project), ['fit', 'fit', 'fit', 'predict']);

  const runs = await project.runs();
  assert.equal(runs.length, 1, 'it is the same run');
  assert.deepEqual([runs[0]!.id, runs[0]!.outcome, runs[0]!.version], [before.id, 'passed', 1]);
  for (const stage of ['gate', 'fetch-data', 'prepare-data']) {
    assert.deepEqual(recordOf(runs[0]!, stage), recordOf(before, stage), `${stage} did not run again`);
  }
  await assert.rejects(project.read(`.retrain/runs/${before.id}/jobs`), { code: 'ENOENT' }, 'what has been taken over is not kept twice');
});

test('a run that was cancelled in the middle of its second algorithm, and has said so in its report, goes on as well', async () => {
  await using project = await ownProject({ 'churn.yaml': twoAlgorithms, 'data.csv': customers(120) });
  const cancelled = project.start(['run', 'churn.yaml']);
  await appears(project, 'trainer.pids');
  cancelled.child.kill('SIGINT');
  assert.equal((await cancelled.ended).code, 130);
  const before = await project.lastRun();
  assert.deepEqual([before.outcome, recordOf(before, 'report').outcome], ['cancelled', 'completed']);

  await project.write('go', '');
  const resumed = await project.retrain(['resume', 'churn.yaml', '--verbose']);
  assert.equal(resumed.code, 0, resumed.out + resumed.err);
  assert.match(resumed.out, /jobs\/fit-own\/output: taken over from the job [0-9a-f]{16}/);
  assert.deepEqual(await started(project), ['fit', 'fit', 'fit', 'predict']);
});

test('a result that was changed while nobody looked is not taken over', async () => {
  await using project = await ownProject({ 'churn.yaml': twoAlgorithms, 'data.csv': customers(120) });
  const killed = project.start(['run', 'churn.yaml']);
  await appears(project, 'trainer.pids');
  killed.child.kill('SIGKILL');
  await killed.ended;
  const { id } = await project.lastRun();
  await project.write(`.retrain/runs/${id}/files/train/jobs/fit-own/output/model/weights.json`, '{"weights": [], "bias": 9}');

  await project.write('go', '');
  const resumed = await project.retrain(['resume', 'churn.yaml', '--verbose']);
  assert.equal(resumed.code, 0, resumed.out + resumed.err);
  assert.doesNotMatch(resumed.out, /taken over/);
  assert.deepEqual(await started(project), ['fit', 'fit', 'fit', 'fit', 'predict']);
});

test('a run goes on with what it was told when it began, whatever the pipeline file says by now, and says so', async () => {
  await using project = await ownProject({ 'churn.yaml': ownPipeline('waits-for-go'), 'data.csv': customers(120) });
  const killed = project.start(['run', 'churn.yaml', '--set', 'train.params.steps=50', '--logical-date', '2026-03-01']);
  await appears(project, 'trainer.pids');
  killed.child.kill('SIGKILL');
  await killed.ended;
  await project.write('go', '');
  await project.write('churn.yaml', ownPipeline('exits-1'));

  const resumed = await project.retrain(['resume', 'churn.yaml']);
  assert.equal(resumed.code, 0, resumed.out + resumed.err);
  assert.match(resumed.err, /churn\.yaml is not what churn-\S+ began with; the run goes on as it began\./);
  const run = await project.lastRun();
  assert.equal(run.logicalDate, '2026-03-01');
  assert.deepEqual(recordOf(run, 'train').inputs.params, { steps: 50 });
});

test('nothing waits: exit 0 and a sentence; a run that is not there is named', async () => {
  await using project = await ownProject({ 'churn.yaml': ownPipeline(), 'data.csv': customers(120) });
  const nothing = await project.retrain(['resume', 'churn.yaml']);
  assert.deepEqual([nothing.code, nothing.out], [0, 'No run of churn waits to be gone on with.\n']);
  assert.equal((await project.retrain(['run', 'churn.yaml'])).code, 0);
  assert.equal((await project.retrain(['resume', 'churn.yaml'])).out, 'No run of churn waits to be gone on with.\n');
  const unknown = await project.retrain(['resume', 'churn.yaml', '--run', 'churn-1']);
  assert.equal(unknown.code, 2);
  assert.match(unknown.err, /There is no run churn-1 of churn/);
});

test('a stage asked for by name starts anew: nothing of an earlier attempt is taken over', async () => {
  await using project = await ownProject({ 'churn.yaml': ownPipeline(), 'data.csv': customers(120) });
  assert.equal((await project.retrain(['run', 'churn.yaml'])).code, 0);
  assert.equal((await project.retrain(['run', 'churn.yaml', '--from', 'train'])).code, 0);
  assert.deepEqual(await started(project), ['fit', 'predict', 'fit', 'predict']);
});
