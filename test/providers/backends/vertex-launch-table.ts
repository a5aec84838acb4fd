import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { StageFiles } from '../../../src/kernel/stage.ts';
import { beginAll, Submitted } from '../../../src/kernel/submitted.ts';
import type { Backend } from '../../../src/providers/backends/backend.ts';
import { fileStore } from '../../../src/providers/stores/file.ts';
import { runJob } from '../../../src/stages/run-job.ts';
import { clientsOf } from '../google/vertex.ts';
import { fixture, freshFolder, jobSpec, never } from './trainer-jobs.ts';
import { mortal, vertex } from './vertex-jobs.ts';

const priors = fixture('priors-trainer');
/** How many lists do not show a new job. */
export const HIDDEN = 3;
export const TEMPO = { pollMs: 20, pollMsMax: 40, visibleMs: 1_500, liveSeconds: 0.05 };

/** A launch that dies at any of its awaits, then begun again `where`: exactly one job is there, and it is attached to. */
export async function launchDiesAnywhere(t: TestContext, where: 'on the same machine' | 'on another machine'): Promise<void> {
  const found = await vertex(t, { containers: false, hiddenLists: HIDDEN });
  const clients = clientsOf(t, found.service);
  const spec = jobSpec(freshFolder(t), priors, 'fit', {});
  // The package goes to the store once.
  await found.backend().submit('first', spec, never);
  const whole = mortal({ clients, store: fileStore() }, -1);
  await found.backend(whole.options).submit('whole', spec, never);
  assert.ok(whole.points.length >= 18, whole.points.join(', '));
  const seen: string[] = [];
  for (let at = 0; at < whole.points.length; at++) {
    const [key, folder] = [`key-${at}`, freshFolder(t)];
    const dying = mortal({ clients, store: fileStore() }, at);
    const submitted = found.backend({ ...dying.options, tempo: TEMPO, jobs: join(folder, 'jobs') }).submit(key, spec, never);
    const died = await Promise.race([dying.died, submitted.then(() => 'nowhere')]);
    assert.notEqual(died, 'nowhere', `point ${at} of ${whole.points.join(', ')}`);

    const again = found.backend({ tempo: TEMPO, jobs: where === 'on the same machine' ? join(folder, 'jobs') : freshFolder(t) });
    const job = (await again.find(key, never)) ?? (await again.submit(key, spec, never));
    for (let look = 0; look <= HIDDEN; look++) assert.equal((await again.find(key, never))?.id, job.id);
    const of = found.jobs.jobs.filter(({ body }) => body.labels['retrain-key'] === key);
    assert.deepEqual(
      of.map(({ name }) => name),
      [job.details.name],
      `point ${at}, ${died}`,
    );
    seen.push(died);
  }
  for (const point of ['before createCustomJob', 'after createCustomJob', 'before listCustomJobs', 'before put', 'after put']) {
    assert.ok(seen.includes(point), point);
  }
}

const log = { info: () => undefined, warn: () => undefined, progress: () => undefined };

/** The jobs of two algorithms, begun as a detached stage begins them. `apart`: id of a forced run. */
const beginTwo = (backend: Backend, inputs: string, seed: number, apart?: string): Promise<unknown> =>
  beginAll(
    [seed, seed + 0.5].map(
      (own) => () =>
        runJob(
          { backend, files: {} as StageFiles, signal: never, log, detached: true, ...(apart && { apart }) },
          'fit',
          jobSpec(inputs, priors, 'fit', { seed: own }),
          () => undefined,
        ),
    ),
  );

/** A detached run of two algorithms that dies at any of its awaits, then begun again on another machine: exactly one job is there for each. */
export async function detachedDiesAnywhere(t: TestContext, force: boolean): Promise<void> {
  const found = await vertex(t, { containers: false, hiddenLists: HIDDEN });
  const clients = clientsOf(t, found.service);
  const inputs = freshFolder(t);
  const apart = (at: number) => (force ? `run-${at}` : undefined);
  const begins = (at: number) =>
    assert.rejects(beginTwo(found.backend({ tempo: TEMPO, jobs: freshFolder(t) }), inputs, at, apart(at)), Submitted);
  // The package goes to the store once.
  await begins(-1);
  const whole = mortal({ clients, store: fileStore() }, -1);
  await assert.rejects(beginTwo(found.backend({ ...whole.options, tempo: TEMPO, jobs: freshFolder(t) }), inputs, -2, apart(-2)), Submitted);
  const creates = whole.points.filter((name) => name === 'after createCustomJob');
  assert.deepEqual([creates.length, whole.points.length >= 36], [2, true], whole.points.join(', '));
  for (let at = 0; at < whole.points.length; at++) {
    const before = found.jobs.jobs.length;
    const dying = mortal({ clients, store: fileStore() }, at);
    const begun = beginTwo(found.backend({ ...dying.options, tempo: TEMPO, jobs: freshFolder(t) }), inputs, at, apart(at)).catch(
      () => 'nowhere',
    );
    const died = await Promise.race([dying.died, begun]);
    assert.equal(died, whole.points[at], `point ${at}`);
    await begins(at);
    await begins(at);
    const keys = found.jobs.jobs.slice(before).map(({ body, state }) => `${body.labels['retrain-key']} ${state === 'JOB_STATE_CANCELLED'}`);
    assert.deepEqual([keys.length, new Set(keys).size], [2, 2], `point ${at}, ${died}`);
  }
  t.diagnostic(`${whole.points.length} awaits`);
}
