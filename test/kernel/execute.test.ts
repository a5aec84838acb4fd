import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { UserError, WorldError } from '../../src/kernel/errors.ts';
import { type Execution, execute } from '../../src/kernel/execute.ts';
import { recordSchema } from '../../src/kernel/record.ts';
import { defineStage, type StageResult } from '../../src/kernel/stage.ts';
import { Submitted } from '../../src/kernel/submitted.ts';
import { failed, passed } from '../../src/kernel/verdict.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'retrain-execute-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const silent = { info: () => undefined, warn: () => undefined, progress: () => undefined };

type Body = (
  attempt: number,
  signal: AbortSignal,
  write: (name: string, text: string) => Promise<{ readonly file: string }>,
) => Promise<StageResult>;

function execution(body: Body, more: Partial<Execution> = {}): Execution {
  let attempt = 0;
  const stage = defineStage({
    name: 'probe',
    summary: 'A stage for tests.',
    inputs: { limit: z.number() },
    outputs: { file: 'A file.', share: 'A number.' },
    needs: {},
    run: (_inputs, _providers, { signal, files }) => body(++attempt, signal, (name, text) => files.write(name, text)),
  });
  return {
    stage,
    inputs: async () => ({ values: { limit: 3 }, shown: {} }),
    providers: async () => ({}),
    run: { id: 'run-1', model: 'm', logicalDate: '2026-11-21', seed: '0'.repeat(16) },
    folder: join(folder, 'files'),
    folderUri: 'files/probe',
    policy: { retries: 2, delaySeconds: 0, timeoutSeconds: 5 },
    signal: new AbortController().signal,
    log: silent,
    clock: () => new Date('2026-11-21T03:00:00Z'),
    ...more,
  } as Execution;
}

test('a completed stage leaves a valid record with digests of its files', async () => {
  const { record, error } = await execute(
    execution(async (_attempt, _signal, write) => ({
      verdict: passed,
      found: 'three',
      outputs: { file: await write('a/b.txt', 'hello'), share: 0.5 },
    })),
  );
  assert.equal(error, undefined);
  assert.deepEqual(recordSchema.parse(record), record);
  assert.equal(record.outcome, 'completed');
  assert.deepEqual(record.outputs, {
    file: { uri: 'files/probe/a/b.txt', sha256: createHash('sha256').update('hello').digest('hex'), bytes: 5 },
    share: 0.5,
  });
  assert.deepEqual(record.inputs, { limit: 3 });
  assert.equal(await readFile(join(folder, 'files', 'a', 'b.txt'), 'utf8'), 'hello');
});

test('a verdict of no is a completed stage, not an error', async () => {
  const { record } = await execute(execution(async () => ({ verdict: failed('gate-missed', 'Too low.'), found: '' })));
  assert.equal(record.outcome, 'completed');
  assert.deepEqual(record.verdict, { kind: 'failed', reason: { code: 'gate-missed', text: 'Too low.' } });
});

test('a fault of the world is tried again, and the record says so', async () => {
  const { record } = await execute(
    execution(async (attempt) => {
      if (attempt < 3) throw new WorldError('down', 'The service is down.');
      return { verdict: passed, found: '' };
    }),
  );
  assert.equal(record.outcome, 'completed');
  assert.equal(record.attempt, 3);
  assert.deepEqual(
    record.warnings.map(({ code }) => code),
    ['retried', 'retried'],
  );
});

test('what the user must fix is not tried again', async () => {
  let calls = 0;
  const { record } = await execute(
    execution(async () => {
      calls++;
      throw new UserError('missing-file', 'a.csv does not exist.', { todo: 'Correct the path.' });
    }),
  );
  assert.equal(calls, 1);
  assert.equal(record.outcome, 'errored');
  assert.deepEqual(record.error, { code: 'missing-file', message: 'a.csv does not exist.', todo: 'Correct the path.', fault: 'user' });
});

test('an error nobody claimed is ours', async () => {
  const { record } = await execute(execution(async () => JSON.parse('{')));
  assert.equal(record.error?.fault, 'ours');
});

test('an attempt that takes too long is a fault of the world, even when it ignores its signal', async () => {
  const { record } = await execute(
    execution(() => new Promise<StageResult>(() => undefined), {
      policy: { retries: 0, delaySeconds: 0, timeoutSeconds: 0.05, graceSeconds: 0.05 },
    }),
  );
  assert.equal(record.error?.code, 'timed-out');
  assert.equal(record.error?.fault, 'world');
});

