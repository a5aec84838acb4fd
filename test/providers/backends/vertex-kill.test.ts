import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../../src/kernel/errors.ts';
import type { StageFiles } from '../../../src/kernel/stage.ts';
import { Submitted } from '../../../src/kernel/submitted.ts';
import { fileStore } from '../../../src/providers/stores/file.ts';
import { runJob } from '../../../src/stages/run-job.ts';
import { clientsOf } from '../google/vertex.ts';
import { fixture, freshFolder, jobSpec, never } from './trainer-jobs.ts';
import { mortal, vertex } from './vertex-jobs.ts';
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

test('cancelled while the job that was made is noted in the store: it is cancelled, too', async (t) => {
  const { backend, jobs } = await vertex(t, { containers: false });
  const [stop, store] = [new AbortController(), fileStore()];
  const put: typeof store.put = async (from, uri, options) => {
    if (jobs.jobs.length > 0) stop.abort(new Error('cancelled'));
    return store.put(from, uri, options);
  };
  const submitted = backend({ store: { ...store, put } }).submit('k', jobSpec(freshFolder(t), priors, 'fit', {}), stop.signal);
  await assert.rejects(submitted, /cancelled/);
  assert.deepEqual(
    jobs.jobs.map(({ state }) => state.slice(10, 16)),
    ['CANCEL'],
  );
});

test('a job that was made and may not be noted in the store is cancelled: nobody would come back for it', async (t) => {
  const { backend, jobs } = await vertex(t, { containers: false });
  const store = fileStore();
  const put: typeof store.put = async (from, uri, options) => {
    if (jobs.jobs.length > 0) throw new UserError('store-forbidden', 'storage.objects.delete is missing.');
    return store.put(from, uri, options);
  };
  const submitted = backend({ store: { ...store, put } }).submit('k', jobSpec(freshFolder(t), priors, 'fit', {}), never);
  await assert.rejects(submitted, { code: 'store-forbidden' });
  assert.deepEqual(
    jobs.jobs.map(({ state }) => state.slice(10, 16)),
    ['CANCEL'],
  );
});

test('a forced run whose launch dies and that is begun again has one job; other runs of the same work, forced or not, have their own', async (t) => {
  const { backend, jobs, service } = await vertex(t, { containers: false, hiddenLists: HIDDEN });
  const spec = jobSpec(freshFolder(t), priors, 'fit', {});
  const clients = clientsOf(t, service);
  const log = { info: () => undefined, warn: () => undefined, progress: () => undefined };
  const start = (of: ReturnType<typeof backend>, apart?: string) =>
    runJob(
      { backend: of, files: {} as StageFiles, signal: never, log, detached: true, ...(apart && { apart }) },
      'fit',
      spec,
      () => undefined,
    );
  const submitted = (apart?: string) => assert.rejects(start(backend({ tempo: TEMPO, jobs: freshFolder(t) }), apart), Submitted);
  // The package goes to the store once.
  await submitted('first');
  const whole = mortal({ clients, store: fileStore() }, -1);
  await assert.rejects(start(backend({ ...whole.options, tempo: TEMPO, jobs: freshFolder(t) }), 'run-0'), Submitted);

  for (const name of ['after put', 'before createCustomJob', 'after createCustomJob']) {
    const before = jobs.jobs.length;
    const dying = mortal({ clients, store: fileStore() }, whole.points.lastIndexOf(name));
    const ended = start(backend({ ...dying.options, tempo: TEMPO, jobs: freshFolder(t) }), name).catch(() => undefined);
    assert.equal(await Promise.race([dying.died, ended.then(() => 'nowhere')]), name);
    await submitted(name);
    await submitted(name);
    assert.equal(jobs.jobs.length, before + 1, name);
  }
  const before = jobs.jobs.length;
  await submitted('another');
  await submitted();
  await submitted();
  assert.equal(jobs.jobs.length, before + 2);
});
