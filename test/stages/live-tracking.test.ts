import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '../../src/kernel/errors.ts';
import { Submitted } from '../../src/kernel/submitted.ts';
import type { Tracker } from '../../src/providers/trackers/tracker.ts';
import { whileTracked } from '../../src/stages/train/live-tracking.ts';

const TEMPO = { pause: 0.3, begin: 0.3, end: 0.3, start: 60, call: 60 };
const HOUR = { pause: 3_600, begin: 60, end: 60, start: 60, call: 60 };
const facts = { id: 'churn-1', model: 'churn', logicalDate: '2026-11-21T02:00:00Z', seed: '0', reported: true };
const step = (at: number, metrics: Record<string, number> = { loss: 1 / at }) =>
  ({ kind: 'progress', share: 0.1, step: at, metrics }) as const;

/** A tracker that notes what it is told; `before` may hang or throw. */
function noting(name = 'noted', before: (call: string) => Promise<void> | void = () => undefined) {
  const calls: string[] = [];
  const told = async (call: string): Promise<void> => {
    calls.push(call);
    await before(call.split(' ')[0]!);
  };
  const never = () => Promise.reject(new Error('nobody asks for this'));
  const tracker: Tracker = {
    name,
    start: async ({ experiment, name, key }) => {
      await told(`start ${experiment} ${name} ${key}`);
      return 'id';
    },
    params: (_, params) => told(`params ${JSON.stringify(params)}`),
    metrics: (_, points) => told(`metrics ${points.map(({ name, step, value }) => `${name}@${step}=${value}`).join(' ')}`),
    finish: (_, outcome) => told(`finish ${outcome}`),
    jobs: (_, jobs) => told(`jobs ${jobs.map(({ name }) => name).join(' ')}`),
    experimentRun: (experiment, id) => ({ experiment, run: `${experiment}-${id}` }),
    tags: never,
    artifact: never,
  };
  return { tracker, calls };
}

function place(run: typeof facts | Omit<typeof facts, 'reported'> = facts, signal = new AbortController().signal) {
  const warnings: string[] = [];
  const warn = (code: string, text: string) => void warnings.push(`${code}: ${text}`);
  const log = { info: () => undefined, progress: () => undefined, warn };
  return { at: { run, log, now: new Date('2026-11-21T10:00:00Z'), signal }, warnings };
}

const until = async (done: () => boolean): Promise<void> => {
  for (let looks = 0; !done(); looks++) {
    assert.ok(looks < 1_000, 'it does not come');
    await delay(10);
  }
};
const hanging = () => new Promise<void>(() => undefined);

test('trackers know the run and its parameters before the work begins, and what it says comes while it goes on', async () => {
  const { tracker, calls } = noting();
  const { at, warnings } = place();
  const done = await whileTracked(
    [tracker],
    { seed: '0' },
    at,
    async (live) => {
      assert.deepEqual(calls, ['start churn churn_2026-11-21 churn-1', 'params {"seed":"0"}']);
      assert.deepEqual([live.experimentRun('noted'), live.experimentRun('other')], [{ experiment: 'churn', run: 'churn-id' }, undefined]);
      live.progress(undefined, step(1));
      await until(() => calls.length === 3);
      live.progress('forest', step(2));
      live.params({ depth: 3 });
      await until(() => calls.length === 5);
      return 'done';
    },
    TEMPO,
  );
  assert.deepEqual([done, warnings], ['done', []]);
  assert.deepEqual(calls.slice(2), ['metrics loss@1=1', 'params {"depth":3}', 'metrics forest.loss@2=0.5'], 'the report ends the run');
});

test('many steps are few calls: the first at once, the others together, the last told twice as it was last', async () => {
  const { tracker, calls } = noting();
  await whileTracked(
    [tracker],
    {},
    place().at,
    async (live) => {
      live.progress(undefined, step(1));
      await until(() => calls.length === 3);
      for (let at = 2; at <= 500; at++) live.progress(undefined, step(at));
      live.progress(undefined, step(500, { loss: 7 }));
      await delay(30);
      assert.equal(calls.length, 3, 'not before the pause is over');
    },
    HOUR,
  );
  assert.equal(calls.length, 4);
  assert.equal(calls[3]!.split(' ').length, 500);
  assert.match(calls[3]!, / loss@500=7$/);
});

test('of more steps than may wait for a slow tracker every other one is let go, with all it measured, never the last; and it is let go of at the end', async () => {
  const { promise: slow, resolve } = Promise.withResolvers<void>();
  const { tracker, calls } = noting('slow', (call) => (call === 'start' ? slow : undefined));
  let closed = 0;
  await whileTracked(
    [{ ...tracker, close: async () => void closed++ }],
    {},
    place().at,
    async (live) => {
      for (let at = 1; at <= 5_001; at++) live.progress(undefined, step(at, { loss: 1, rate: 2 }));
      resolve();
    },
    { ...HOUR, begin: 0.01 },
  );
  const told = calls[2]!.split(' ').slice(1);
  assert.equal(told.length, 5_002);
  assert.deepEqual([...told.slice(0, 3), ...told.slice(-2)], ['loss@1=1', 'rate@1=2', 'loss@3=1', 'loss@5001=1', 'rate@5001=2']);
  assert.equal(closed, 1);
});

