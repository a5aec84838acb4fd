import assert from 'node:assert/strict';
import { test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { explainCreation } from '../../../src/providers/backends/vertex-creation.ts';
import { failedState } from '../../../src/providers/backends/vertex-end.ts';
import { type CustomJob, hasEnded } from '../../../src/providers/backends/vertex-job.ts';

const NAME = 'projects/ours-1/locations/europe-west4/customJobs/7';
const job = (state: string, error?: { code: number; message: string }): CustomJob =>
  ({ name: NAME, displayName: 'churn-1 fit', state: `JOB_STATE_${state}`, ...(error && { error }) }) as CustomJob;
const ended = (state: string, error?: { code: number; message: string }) =>
  failedState(job(state, error), { lastLines: ['step 1', 'step 2'], seconds: 7_200 });

test('vertex: how a job ended without a word of the trainer: whose fault it is, its last lines, a link', () => {
  const expired = ended('EXPIRED');
  assert.deepEqual([expired.state, expired.cause?.code, expired.cause?.fault], ['failed', 'timed-out', 'world']);
  assert.match(expired.error ?? '', /^The job churn-1 fit was ended by Vertex AI: it was not done 7200 s after its start\.\n/);

  const cancelled = ended('CANCELLED', { code: 1, message: 'by somebody' });
  assert.deepEqual([cancelled.state, cancelled.cause?.fault], ['cancelled', 'cancelled']);

  const ours = ended('FAILED', { code: 3, message: 'The replica workerpool0-0 exited with a non-zero status of 1.' });
  assert.deepEqual([ours.cause?.code, ours.cause?.fault], ['vertex-job-failed', 'user']);
  assert.match(ours.error ?? '', /non-zero status of 1\.\nThe last lines of its log:\nstep 1\nstep 2\n/);
  assert.deepEqual([ended('FAILED', { code: 13, message: 'Internal error.' }).cause?.fault], ['world']);

  for (const { error } of [expired, cancelled, ours])
    assert.match(error ?? '', /\nhttps:\/\/console\.cloud\.google\.com\/vertex-ai\/locations\/europe-west4\/training\/7\?project=ours-1$/);
});

test('vertex: a job has ended when it has succeeded, wholly or partly, failed, was cancelled or has expired; a paused one has not', () => {
  const of = (...states: string[]) => states.map((state) => hasEnded(job(state)));
  assert.deepEqual(of('SUCCEEDED', 'FAILED', 'CANCELLED', 'EXPIRED', 'PARTIALLY_SUCCEEDED'), [true, true, true, true, true]);
  assert.deepEqual(of('QUEUED', 'PENDING', 'RUNNING', 'CANCELLING', 'PAUSED', 'UPDATING'), [false, false, false, false, false, false]);
});

test('vertex: a job that was not made is told with what to grant, ask for or correct', () => {
  const place = { project: 'ours-1', region: 'europe-west4' };
  const todo = (code: number, type = 'g2-standard-8') => {
    const refused = Object.assign(new Error('refused'), { code });
    const machine = { type, accelerator: 'NVIDIA_L4', count: 2, strategy: 'standard', restarts: true } as const;
    return (explainCreation(refused, machine, place) as { todo?: string }).todo ?? '';
  };
  assert.match(todo(status.PERMISSION_DENIED), /aiplatform\.customJobs\.create in ours-1 .*iam\.serviceAccounts\.actAs/);
  assert.match(todo(status.RESOURCE_EXHAUSTED), /g2-standard-8 with 2 × NVIDIA_L4 in europe-west4, or that of 60 jobs a minute/);
  assert.match(todo(status.INVALID_ARGUMENT), /^g2-standard-8 has 1 × NVIDIA_L4/);
  assert.match(todo(status.INVALID_ARGUMENT, 'n1-standard-4'), /docs\/vertex\.md has a table/);
  assert.equal(todo(status.UNAVAILABLE), '');
});
