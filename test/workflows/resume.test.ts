import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { scratchFolder } from '../contracts/scratch.ts';
import { ROOT } from '../e2e/support.ts';
import { ArtifactService } from '../stand-ins/artifacts.ts';
import { ghOnPath } from '../stand-ins/gh-on-path.ts';
import { githubStandIn, refuse } from '../stand-ins/github.ts';
import type { StoredJob, StoredRun } from '../stand-ins/github-runs.ts';
import { runWorkflow } from '../stand-ins/workflow-executor.ts';
import { logOf, template } from './started.ts';

const MINUTES = 60_000;
const DAYS = 24 * 60 * MINUTES;
const ago = (milliseconds: number) => `${new Date(Date.now() - milliseconds).toISOString().slice(0, 19)}Z`;
const STEP = 'training goes on elsewhere';

/** A job `train` whose jobs run on elsewhere, or which came to its end. */
const job = (id: number, left = true): StoredJob => ({
  id,
  path: 'retrain.train',
  conclusion: 'success',
  steps: [
    { name: 'train', conclusion: 'success' },
    { name: STEP, conclusion: left ? 'success' : 'skipped' },
  ],
});
const other: StoredJob = { id: 1, path: 'retrain.prepare', conclusion: 'success', steps: [{ name: 'gate', conclusion: 'success' }] };
const run = (id: number, more: Partial<StoredRun> = {}): StoredRun => ({
  id,
  workflow: 'train.yml',
  event: 'schedule',
  title: 'Train',
  created: ago(30 * MINUTES),
  started: ago(30 * MINUTES),
  status: 'completed',
  jobs: [other, job(id * 10)],
  ...more,
});

async function resumed(
  context: TestContext,
  runs: readonly StoredRun[],
  fault?: (github: Awaited<ReturnType<typeof githubStandIn>>) => void,
) {
  await using artifacts = await ArtifactService.begin();
  const github = await githubStandIn(context);
  github.workflowRuns.push(...runs);
  fault?.(github);
  const ended = await runWorkflow({
    workflow: await template('resume.yml'),
    repository: ROOT,
    retrain: ROOT,
    bundled: false,
    artifacts,
    forge: github,
    run: 1_000,
    github: { event_name: 'schedule' },
    machine: { paths: [await ghOnPath(await scratchFolder(context))] },
  });
  return { ended, github, log: logOf(ended) };
}

test('nothing waits: green, and nobody is asked to run again; not a run that was cancelled, runs, is of another workflow, or whose jobs came to their end', async (context) => {
  const runs = [
    run(1, { conclusion: 'cancelled' }),
    run(2, { status: 'in_progress' }),
    run(3, { workflow: 'other.yml' }),
    run(4, { jobs: [other, job(40, false)] }),
    run(5, { created: ago(10 * DAYS) }),
  ];
  for (const given of [[], runs]) {
    const { ended, github, log } = await resumed(context, given);
    assert.equal(ended.result, 'success', log);
    assert.deepEqual(github.reruns, []);
    assert.equal(log.includes('goes on'), false, log);
  }
});

test('jobs that run elsewhere: the one job of each run, behind 150 others, and after a pause that grows with every attempt', async (context) => {
  const done = Array.from({ length: 150 }, (_, index) => run(100 + index, { started: ago(0) }));
  const { ended, github, log } = await resumed(context, [
    ...done,
    run(7),
    run(8, { attempt: 4, started: ago(30 * MINUTES) }),
    run(9, { attempt: 4, started: ago(50 * MINUTES), created: ago(6 * DAYS) }),
  ]);
  assert.equal(ended.result, 'success', log);
  assert.deepEqual(github.reruns, [
    { run: 7, job: 'retrain.train' },
    { run: 9, job: 'retrain.train' },
  ]);
  // For as long as artifacts are kept, 49 re-runs are enough.
  let days = 0;
  for (let attempt = 1; attempt < 50; attempt++) days += (attempt * 10 * MINUTES) / DAYS;
  assert.ok(days > 8, `${days} days`);
});

test('a run that something else has made red, another pipeline of it or its report, goes on as well', async (context) => {
  const refused: StoredJob = { id: 2, path: 'retrain.assess', conclusion: 'failure', steps: [{ name: 'evaluate', conclusion: 'failure' }] };
  const { ended, github, log } = await resumed(context, [run(7, { conclusion: 'failure', jobs: [refused, job(70)] })]);
  assert.equal(ended.result, 'success', log);
  assert.deepEqual(github.reruns, [{ run: 7, job: 'retrain.train' }]);
});

test('somebody runs it again at the same moment, or it has two jobs that wait: the run goes on once, and the others are gone on with too', async (context) => {
  const raced = run(7);
  const { ended, github, log } = await resumed(context, [raced, run(8, { jobs: [job(80), job(81)] }), run(9)], ({ fail }) => {
    fail(/^POST .*\/jobs\/70\/rerun/, (_request, _response, pass) => {
      // By hand, between the look and the wish.
      Object.assign(raced, { status: 'in_progress' });
      return pass();
    });
  });
  assert.equal(ended.result, 'success', log);
  assert.deepEqual(
    github.reruns.map(({ run }) => run),
    [8, 9],
  );
  assert.deepEqual(log.match(/The run .*/g), [
    'The run 7 goes on already.',
    'The run 8 goes on.',
    'The run 8 goes on already.',
    'The run 9 goes on.',
  ]);
});

test('a run that cannot be run again is told of and makes the job red; the others go on all the same', async (context) => {
  const { ended, github, log } = await resumed(context, [run(7), run(8)], ({ fail }) => {
    fail(/^POST .*\/jobs\/70\/rerun/, refuse(403, 'Resource not accessible by integration'));
  });
  assert.equal(ended.result, 'failure', log);
  assert.deepEqual(
    github.reruns.map(({ run }) => run),
    [8],
  );
  assert.match(JSON.stringify(ended.jobs.resume!.steps[0]!.end?.errors), /The run 7 could not be run again/);
});

test('its token may run jobs again and nothing else', async (context) => {
  const { ended, github } = await resumed(context, [run(7)]);
  assert.equal(ended.result, 'success');
  assert.ok(
    github.requests.every((request) => /^(?:GET|POST) \/repos\/acme\/models\/actions\//.test(request)),
    github.requests.join('\n'),
  );
  assert.doesNotMatch(await template('resume.yml'), /(?:contents|id-token): /);
});
