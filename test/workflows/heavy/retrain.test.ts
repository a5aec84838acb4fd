import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { customers } from '../../e2e/customers.ts';
import { Project, ROOT } from '../../e2e/support.ts';
import { ArtifactService } from '../../stand-ins/artifacts.ts';
import { runWorkflow, type WorkflowRequest, type WorkflowRun } from '../../stand-ins/workflow-executor.ts';

const CALLER = await readFile(join(ROOT, 'workflows-templates', 'one-model.yml'), 'utf8');
const TRAINER = join(ROOT, 'test', 'providers', 'backends', 'fixtures', 'priors-trainer.mjs');

/** A repository with a pipeline that trains in no time, and a registry that outlives the jobs. */
async function repository(more = ''): Promise<Project> {
  const project = await Project.make({ 'repository/data/2026-01.csv': customers(300) });
  await describe(project, more);
  return project;
}

const describe = (project: Project, more = '', trainer = TRAINER): Promise<void> =>
  project.write(
    'repository/pipelines/churn.yaml',
    `version: 1
name: churn
task: classification
target: { column: churn, positive: "yes" }
key: id
registry: file:${join(project.folder, 'registry')}
run: { retries: 0 }
fetch-data: { source: data/*.csv }
prepare-data: { split: { test: 20 % } }
train: { command: [${process.execPath}, ${trainer}] }
evaluate: { gates: { accuracy: ">= 0.3" } }
${more}`,
  );

const start = (project: Project, artifacts: ArtifactService, run: number, more: Partial<WorkflowRequest> = {}): Promise<WorkflowRun> =>
  runWorkflow({ caller: CALLER, repository: join(project.folder, 'repository'), artifacts, run, ...more });

const results = ({ jobs }: WorkflowRun) => Object.fromEntries(Object.entries(jobs).map(([id, { result }]) => [id, result]));
const stepsOf = (run: WorkflowRun, job: string) =>
  Object.fromEntries(run.jobs[job]!.steps.filter(({ id }) => !id.startsWith('step-')).map(({ id, result }) => [id, result]));
const logOf = ({ jobs }: WorkflowRun) =>
  Object.entries(jobs)
    .flatMap(([id, { steps }]) => steps.map((step) => `${id}/${step.id}: ${step.result}\n${(step.end?.log ?? []).join('\n')}`))
    .join('\n');
const versions = async (project: Project) => JSON.parse(await project.read('registry/churn/aliases.json')) as { champion?: number };

test('first run: five jobs, a version in service, a report; again with nothing new: two jobs, all other steps skipped', async () => {
  await using artifacts = await ArtifactService.begin();
  await using project = await repository();
  const first = await start(project, artifacts, 1);
  assert.deepEqual(
    results(first),
    { prepare: 'success', train: 'success', assess: 'success', publish: 'success', report: 'success' },
    logOf(first),
  );
  const { run, ...outputs } = first.outputs;
  assert.deepEqual(outputs, { outcome: 'passed', reason: '', version: '1', promoted: 'true' });
  assert.equal(run, 'churn-1');
  assert.match(first.jobs.report!.uploads[0]!, /^<!doctype html>/i);
  assert.match(first.jobs.report!.steps.find(({ id }) => id === 'report')!.end!.summary, /churn/);

  const second = await start(project, artifacts, 2);
  assert.deepEqual(
    results(second),
    { prepare: 'success', train: 'skipped', assess: 'skipped', publish: 'skipped', report: 'success' },
    logOf(second),
  );
  assert.equal(second.outputs.outcome, 'skipped');
  const { 'validate-data': validated, drift, 'prepare-data': prepared } = stepsOf(second, 'prepare');
  assert.deepEqual([validated, drift, prepared], ['skipped', 'skipped', 'skipped']);
});

test('data that breaks a rule: the run is red, nothing is trained, and the outcome is written down all the same', async () => {
  await using artifacts = await ArtifactService.begin();
  await using project = await repository('validate-data: { rules: { tenure: { max: 10 } } }\n');
  const refused = await start(project, artifacts, 1);
  assert.deepEqual(
    results(refused),
    { prepare: 'failure', train: 'skipped', assess: 'skipped', publish: 'success', report: 'success' },
    logOf(refused),
  );
  assert.deepEqual(stepsOf(refused, 'publish'), { restore: 'success', register: 'skipped', promote: 'success', save: 'success' });
  assert.equal(refused.outputs.outcome, 'refused');
  assert.match(await project.read('registry/churn/state.json'), /refused/);
  const again = await start(project, artifacts, 2);
  assert.equal(again.outputs.outcome, 'skipped', logOf(again));
});

