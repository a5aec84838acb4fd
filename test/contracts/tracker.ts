import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Tracker } from '../../src/providers/trackers/tracker.ts';
import { scratchFolder, patience as signal } from './scratch.ts';

/** What a tracker's service holds of a run, as a test looks it up behind the tracker's back. */
export interface SeenRun {
  readonly outcome: 'running' | 'finished' | 'failed' | 'killed';
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly metrics: readonly { readonly name: string; readonly value: number; readonly step?: number }[];
  readonly artifacts: Readonly<Record<string, string>>;
}

export type MakeTracker = (
  test: TestContext,
) => Promise<{ readonly tracker: Tracker; again(): Tracker; see(id: string): Promise<SeenRun> }>;

/** What every tracker promises; see {@link Tracker}. */
export function trackerContract(name: string, make: MakeTracker): void {
  const proves = (promise: string, body: (given: Awaited<ReturnType<MakeTracker>>, context: TestContext) => Promise<void>) =>
    test(`tracker ${name}: ${promise}`, async (context) => body(await make(context), context));
  const run = { experiment: 'churn', name: '2026-11-21', key: 'k1' };
  const at = '2026-11-21T10:00:00Z';

  proves('a run holds what was logged', async ({ tracker, see }, context) => {
    const id = await tracker.start(run, signal);
    await tracker.params(id, { algorithm: 'xgboost', depth: 6, balanced: true }, signal);
    await tracker.metrics(
      id,
      [
        { name: 'auc_roc', value: 0.84, at },
        { name: 'loss', value: 0.7, step: 0, at },
        { name: 'loss', value: 0.5, step: 1, at },
      ],
      signal,
    );
    await tracker.tags(id, { version: '3' }, signal);
    const file = join(await scratchFolder(context), 'report.md');
    await writeFile(file, '# Report');
    await tracker.artifact(id, 'report/report.md', file, signal);
    await tracker.finish(id, 'finished', signal);
    const seen = await see(id);
    assert.equal(seen.outcome, 'finished');
    assert.deepEqual(seen.params, { algorithm: 'xgboost', depth: '6', balanced: 'true' });
    assert.equal(seen.tags.version, '3');
    assert.deepEqual(seen.metrics, [
      { name: 'auc_roc', value: 0.84 },
      { name: 'loss', value: 0.7, step: 0 },
      { name: 'loss', value: 0.5, step: 1 },
    ]);
    assert.deepEqual(seen.artifacts, { 'report/report.md': '# Report' });
  });

  proves('the same key goes on with the same run, another key starts another', async ({ tracker, again, see }) => {
    const id = await tracker.start(run, signal);
    await tracker.params(id, { depth: 6 }, signal);
    await tracker.finish(id, 'failed', signal);
    assert.equal(await again().start({ ...run, name: 'another name' }, signal), id);
    assert.equal((await see(id)).outcome, 'running');
    assert.deepEqual((await see(id)).params, { depth: '6' });
    assert.notEqual(await tracker.start({ ...run, key: 'k2' }, signal), id);
    assert.notEqual(await tracker.start({ ...run, experiment: 'credit' }, signal), id);
  });

  proves('points that come in pieces are one series; a step that is told again, also by another process, is there once', async (given) => {
    const { tracker, again, see } = given;
    const id = await tracker.start(run, signal);
    const loss = (...points: readonly (readonly [step: number, value: number])[]) =>
      points.map(([step, value]) => ({ name: 'loss', value, step, at }));
    await tracker.metrics(id, loss([1, 0.9], [2, 0.8]), signal);
    await tracker.metrics(id, [...loss([3, 0.7]), { name: 'accuracy', value: 0.5, step: 3, at }], signal);
    const next = again();
    assert.equal(await next.start(run, signal), id);
    await next.metrics(id, loss([1, 0.9], [2, 0.85], [3, 0.7], [4, 0.6]), signal);
    await next.metrics(id, loss([4, 0.6]), signal);
    assert.deepEqual(
      (await see(id)).metrics.filter(({ name }) => name === 'loss').map(({ step, value }) => [step, value]),
      [
        [1, 0.9],
        [2, 0.85],
        [3, 0.7],
        [4, 0.6],
      ],
    );
  });

  proves('a figure of the whole run stands beside the series of its name, and is replaced by a later one', async ({ tracker, see }) => {
    const id = await tracker.start(run, signal);
    await tracker.metrics(id, [{ name: 'f1', value: 0.3, step: 7, at }], signal);
    for (const value of [0.8, 0.9]) await tracker.metrics(id, [{ name: 'f1', value, at }], signal);
    await tracker.metrics(id, [{ name: 'f1', value: 0.4, step: 8, at }], signal);
    const seen = (await see(id)).metrics;
    assert.deepEqual(
      seen.filter(({ step }) => step === undefined).map(({ value }) => value),
      [0.9],
    );
    assert.deepEqual(
      seen.flatMap(({ step, value }) => (step === undefined ? [] : [[step, value]])),
      [
        [7, 0.3],
        [8, 0.4],
      ],
    );
  });

  proves('two who start the same run at once get one', async ({ again }) => {
    const ids = await Promise.all([1, 2, 3, 4].map(() => again().start(run, signal)));
    assert.equal(new Set(ids).size, 1);
  });

  proves('names that are no paths are no trouble', async ({ tracker, see }) => {
    const id = await tracker.start({ experiment: '../../etc', name: 'a/b\\c:d\n', key: '../x' }, signal);
    await tracker.tags(id, { odd: 'tag\nof "two" lines' }, signal);
    assert.equal((await see(id)).tags.odd, 'tag\nof "two" lines');
  });

  proves('an unknown run is an error', async ({ tracker }) => {
    await assert.rejects(tracker.tags('churn/none', { a: 'b' }, signal), { code: 'no-such-run', fault: 'user' });
    await assert.rejects(tracker.metrics('churn/none', [{ name: 'a', value: 1, step: 0, at }], signal), { code: 'no-such-run' });
  });

  proves('an aborted call stops', async ({ tracker }) => {
    await assert.rejects(tracker.start(run, AbortSignal.abort()), { name: 'AbortError' });
  });
}