test('a cancelled stage leaves a record that says cancelled, and is not tried again', async () => {
  const stop = new AbortController();
  let calls = 0;
  const running = execute(
    execution(
      async (_attempt, signal) => {
        calls++;
        await delay(60_000, undefined, { signal });
        return { verdict: passed, found: '' };
      },
      { signal: stop.signal },
    ),
  );
  setTimeout(() => stop.abort(), 20);
  const { record } = await running;
  assert.equal(record.outcome, 'cancelled');
  assert.equal(calls, 1);
  assert.deepEqual(recordSchema.parse(record), record);
});

test('a secret in an error message does not reach the record', async () => {
  const { record } = await execute(
    execution(
      async () => {
        throw new UserError('bad', 'The token s3cr3t-token was refused.');
      },
      { redact: (text) => text.replaceAll('s3cr3t-token', '***') },
    ),
  );
  assert.equal(record.error?.message, 'The token *** was refused.');
});

test('a secret in a warning of a stage that goes on elsewhere does not reach the record', async () => {
  const stage = defineStage({
    name: 'probe',
    summary: 'A stage for tests.',
    inputs: {},
    outputs: {},
    needs: {},
    async run(_inputs, _providers, { log }) {
      log.warn('tracker-failed', 'The token s3cr3t-token was refused.');
      throw new Submitted('job s3cr3t-token runs');
    },
  });
  const given = execution(() => Promise.reject(), { redact: (text) => text.replaceAll('s3cr3t-token', '***') });
  const { record } = await execute({ ...given, stage } as Execution);
  assert.deepEqual([record.outcome, record.found], ['submitted', 'job *** runs']);
  assert.deepEqual(record.warnings, [{ code: 'tracker-failed', text: 'The token *** was refused.' }]);
});

/** Two pieces of work elsewhere, one of which has ended, and then this. Gives how the stage ended and what was told to end. */
async function leaving(then: (stop: AbortController) => Promise<StageResult>, retries = 0) {
  const ended: string[] = [];
  const stop = new AbortController();
  const given = execution(() => Promise.reject(), { signal: stop.signal, policy: { retries, delaySeconds: 60, timeoutSeconds: 5 } });
  const stage = defineStage({
    ...given.stage,
    async run(_inputs, _providers, { elsewhere }) {
      for (const name of ['a', 'b']) elsewhere?.(name, async () => void ended.push(name));
      elsewhere?.('b');
      return then(stop);
    },
  });
  const { record } = await execute({ ...given, stage } as Execution);
  return [record.outcome, ended];
}

test('what a stage has left elsewhere is told to end when the stage fails for good, is cancelled, or ends without it', async () => {
  for (const reason of [new UserError('bad', 'No.'), new RangeError('ours')])
    assert.deepEqual(await leaving(() => Promise.reject(reason)), ['errored', ['a']]);
  assert.deepEqual(await leaving(async () => ({ verdict: passed, found: '' })), ['completed', ['a']]);
  const cancelled = (reason: Error) => async (stop: AbortController) => {
    stop.abort();
    throw reason;
  };
  assert.deepEqual(await leaving(cancelled(new WorldError('down', 'No answer.'))), ['cancelled', ['a']]);
  assert.deepEqual(await leaving(cancelled(new Submitted('a runs'))), ['cancelled', ['a']]);
});

test('a cancel between two attempts ends what the first has left elsewhere', async () => {
  const down = (stop: AbortController): Promise<StageResult> => {
    setTimeout(() => stop.abort(), 20);
    return Promise.reject(new WorldError('down', 'No answer.'));
  };
  assert.deepEqual(await leaving(down, 1), ['cancelled', ['a']]);
});

test('what the run goes on with is left alone: it was submitted, or the world broke it off and a re-run attaches', async () => {
  assert.deepEqual(await leaving(() => Promise.reject(new Submitted('a runs'))), ['submitted', []]);
  assert.deepEqual(await leaving(() => Promise.reject(new WorldError('down', 'No answer.'))), ['errored', []]);
});

test('a stage that could not begin all its work for now is tried again, and is submitted in the end', async () => {
  let attempts = 0;
  const body = async (): Promise<StageResult> => {
    attempts++;
    throw new Submitted('a runs', new WorldError('down', 'No answer.'));
  };
  const { record } = await execute(execution(body));
  assert.deepEqual([attempts, record.outcome, record.found], [3, 'submitted', 'a runs']);
});

test('a file that leaves the stage folder is refused', async () => {
  const { record } = await execute(
    execution(async (_attempt, _signal, write) => ({ verdict: passed, found: '', outputs: { file: await write('../../x', 'no') } })),
  );
  assert.equal(record.outcome, 'errored');
  assert.match(record.error?.message ?? '', /leaves the stage's folder/);
});
