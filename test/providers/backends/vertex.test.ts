import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import { WorldError } from '../../../src/kernel/errors.ts';
import { localBackend } from '../../../src/providers/backends/local.ts';
import { fileStore } from '../../../src/providers/stores/file.ts';
import { clientsOf } from '../google/vertex.ts';
import { CACHE, eventsOf, fixture, freshFolder, jobSpec, logOf, never, outcomeOf, ROOT, tabular } from './trainer-jobs.ts';
import { vertex } from './vertex-jobs.ts';

const priors = fixture('priors-trainer');
const bad = fixture('bad-trainer');

describe('a job of Vertex AI', () => {
  test('fits and predicts: inputs go through the store, results come back checked, log and progress are told', async (t) => {
    const { backend, jobs, store, service } = await vertex(t);
    const [vertexes, folder] = [backend(), freshFolder(t)];
    const fit = await outcomeOf(vertexes, jobSpec(folder, priors, 'fit', {}), { key: 'a'.repeat(64), to: join(folder, 'fitted') });
    assert.equal(fit.last.state, 'succeeded', fit.last.error);
    assert.equal(fit.fit?.rows, 120);
    assert.ok(fit.events.some((event) => event.kind === 'progress' && event.share === 1 && event.metrics.rows === 120));
    assert.ok(logOf(fit.events).some((line) => /^attempt 1, \d+ cores, Python 3\./.test(line)));
    const predict = await outcomeOf(vertexes, jobSpec(folder, priors, 'predict', {}), { to: join(folder, 'predicted') });
    assert.equal(predict.last.state, 'succeeded', predict.last.error);
    assert.equal(readFileSync(join(folder, 'predicted/predictions.csv'), 'utf8').trimEnd().split('\n').length, 21);

    const [{ body }] = jobs.jobs as [(typeof jobs.jobs)[0]];
    assert.deepEqual(body.labels, { 'retrain-key': 'a'.repeat(63), 'retrain-run': 'churn-1', 'retrain-model': 'churn' });
    assert.equal(body.displayName, 'churn-1 fit-priors-aaaaaaaaaaaa');
    assert.match(body.jobSpec!.baseOutputDirectory!.outputUriPrefix, new RegExp(`^${store}/churn-1/fit-priors-aaaaaaaaaaaa/[0-9a-f]{8}$`));
    assert.equal(body.jobSpec!.scheduling!.timeout!.seconds, String(120 + 900));
    assert.ok(service.calls.every(({ method }) => /^(?:Create|Get|List)CustomJob/.test(method)));
  });

  test('a job stands in the run of Experiments it is told, and is started without one where the service refuses that', async (t) => {
    const { backend, jobs, lines } = await vertex(t, { containers: false });
    const contexts = 'projects/ours-1/locations/europe-west4/metadataStores/default/contexts';
    const [vertexes, folder] = [backend(), freshFolder(t)];
    assert.equal(vertexes.machine, 'n1-standard-4');
    const spec = jobSpec(folder, priors, 'fit', {});
    await vertexes.submit(
      'a'.repeat(64),
      { ...spec, experimentRun: { experiment: `${contexts}/churn`, run: `${contexts}/churn-1` } },
      never,
    );
    await vertexes.submit('b'.repeat(64), { ...spec, experimentRun: { experiment: 'churn', run: 'churn-1' } }, never);
    assert.deepEqual(
      jobs.jobs.map(({ body }) => [body.jobSpec?.experiment, body.jobSpec?.experimentRun]),
      [
        [`${contexts}/churn`, `${contexts}/churn-1`],
        ['', ''],
      ],
    );
    assert.match(lines.join(), /"churn" is no full name of a context\. Asking again without the run in Experiments\./);
  });

  test('same job, same package: it is put into the store once, under its digest', async (t) => {
    const { backend, store } = await vertex(t);
    const folder = freshFolder(t);
    await outcomeOf(backend(), jobSpec(folder, priors, 'fit', {}));
    await outcomeOf(backend(), jobSpec(folder, priors, 'fit', { seed: 43 }));
    const packages = readdirSync(join(fileURLToPath(store), 'packages'));
    assert.equal(packages.length, 1);
    assert.match(packages[0]!, /^retrain_trainers-1\.0\.0-[0-9a-f]{16}\.tar\.gz$/);
  });

  test('a package that somebody else wrote in its place starts no job, and no program in one', async (t) => {
    const { backend, store, jobs } = await vertex(t);
    await outcomeOf(backend(), jobSpec(freshFolder(t), priors, 'fit', {}));
    const folder = join(fileURLToPath(store), 'packages');
    const path = join(folder, readdirSync(folder)[0]!);
    writeFileSync(path, gzipSync('somebody else’s'));
    await assert.rejects(
      async () => outcomeOf(backend(), jobSpec(freshFolder(t), priors, 'fit', { seed: 43 })),
      (error: Error & { code?: string }) => error.code === 'digest-mismatch',
    );
    assert.equal(jobs.jobs.length, 1);
    const [, , program] = jobs.jobs[0]!.body.jobSpec!.workerPoolSpecs[0]!.containerSpec!.command;
    const started = spawnSync('python3', ['-c', program!], { encoding: 'utf8' });
    assert.equal(started.status, 1);
    assert.match(started.stderr, /\.tar\.gz is not the package this job was made with\n$/);
  });

  test('a trainer of Retrain travels as a Python package for one of Google’s images', async (t) => {
    // The real trainer in its real environment, which stands for the image with what it installs.
    const local = localBackend({ root: ROOT, cache: CACHE, jobs: freshFolder(t), env: process.env });
    const small = { algorithm: 'logistic_regression', search: { method: 'none', folds: 0 } };
    const folder = freshFolder(t);
    const here = await outcomeOf(local, jobSpec(folder, tabular, 'fit', small), { to: join(folder, 'fitted') });
    assert.equal(here.last.state, 'succeeded', here.last.error);
    const environments = readdirSync(join(CACHE, 'environments')).map((name) => join(CACHE, 'environments', name, 'bin', 'python'));
    const python = environments.find((path) => existsSync(path) && spawnSync(path, ['-c', 'import sklearn, skops']).status === 0);
    const { backend, jobs } = await vertex(t, { python });
    const there = await outcomeOf(backend({ image: undefined }), jobSpec(folder, tabular, 'fit', small), { to: join(folder, 'there') });
    assert.equal(there.last.state, 'succeeded', there.last.error);
    const [spec] = jobs.jobs[0]!.body.jobSpec!.workerPoolSpecs;
    assert.equal(spec!.pythonPackageSpec!.executorImageUri, 'europe-docker.pkg.dev/vertex-ai/training/pytorch-cpu.2-4.py310:latest');
    assert.equal(spec!.pythonPackageSpec!.pythonModule, 'retrain_trainers.remote');
    const model = (from: string) => readFileSync(join(folder, from, 'model/model.skops'));
    assert.ok(model('fitted').equals(model('there')), 'same job, same bytes');
  });

  test('what it refuses is the user’s, with its own words, its last lines and a link; it is not started again', async (t) => {
    const { backend, jobs } = await vertex(t);
    const { last } = await outcomeOf(backend(), jobSpec(freshFolder(t), priors, 'fit', { task: 'ranking' }));
    assert.deepEqual([last.state, last.exitCode, last.cause?.code, last.cause?.fault], ['failed', 2, 'trainer-refused', 'user']);
    assert.match(last.error ?? '', /ranking is not classification/);
    assert.match(
      last.error ?? '',
      /https:\/\/console\.cloud\.google\.com\/vertex-ai\/locations\/europe-west4\/training\/4000000000\?project=ours-1$/,
    );
    assert.equal(jobs.jobs[0]!.starts, 3, 'the service starts it again');
    const attempts = readdirSync(join(fileURLToPath(jobs.jobs[0]!.body.jobSpec!.baseOutputDirectory!.outputUriPrefix), 'live'));
    assert.ok(
      attempts.every((name) => name.startsWith('001-')),
      'but the trainer ran once',
    );
  });

  test('killed in its container: the world’s fault, after it was started again', async (t) => {
    const { backend } = await vertex(t, { restarts: 1 });
    const { last } = await outcomeOf(
      backend(),
      jobSpec(freshFolder(t), bad, 'fit', { algorithm: 'bad', parameters: { how: 'kill-itself' } }),
    );
    assert.deepEqual([last.state, last.cause?.code, last.cause?.fault], ['failed', 'trainer-killed', 'world']);
    assert.match(last.error ?? '', /Vertex AI had started it 2 times\./);
  });

  test('a container that ends before the trainer begins is the user’s: its packages do not fit, say', async (t) => {
    const { backend } = await vertex(t, { restarts: 0, python: 'false' });
    const { last } = await outcomeOf(backend({ image: undefined }), jobSpec(freshFolder(t), tabular, 'fit', {}));
    assert.deepEqual([last.state, last.cause?.code, last.cause?.fault], ['failed', 'vertex-job-failed', 'user']);
    assert.match(last.error ?? '', /exited with a non-zero status of 1/);
  });

  test('past its time: stopped by its own clock, timed out', async (t) => {
    const { backend } = await vertex(t);
    const { last } = await outcomeOf(backend(), jobSpec(freshFolder(t), bad, 'fit', { algorithm: 'bad', parameters: { how: 'hang' } }, 1));
    assert.deepEqual([last.state, last.cause?.code, last.cause?.fault], ['failed', 'timed-out', 'world']);
  });

  test('results that break the contract are refused although the job succeeded', async (t) => {
    const { backend } = await vertex(t);
    const folder = freshFolder(t);
    const spec = jobSpec(folder, bad, 'predict', { algorithm: 'bad', parameters: { how: 'row-too-many' } });
    await assert.rejects(outcomeOf(backend(), spec, { to: join(folder, 'out') }), { code: 'predictions-incomplete', fault: 'user' });
  });

  test('cancelled: the service is told at once, and the watcher sees the end', async (t) => {
    const { backend, jobs } = await vertex(t);
    const vertexes = backend();
    const job = await vertexes.submit('k', jobSpec(freshFolder(t), bad, 'fit', { algorithm: 'bad', parameters: { how: 'hang' } }), never);
    for (let i = 0; i < 200 && jobs.jobs[0]!.state !== 'JOB_STATE_RUNNING'; i++) await sleep(20);
    const started = performance.now();
    assert.equal(await vertexes.cancel(job), 'cancelled');
    assert.ok(performance.now() - started < 5_000);
    const { last } = await eventsOf(vertexes, job);
    assert.deepEqual([last.state, last.cause?.fault], ['cancelled', 'cancelled']);
    assert.equal(await vertexes.find('k', never), undefined);
  });

  test('cancelled, and what became of it cannot be seen: it was told all the same, and that is what is said', async (t) => {
    const { backend, jobs, service } = await vertex(t, { containers: false });
    const job = await backend().submit('k', jobSpec(freshFolder(t), bad, 'fit', { algorithm: 'bad', parameters: { how: 'hang' } }), never);
    service.fault('GetCustomJob', { code: status.PERMISSION_DENIED });
    assert.equal(await backend().cancel(job), 'cancelled');
    assert.match(jobs.jobs[0]!.state, /CANCEL/);
  });

  test('cancelled when it has just ended: that is how it ended, and no error', async (t) => {
    const { backend, jobs } = await vertex(t, { containers: false });
    const ends = [
      [{ end: 'JOB_STATE_SUCCEEDED' }, 'succeeded'],
      [{ end: 'JOB_STATE_FAILED' }, 'failed'],
      [{ end: 'JOB_STATE_CANCELLED' }, 'cancelled'],
      [{ gone: true }, 'cancelled'],
    ] as const;
    for (const [how, state] of ends) {
      const vertexes = backend({ jobs: freshFolder(t) });
      const job = await vertexes.submit(JSON.stringify(how), jobSpec(freshFolder(t), priors, 'fit', {}), never);
      jobs.beforeCancel(job.details.name!, how);
      assert.equal(await vertexes.cancel(job), state);
    }
  });

  test('a machine taken away: the container goes on from the checkpoint of the trainer', async (t) => {
    const { backend, jobs } = await vertex(t);
    const folder = freshFolder(t);
    const submitted = await backend().submit(
      'k',
      jobSpec(folder, bad, 'fit', { algorithm: 'bad', parameters: { how: 'checkpoint' } }),
      never,
    );
    const kept = join(fileURLToPath(submitted.details.base!), 'checkpoints/latest.json');
    for (let i = 0; i < 400 && !existsSync(kept); i++) await sleep(25);
    jobs.evict(submitted.details.name!);
    const { last, events } = await eventsOf(backend(), submitted);
    assert.equal(last.state, 'succeeded', last.error);
    assert.ok(logOf(events).includes('goes on from the checkpoint of an earlier attempt'));
    assert.ok(logOf(events).includes('from step 1'), logOf(events).join('\n'));
  });
});

