import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noteJobs } from '../../src/hosts/action/kept-jobs.ts';
import type { Runner } from '../../src/hosts/action/runner.ts';
import type { Backend, Job, JobEvent } from '../../src/providers/backends/backend.ts';
import { RunnerJob } from '../stand-ins/runner.ts';

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

test('the post step of a step that left nothing says nothing', async () => {
  await using machine = await RunnerJob.begin();
  const main = await machine.run('train');
  assert.equal(main.code, 2);
  assert.deepEqual(main.state, { 'retrain-post': 'true' });
  const post = await machine.post('train', main);
  assert.deepEqual([post.code, post.log], [0, []]);
});