test('a gate that is missed: bias-check still judges, nothing is registered, the run is red', async () => {
  await using artifacts = await ArtifactService.begin();
  await using project = await repository('bias-check: { slices: [plan] }\n');
  const missed = await start(project, artifacts, 1, { inputs: { overrides: '{"evaluate": {"gates": {"accuracy": ">= 0.99"}}}' } });
  assert.deepEqual(
    results(missed),
    { prepare: 'success', train: 'success', assess: 'failure', publish: 'success', report: 'success' },
    logOf(missed),
  );
  assert.notEqual(stepsOf(missed, 'assess')['bias-check'], 'skipped');
  assert.equal(stepsOf(missed, 'publish').register, 'skipped');
  assert.equal(missed.outputs.outcome, 'refused');
});

test('a pull request trains and judges, and publishes nothing', async () => {
  await using artifacts = await ArtifactService.begin();
  await using project = await repository();
  const run = await start(project, artifacts, 1, { github: { event_name: 'pull_request', event: { pull_request: { number: 7 } } } });
  assert.deepEqual(
    results(run),
    { prepare: 'success', train: 'success', assess: 'success', publish: 'skipped', report: 'success' },
    logOf(run),
  );
  await assert.rejects(versions(project), { code: 'ENOENT' });
});

test('a trainer that fails, then is mended: failed jobs run again, prepare does not, and one version is in service', async () => {
  await using artifacts = await ArtifactService.begin();
  await using project = await repository();
  await project.write(
    'broken.mjs',
    `${await readFile(TRAINER, 'utf8')}`.replace("if (verb === 'fit') {", "if (verb === 'fit') {\n  refuse('No luck.', 'Try again.');"),
  );
  await describe(project, '', join(project.folder, 'broken.mjs'));
  const failed = await start(project, artifacts, 1);
  assert.deepEqual(
    results(failed),
    { prepare: 'success', train: 'failure', assess: 'skipped', publish: 'skipped', report: 'success' },
    logOf(failed),
  );
  assert.equal(failed.outputs.outcome, 'errored');
  assert.equal(failed.result, 'failure');

  await project.write('broken.mjs', await readFile(TRAINER, 'utf8'));
  const mended = await start(project, artifacts, 1, { previous: failed });
  assert.equal(mended.jobs.prepare, failed.jobs.prepare);
  assert.equal(mended.outputs.outcome, 'passed', logOf(mended));
  assert.equal(mended.outputs.promoted, 'true');
  const third = await start(project, artifacts, 1, {
    previous: { ...mended, jobs: { ...mended.jobs, report: { ...mended.jobs.report!, result: 'failure' } } },
  });
  assert.equal(third.jobs.train, mended.jobs.train, 'a report that failed trains nothing again');
});

test('cancelled while it trains: nothing is judged or published, and the report says cancelled', async () => {
  await using artifacts = await ArtifactService.begin();
  await using project = await repository();
  await project.write(
    'slow.mjs',
    `${await readFile(TRAINER, 'utf8')}`.replace(
      "if (verb === 'fit') {",
      'if (verb === \'fit\') {\n  writeWhole(join(output, \'progress.jsonl\'), \'{"step": 1, "done": 0.1, "metrics": {"rows": 1}}\\n\');\n  await new Promise((resolve) => setTimeout(resolve, 120_000));',
    ),
  );
  await describe(project, '', join(project.folder, 'slow.mjs'));
  const cancelled = await start(project, artifacts, 1, { cancel: { step: 'train', when: /rows/ } });
  assert.deepEqual(
    results(cancelled),
    { prepare: 'success', train: 'cancelled', assess: 'skipped', publish: 'skipped', report: 'success' },
    logOf(cancelled),
  );
  assert.equal(cancelled.outputs.outcome, 'cancelled', logOf(cancelled));
  await assert.rejects(versions(project), { code: 'ENOENT' });
});
