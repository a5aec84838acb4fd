import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { type Execution, execute } from '../../../src/kernel/execute.ts';
import { defineStage } from '../../../src/kernel/stage.ts';
import { beginAll } from '../../../src/kernel/submitted.ts';
import { passed } from '../../../src/kernel/verdict.ts';
import { runJob } from '../../../src/stages/run-job.ts';
import { fixture, freshFolder, jobSpec } from './trainer-jobs.ts';
import { vertex } from './vertex-jobs.ts';

const priors = fixture('priors-trainer');

/** A detached stage that begins two jobs, as `train` does with two algorithms; each call of `run` is a process of its own. */
async function twoJobs(t: TestContext) {
  const found = await vertex(t, { containers: false });
  const inputs = freshFolder(t);
  const run = async (signal: AbortSignal = new AbortController().signal) => {
    const [backend, folder] = [found.backend({ jobs: freshFolder(t) }), freshFolder(t)];
    const stage = defineStage({
      name: 'probe',
      summary: 'A stage for tests.',
      inputs: {},
      outputs: {},
      needs: {},
      async run(_inputs, _providers, { signal, log, files, elsewhere }) {
        const place = { backend, files, signal, log, elsewhere, detached: true };
        const begin = (seed: number) => () => runJob(place, `job-${seed}`, jobSpec(inputs, priors, 'fit', { seed }), () => undefined);
        await beginAll([begin(1), begin(2)]);
        return { verdict: passed, found: 'all' };
      },
    });
    const { record } = await execute({
      stage,
      inputs: async () => ({ values: {}, shown: {} }),
      providers: async () => ({}),
      run: { id: 'run-1', model: 'm', logicalDate: '2026-11-21', seed: '0'.repeat(16) },
      folder: join(folder, 'files'),
      folderUri: 'files/probe',
      policy: { retries: 0, delaySeconds: 0, timeoutSeconds: 30 },
      signal,
      log: { info: () => undefined, warn: () => undefined, progress: () => undefined },
      clock: () => new Date('2026-11-21T03:00:00Z'),
    } as Execution);
    return record;
  };
  return { ...found, run, states: () => found.jobs.jobs.map(({ state }) => (/CANCEL/.test(state) ? 'cancelled' : 'alive')) };
}

test('detached: where a job is refused, those begun before it are cancelled, and the record says so', async (t) => {
  const { service, run, states } = await twoJobs(t);
  service.fault('CreateCustomJob', undefined, { code: status.INVALID_ARGUMENT, message: 'Not that machine.' });
  const { outcome, error, warnings } = await run();
  assert.deepEqual([outcome, error?.code, states()], ['errored', 'vertex-refused', ['cancelled']]);
  assert.deepEqual(
    warnings.map(({ code, text }) => [code, text.replace(/\d+/, 'N')]),
    [['job-cancelled', 'The job N was told to end, because the run does not go on with it: cancelled.']],
  );
});

test('detached: where there is no quota for another job yet, the run is submitted; gone on with, it attaches to one and begins the other', async (t) => {
  const { service, run, states } = await twoJobs(t);
  service.fault('CreateCustomJob', undefined, { code: status.RESOURCE_EXHAUSTED, message: 'No L4 is left.' });
  const first = await run();
  assert.match(first.found, /^job \d+ is \w+ at vertex; the rest could not be begun: .*No L4 is left\.$/);
  assert.deepEqual([first.outcome, states()], ['submitted', ['alive']]);
  const second = await run();
  assert.match(second.found, /^job \d+ is \w+ at vertex; job \d+ is \w+ at vertex$/);
  assert.deepEqual([second.outcome, states()], ['submitted', ['alive', 'alive']]);
});

test('detached: cancelled while the second job is being made, neither is left behind', async (t) => {
  const { service, run, states } = await twoJobs(t);
  service.fault('CreateCustomJob', undefined, { delayMs: 200 });
  const stop = new AbortController();
  const running = run(stop.signal);
  for (let i = 0; i < 500 && service.calls.filter(({ method }) => method === 'CreateCustomJob').length < 2; i++) await sleep(10);
  stop.abort();
  assert.equal((await running).outcome, 'cancelled');
  assert.deepEqual(states(), ['cancelled', 'cancelled']);
});