describe('what stands between us and Vertex AI', () => {
  test('a package that could not be made is made again by the next attempt', async (t) => {
    const { backend } = await vertex(t);
    const root = freshFolder(t);
    const vertexes = backend({ root });
    await assert.rejects(async () => vertexes.environment(tabular, { managed: true }, never));
    symlinkSync(join(ROOT, 'trainers'), join(root, 'trainers'));
    assert.match((await vertexes.environment(tabular, { managed: true }, never)).digest, /^[0-9a-f]{64}$/);
  });

  test('looks are tried again when the service is away; the job is made once', async (t) => {
    const { backend, jobs, service } = await vertex(t);
    service.fault('ListCustomJobs', { code: status.UNAVAILABLE });
    service.fault('GetCustomJob', { code: status.UNAVAILABLE }, { code: status.DEADLINE_EXCEEDED }, undefined, { code: status.INTERNAL });
    const { last } = await outcomeOf(backend(), jobSpec(freshFolder(t), priors, 'fit', {}));
    assert.equal(last.state, 'succeeded', last.error);
    assert.equal(jobs.jobs.length, 1);
  });

  test('the answer of create is lost, and the list does not show the job yet: it is waited for, not made again', async (t) => {
    const { backend, jobs, service } = await vertex(t, { hiddenMs: 200 });
    service.fault('CreateCustomJob', { code: status.UNAVAILABLE, done: true });
    const { last } = await outcomeOf(backend(), jobSpec(freshFolder(t), priors, 'fit', {}));
    assert.equal(last.state, 'succeeded', last.error);
    assert.equal(jobs.jobs.length, 1);
  });

  test('nobody waits longer for the answer of create: the job that comes of it all the same is found, not made again', async (t) => {
    const { backend, jobs, service } = await vertex(t, { containers: false });
    const clients = clientsOf(t, service);
    let asked = 0;
    const write: typeof clients.write = (doing, call, signal) =>
      clients.write(doing, call, asked++ === 0 ? AbortSignal.timeout(50) : signal);
    service.fault('CreateCustomJob', { delayMs: 150 });
    const tempo = { pollMs: 30, pollMsMax: 60, visibleMs: 1_000, liveSeconds: 1 };
    const job = await backend({ clients: { ...clients, write }, tempo }).submit('k', jobSpec(freshFolder(t), priors, 'fit', {}), never);
    assert.deepEqual(
      jobs.jobs.map(({ name }) => name),
      [job.details.name],
    );
  });

  test('whatever the clock of a machine says, a job that may have been made is waited for as long as the list may hide it', async (t) => {
    const hour = 3_600_000;
    const { backend, jobs, service } = await vertex(t, { hiddenMs: 200, containers: false });
    const spec = jobSpec(freshFolder(t), priors, 'fit', {});
    const submit = (key: string, skew: number) =>
      backend({ jobs: freshFolder(t), now: () => new Date(Date.now() + skew) }).submit(key, spec, AbortSignal.timeout(20_000));
    for (const skew of [-hour, hour]) {
      const before = jobs.jobs.length;
      service.fault('CreateCustomJob', { code: status.UNAVAILABLE, done: true });
      await submit(`hidden-${skew}`, skew);
      assert.equal(jobs.jobs.length, before + 1);
      service.fault('CreateCustomJob', { code: status.UNAVAILABLE });
      await submit(`never-made-${skew}`, skew);
      assert.equal(jobs.jobs.length, before + 2);
    }
  });

  test('a job that waits for its machine says since when, by the time of the service', async (t) => {
    const { backend, jobs } = await vertex(t, { queuedMs: 60_000, containers: false });
    const vertexes = backend({ tempo: { pollMs: 20, pollMsMax: 20, visibleMs: 50, liveSeconds: 1, waitingMs: 100 } });
    const job = await vertexes.submit('k', jobSpec(freshFolder(t), priors, 'fit', {}), never);
    for await (const event of vertexes.watch(job, AbortSignal.timeout(20_000))) {
      if (event.kind !== 'log' || !event.line.startsWith('waits')) continue;
      const since = new Date(jobs.jobs[0]!.created).toISOString().slice(0, 16);
      assert.match(event.line, new RegExp(`^waits for n1-standard-4 in europe-west4 since ${since}Z: the quota`));
      break;
    }
  });

  test('a step that is cancelled while its job is being made says so when that job cannot be told to end', async (t) => {
    const { backend, jobs, service, lines } = await vertex(t);
    const [stop, clients] = [new AbortController(), clientsOf(t, service)];
    const write: typeof clients.write = (doing, call, signal) => {
      stop.abort(new Error('the step is cancelled'));
      return clients.write(doing, call, signal);
    };
    service.fault('CancelCustomJob', { code: status.PERMISSION_DENIED });
    const submitted = backend({ clients: { ...clients, write } }).submit('k', jobSpec(freshFolder(t), priors, 'fit', {}), stop.signal);
    await assert.rejects(submitted, { message: 'the step is cancelled' });
    assert.match(lines.at(-1)!, new RegExp(`^The job ${jobs.jobs[0]!.name} could not be told to end, and may go on: .*PERMISSION_DENIED`));
  });

  test('no quota, no permission and an impossible machine each say what to do', async (t) => {
    const { backend, jobs, service } = await vertex(t, { exhausted: ['NVIDIA_L4'] });
    const machine = (type: string, count: number) => ({
      type,
      accelerator: 'NVIDIA_L4',
      count,
      strategy: 'standard' as const,
      restarts: true,
    });
    // Where no job was made, nobody waits for one.
    const tempo = { pollMs: 30, pollMsMax: 60, visibleMs: 60_000, liveSeconds: 0.05 };
    const submit = (type: string, count: number) =>
      backend({ machine: machine(type, count), tempo }).submit(
        'k',
        jobSpec(freshFolder(t), priors, 'fit', {}),
        AbortSignal.timeout(10_000),
      );
    await assert.rejects(submit('g2-standard-8', 1), {
      code: 'vertex-quota',
      fault: 'world',
      todo: /ours-1 for g2-standard-8 with 1 × NVIDIA_L4 in europe-west4/,
    });
    await assert.rejects(submit('g2-standard-8', 2), { code: 'vertex-refused', fault: 'user', todo: /g2-standard-8 has 1 × NVIDIA_L4/ });
    service.fault('CreateCustomJob', { code: status.PERMISSION_DENIED });
    await assert.rejects(submit('g2-standard-8', 1), {
      code: 'vertex-forbidden',
      fault: 'user',
      todo: /aiplatform\.customJobs\.create in ours-1/,
    });
    // Neither does a store that has stopped answering hide it.
    const files = fileStore();
    let launches = 0;
    const store: typeof files = {
      ...files,
      async put(from, uri, how) {
        if (uri.includes('/launches/') && ++launches === 2) throw new WorldError('store-down', 'no answer came');
        return files.put(from, uri, how);
      },
    };
    const broken = backend({ machine: machine('g2-standard-8', 1), store });
    await assert.rejects(broken.submit('k2', jobSpec(freshFolder(t), priors, 'fit', {}), never), { code: 'vertex-quota' });
    assert.equal(jobs.jobs.length, 0);
  });
});

