import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { noteJobs } from '../../src/hosts/action/kept-jobs.ts';
import type { Runner } from '../../src/hosts/action/runner.ts';
import type { Backend, Job, JobEvent } from '../../src/providers/backends/backend.ts';
import { whileItMoves } from '../e2e/appears.ts';
import { ROOT } from '../e2e/support.ts';
import { RunnerJob } from '../stand-ins/runner.ts';
import { vertexJobs } from '../stand-ins/vertex/jobs.ts';
import { vertexStandIn } from '../stand-ins/vertex/server.ts';

const TRAINER = join(ROOT, 'test/e2e/fixtures/own-trainer.mjs');

const job: Job = { backend: 'local', id: 'j1', key: 'the key', details: { folder: 'f', verb: 'fit' } };

test('a job is kept for the post step from the moment it is submitted until it has ended; no input of it, no secret', async () => {
  const kept: string[] = [];
  const events: JobEvent[] = [
    { kind: 'state', state: 'running' },
    { kind: 'log', line: 'a secret line' },
    { kind: 'state', state: 'succeeded' },
  ];
  const backend: Partial<Backend> = {
    name: 'local',
    submit: async () => job,
    async *watch() {
      yield* events;
    },
  };
  const runner: Partial<Runner> = { keep: (_name, value) => void kept.push(value) };
  const noted = noteJobs(runner as Runner, { home: '/h', base: '/b', shared: {} }).around('backend', backend) as Backend;
  const spec = { verb: 'fit' as const, job: { secret: 'x' } } as unknown as Parameters<Backend['submit']>[1];
  const { signal } = new AbortController();
  const seen: string[] = [];
  await noted.submit('the key', spec, signal);
  assert.deepEqual(JSON.parse(kept.at(-1)!), { home: '/h', base: '/b', shared: {}, jobs: [job] });
  for await (const event of noted.watch(job, signal)) {
    if (event.kind === 'state') seen.push(`${event.state} ${JSON.parse(kept.at(-1)!).jobs.length}`);
  }
  assert.deepEqual(seen, ['running 1', 'succeeded 0']);
  assert.doesNotMatch(kept.join(), /secret/);
});

test('killed by the runner, the step leaves its job of Vertex AI, also one it only attached to; the post step cancels it', async (t) => {
  const jobs = await vertexJobs(t);
  const service = await vertexStandIn(t, { JobService: jobs.handlers });
  await using machine = await RunnerJob.begin({ env: { RETRAIN_VERTEX_ENDPOINT: service.endpoint } });
  const rows = Array.from({ length: 40 }, (_, i) => `${i},${i % 7},${i % 2 ? 'yes' : 'no'}`);
  await machine.write('train.csv', ['id,calls,churn', ...rows, ''].join('\n'));
  const target = { column: 'churn', classes: ['no', 'yes'], positive: 'yes' };
  await machine.write('features.json', JSON.stringify({ key: 'id', target, features: [{ name: 'calls' }], rows: 40 }));
  const inputs = {
    task: 'classification',
    target: '{ column: churn, positive: "yes" }',
    train: 'train.csv',
    features: 'features.json',
    trainer: 'command',
    command: `[node, ${TRAINER}, waits-for-go]`,
    algorithms: '[own]',
    backend: 'vertex',
    image: `o/own@sha256:${'a'.repeat(64)}`,
    store: 'file:store',
    google: '{ project: ours-1, region: europe-west4 }',
  };
  const killed = async (when: (said: string) => boolean) => {
    const step = await machine.begin('train', inputs);
    const running = () => jobs.jobs[0]?.state === 'JOB_STATE_RUNNING';
    const signs = () => `${step.seen()}\n${jobs.jobs[0]?.state}`;
    await whileItMoves('The step', signs, () => step.child.exitCode !== null || (running() && when(step.seen())));
    step.child.kill('SIGKILL');
    const ended = await step.ended;
    assert.equal(ended.signal, 'SIGKILL', ended.log.join('\n'));
    return ended;
  };
  await killed((said) => /job \d+: projects/.test(said));
  const attached = await killed((said) => /taken over from the job/.test(said) && /job \d+: projects/.test(said));
  assert.equal(jobs.jobs.length, 1);
  assert.equal(jobs.jobs[0]!.state, 'JOB_STATE_RUNNING');

  const post = await machine.post('train', attached);
  assert.equal(post.code, 0, post.log.join('\n'));
  assert.match(post.log.join('\n'), /^The job 4000000000 \(vertex\), which the step left behind, was told to end: cancelled\.$/m);
  await jobs.jobs[0]!.ended;
  assert.equal(jobs.jobs[0]!.state, 'JOB_STATE_CANCELLED');
});

test('the post step reads no inputs, looks for the jobs that were left, and is green', async () => {
  await using machine = await RunnerJob.begin();
  const state = {
    'retrain-post': 'true',
    retrain: JSON.stringify({ home: machine.temp, base: machine.workspace, shared: {}, jobs: [job] }),
  };
  const env = Object.fromEntries(Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]));
  const post = await machine.run('train', { trainer: 'no input is read here' }, env);
  assert.equal(post.code, 0, post.log.join('\n'));
  assert.deepEqual(post.log, ['The job j1 (local), which the step left behind, was told to end: cancelled.']);
  assert.deepEqual(post.outputs, {});
});

test('the post step goes on to the other jobs when one cannot be told to end, and is red', async () => {
  await using machine = await RunnerJob.begin();
  const elsewhere = { ...job, backend: 'vertex', id: 'j0' };
  const kept = { home: machine.temp, base: machine.workspace, shared: {}, jobs: [elsewhere, job] };
  const post = await machine.run('train', {}, { 'STATE_retrain-post': 'true', STATE_retrain: JSON.stringify(kept) });
  assert.equal(post.code, 2, post.log.join('\n'));
  assert.match(post.log.join('\n'), /^The job j0 \(vertex\), which the step left behind, could not be told to end, and may go on/m);
  assert.match(post.log.join('\n'), /^The job j1 \(local\), which the step left behind, was told to end: cancelled\.$/m);
});

test('the post step of a step that left nothing says nothing', async () => {
  await using machine = await RunnerJob.begin();
  const main = await machine.run('train');
  assert.equal(main.code, 2);
  assert.deepEqual(main.state, { 'retrain-post': 'true' });
  const post = await machine.post('train', main);
  assert.deepEqual([post.code, post.log], [0, []]);
});