test('one step that measures more than may wait keeps what came last', async () => {
  const { promise: slow, resolve } = Promise.withResolvers<void>();
  const { tracker, calls } = noting('slow', (call) => (call === 'start' ? slow : undefined));
  await whileTracked(
    [tracker],
    {},
    place().at,
    async (live) => {
      for (let at = 0; at < 40; at++)
        live.progress(undefined, step(1, Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`m${500 * at + i}`, 1]))));
      resolve();
    },
    { ...HOUR, begin: 0.01 },
  );
  const told = calls[2]!.split(' ').slice(1);
  assert.ok(told.length <= 10_000, String(told.length));
  assert.equal(told.at(-1), 'm19999@1=1');
});

test('a trainer that counts no steps is counted for', async () => {
  const { tracker, calls } = noting();
  await whileTracked(
    [tracker],
    {},
    place().at,
    async (live) => {
      for (const loss of [3, 2]) live.progress(undefined, { kind: 'progress', share: 0.1, metrics: { loss } });
    },
    HOUR,
  );
  assert.match(calls[2]!, /^metrics loss@1=3(?: loss@2=2)?$/);
  assert.match(calls.at(-1)!, /loss@2=2$/);
});

test('a tracker that forbids is one warning and is asked no more; the others and the work know nothing of it', async () => {
  const forbids = noting('forbids', (call) => {
    if (call === 'start') throw new UserError('vertex-forbidden', 'PERMISSION_DENIED');
  });
  const later = noting('later', (call) => {
    if (call === 'metrics') throw new TypeError('a fault of the tracker');
  });
  const well = noting('well');
  const { at, warnings } = place();
  const trackers = [forbids.tracker, later.tracker, well.tracker];
  const work = async (live: Parameters<Parameters<typeof whileTracked>[3]>[0]) => {
    assert.equal(live.experimentRun('forbids'), undefined);
    live.progress(undefined, step(1));
    await until(() => later.calls.length === 3 && well.calls.length === 3);
    live.progress(undefined, step(2));
    return 42;
  };
  assert.equal(await whileTracked(trackers, {}, at, work, TEMPO), 42);
  assert.deepEqual(warnings, ['tracker-failed: forbids: PERMISSION_DENIED', 'tracker-failed: later: a fault of the tracker']);
  assert.deepEqual([forbids.calls.length, later.calls.length, well.calls.at(-1)], [1, 3, 'metrics loss@2=0.5']);
});

test('a tracker that hangs is waited for a little at the beginning and at the end, and is one warning', async () => {
  for (const where of ['start', 'metrics']) {
    const { tracker, calls } = noting('slow', (call) => (call === where ? hanging() : undefined));
    const { at, warnings } = place();
    const done = await whileTracked(
      [tracker],
      {},
      at,
      async (live) => {
        live.progress(undefined, step(1));
        return 'done';
      },
      TEMPO,
    );
    assert.deepEqual([done, warnings], ['done', ['tracker-failed: slow: it has not taken everything in after 0.3 s']]);
    assert.equal(calls.at(-1)!.split(' ')[0], where);
  }
});

test('an answer that takes too long is one warning, while the work goes on', async () => {
  const { tracker, calls } = noting('slow', (call) => (call === 'params' ? hanging() : undefined));
  const { at, warnings } = place();
  await whileTracked([tracker], {}, at, () => until(() => warnings.length > 0), { ...HOUR, begin: 0.01, call: 0.05 });
  assert.deepEqual([warnings, calls.length], [['tracker-failed: slow: The attempt took longer than its 0.05 s.'], 2]);
});

test('a cancel is obeyed at once: nothing is told any more, and nothing is warned of', async () => {
  const { tracker, calls } = noting('slow', (call) => (call === 'metrics' ? hanging() : undefined));
  const cancel = new AbortController();
  const { at, warnings } = place(facts, cancel.signal);
  const work = whileTracked(
    [tracker],
    {},
    at,
    async (live) => {
      live.progress(undefined, step(1));
      await until(() => calls.length === 3);
      cancel.abort(new Error('cancelled'));
      throw cancel.signal.reason;
    },
    HOUR,
  );
  await assert.rejects(work, /cancelled/);
  assert.deepEqual([calls.length, warnings], [3, []]);
});

test('alone, with no report to come, the stage itself says how the run ended, and says it last', async () => {
  const { reported: _, ...alone } = facts;
  const ended = async (work: () => Promise<void>, signal?: AbortSignal) => {
    const { tracker, calls } = noting();
    await whileTracked(
      [tracker],
      {},
      place(alone, signal).at,
      async (live) => {
        live.progress(undefined, step(1));
        await work();
      },
      HOUR,
    ).catch(() => undefined);
    return calls.slice(2);
  };
  assert.deepEqual(await ended(async () => undefined), ['metrics loss@1=1', 'finish finished']);
  assert.deepEqual(await ended(() => Promise.reject(new Error('broken'))), ['metrics loss@1=1', 'finish failed']);
  assert.deepEqual(await ended(() => Promise.reject(new Submitted('job 1'))), ['metrics loss@1=1'], 'its job goes on');
  const cancel = new AbortController();
  const killed = await ended(async () => {
    cancel.abort(new Error('cancelled'));
    throw cancel.signal.reason;
  }, cancel.signal);
  assert.equal(killed.at(-1), 'finish killed');
});

test('jobs are told to the tracker of their own service, and to no other', async () => {
  const [own, other] = [noting('vertex'), noting('file')];
  await whileTracked(
    [own.tracker, other.tracker],
    {},
    place().at,
    async (live) => {
      live.job({ backend: 'vertex', id: '7', key: 'k', details: { name: 'customJobs/7', link: 'https://console/7' } });
      live.job({ backend: 'local', id: '8', key: 'k', details: { folder: '/x' } });
    },
    HOUR,
  );
  assert.deepEqual([own.calls.slice(2), other.calls.slice(2)], [['jobs customJobs/7'], []]);
});
