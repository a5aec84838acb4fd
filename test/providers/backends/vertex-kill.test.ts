import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fixture, freshFolder, jobSpec, never } from './trainer-jobs.ts';
import { vertex } from './vertex-jobs.ts';
import { HIDDEN, launchDiesAnywhere, TEMPO } from './vertex-launch-table.ts';

const priors = fixture('priors-trainer');

test('a launch that dies at any of its awaits, then begun again on another machine: exactly one job is there, and it is attached to', (t) =>
  launchDiesAnywhere(t, 'on another machine'));

test('two that launch the same work at once make one job', async (t) => {
  const { backend, jobs } = await vertex(t, { containers: false, hiddenLists: HIDDEN });
  const spec = jobSpec(freshFolder(t), priors, 'fit', {});
  const both = await Promise.all(
    ['churn-1', 'churn-2'].map((run) => backend({ run, tempo: TEMPO, jobs: freshFolder(t) }).submit('k', spec, never)),
  );
  assert.equal(both[0]!.id, both[1]!.id);
  assert.equal(jobs.jobs.length, 1);
});

test('cancelled while the call is under way: the job that came of it is cancelled', async (t) => {
  const { backend, jobs, service } = await vertex(t, { containers: false });
  service.fault('CreateCustomJob', { delayMs: 200 });
  const stop = new AbortController();
  const submitted = backend().submit('k', jobSpec(freshFolder(t), priors, 'fit', {}), stop.signal);
  for (let i = 0; i < 200 && !service.calls.some(({ method }) => method === 'CreateCustomJob'); i++) await sleep(10);
  stop.abort(new Error('cancelled'));
  await assert.rejects(submitted, /cancelled/);
  assert.deepEqual(
    jobs.jobs.map(({ state }) => state.slice(10, 16)),
    ['CANCEL'],
  );
});
