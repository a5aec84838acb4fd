import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Backend, JobSpec } from '../../src/providers/backends/backend.ts';
import { type JobPlace, runJob } from '../../src/stages/run-job.ts';

test('run job: a job that cannot be told to end when its run is cancelled is told of, and the cancel is what is thrown', async () => {
  const stop = new AbortController();
  const cancelled = new Error('cancelled');
  const backend: Partial<Backend> = {
    name: 'elsewhere',
    environment: async () => ({ digest: 'e', lock: '' }),
    find: async () => ({ backend: 'elsewhere', id: 'j1', key: 'k', details: {} }),
    // biome-ignore lint/correctness/useYield: it is cancelled before it has anything to tell.
    async *watch() {
      stop.abort(cancelled);
      throw cancelled;
    },
    cancel: async () => {
      throw new Error('no answer came');
    },
  };
  const warned: string[] = [];
  const log = { info() {}, progress() {}, warn: (code: string, text: string) => void warned.push(`${code}: ${text}`) };
  const place = { backend, log, signal: stop.signal } as unknown as JobPlace;
  const spec = { verb: 'fit', job: {}, inputs: {} } as unknown as JobSpec;
  await assert.rejects(
    runJob(place, 'fit', spec, () => undefined),
    cancelled,
  );
  assert.deepEqual(warned, ['not-cancelled: The job j1 could not be told to end, and may go on: no answer came']);
});