describe('a job found by its key', () => {
  test('another process attaches to the one that runs, and takes over the one that has succeeded', async (t) => {
    const { backend, jobs } = await vertex(t);
    const folder = freshFolder(t);
    const spec = jobSpec(folder, priors, 'fit', {});
    const first = await backend().submit('k', spec, never);
    const other = backend({ jobs: freshFolder(t), run: 'churn-2' });
    const found = await other.find('k', never);
    assert.equal(found?.id, first.id);
    assert.equal((await eventsOf(other, found!)).last.state, 'succeeded');
    const third = backend({ jobs: freshFolder(t), run: 'churn-3' });
    const again = await third.submit('k', spec, never);
    assert.equal(again.id, first.id);
    assert.equal((await third.collect(again, spec, join(folder, 'out'), never))?.rows, 120);
    assert.equal(jobs.jobs.length, 1);
  });

  test('whoever writes into the bucket names no job of the project that is taken over, or ended as a double', async (t) => {
    const { backend, jobs, store } = await vertex(t, { containers: false });
    const spec = jobSpec(freshFolder(t), priors, 'fit', {});
    const other = await backend().submit('b'.repeat(64), spec, never);
    const own = await backend().submit('a'.repeat(64), spec, never);
    const launch = join(fileURLToPath(store), 'launches', `${'a'.repeat(64)}.json`);
    const written = JSON.parse(readFileSync(launch, 'utf8')) as Record<string, unknown>;
    assert.equal(written.job, own.details.name);
    writeFileSync(launch, JSON.stringify({ ...written, job: other.details.name }));
    assert.equal((await backend().find('a'.repeat(64), never))?.id, own.id);
    assert.equal(jobs.alive().length, 2);
  });

  test('what somebody else has written in the bucket is told, and waited for by nobody', async (t) => {
    const { backend, jobs, store } = await vertex(t);
    const [vertexes, folder, bucket] = [backend(), freshFolder(t), fileURLToPath(store)];
    const spec = jobSpec(folder, priors, 'fit', {});
    mkdirSync(join(bucket, 'launches'));
    for (const text of ['[', '{"key":"k"}']) {
      writeFileSync(join(bucket, 'launches', 'k.json'), text);
      await assert.rejects(vertexes.submit('k', spec, never), { code: 'damaged-launch', message: /launches\/k\.json/ });
    }
    assert.equal(jobs.jobs.length, 0);
    rmSync(join(bucket, 'launches', 'k.json'));

    const job = await vertexes.submit('k', spec, never);
    assert.equal((await eventsOf(vertexes, job)).last.state, 'succeeded');
    const result = globSync('**/result.json', { cwd: bucket }).map((path) => join(bucket, path))[0]!;
    const named = (path: string) => JSON.stringify({ files: [{ path, sha256: '0'.repeat(64) }] });
    for (const [text, code] of [
      ['[', 'job-lost'],
      [named('../../launches/k.json'), 'result-not-a-file'],
      [named('/etc/passwd'), 'result-not-a-file'],
      [named('model/../../../k'), 'result-not-a-file'],
      [named('a\\..\\b'), 'result-not-a-file'],
    ] as const) {
      writeFileSync(result, text);
      await assert.rejects(vertexes.collect(job, spec, join(folder, 'to'), never), { code }, text);
    }
  });

  test('a failed one is no reason not to try again', async (t) => {
    const { backend, jobs } = await vertex(t, { restarts: 0 });
    const spec = jobSpec(freshFolder(t), bad, 'fit', { algorithm: 'bad', parameters: { how: 'exit-1' } });
    await outcomeOf(backend(), spec, { key: 'k' });
    assert.equal(await backend().find('k', never), undefined);
    await outcomeOf(backend(), spec, { key: 'k' });
    assert.equal(jobs.jobs.length, 2);
  });

  test('two jobs of one key, and the younger ends by itself, or is gone, when it is told to: the older is gone on with', async (t) => {
    const { backend, jobs, store, service } = await vertex(t, { containers: false });
    const spec = jobSpec(freshFolder(t), priors, 'fit', {});
    const older = await backend().submit('k', spec, never);
    for (const how of [{ end: 'JOB_STATE_FAILED' }, { end: 'JOB_STATE_CANCELLED' }, { gone: true }]) {
      rmSync(join(fileURLToPath(store), 'launches'), { recursive: true });
      jobs.hide(older.details.name!, 4);
      const younger = await backend({ jobs: freshFolder(t) }).submit('k', spec, never);
      assert.notEqual(younger.id, older.id);
      jobs.hide(older.details.name!, 0);
      jobs.beforeCancel(younger.details.name!, how);
      assert.equal((await backend({ jobs: freshFolder(t) }).find('k', never))?.id, older.id);
    }
    // While it runs, what cannot be cancelled is two jobs at once, and is told.
    rmSync(join(fileURLToPath(store), 'launches'), { recursive: true });
    jobs.hide(older.details.name!, 4);
    await backend({ jobs: freshFolder(t) }).submit('k', spec, never);
    jobs.hide(older.details.name!, 0);
    service.fault('CancelCustomJob', { code: status.FAILED_PRECONDITION });
    await assert.rejects(backend({ jobs: freshFolder(t) }).find('k', never), { code: 'vertex-refused' });
  });

  test('two jobs of one key: the younger is cancelled, and its watcher goes on with the older', async (t) => {
    const { backend, jobs, store } = await vertex(t, { hiddenLists: 1 });
    const spec = jobSpec(freshFolder(t), bad, 'fit', { algorithm: 'bad', parameters: { how: 'slow' } });
    const older = await backend().submit('k', spec, never);
    // As if nobody had noted the first, and the list had hidden it for longer than anybody waits.
    rmSync(join(fileURLToPath(store), 'launches'), { recursive: true });
    // Its first look comes when the time in which it looks for others is over.
    const second = backend({ jobs: freshFolder(t), tempo: { pollMs: 30, pollMsMax: 60, visibleMs: 0, liveSeconds: 0.05 } });
    const younger = await second.submit('k', spec, never);
    assert.notEqual(younger.id, older.id);
    const { last, events } = await eventsOf(second, younger);
    assert.equal(last.state, 'succeeded', last.error);
    assert.ok(logOf(events).some((line) => line.startsWith('an older job does the same')));
    // Cancelling takes a while.
    await jobs.jobs[1]!.ended;
    assert.deepEqual(
      jobs.jobs.map(({ state }) => state).map((state) => state.slice(10)),
      ['SUCCEEDED', 'CANCELLED'],
    );
  });
});
