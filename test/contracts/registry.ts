import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Registry, VersionDraft } from '../../src/providers/registries/registry.ts';
import { scratchFolder, patience as signal } from './scratch.ts';

/** Each call gives an empty registry; calling `again` opens the same one as another process would. */
export type MakeRegistry = (test: TestContext) => Promise<{ readonly registry: Registry; again(): Registry }>;

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A draft of two small files whose content follows from `seed`. */
export async function draftOf(test: TestContext, seed: string, metadata: Readonly<Record<string, unknown>> = {}): Promise<VersionDraft> {
  const folder = await scratchFolder(test);
  await mkdir(join(folder, 'model'));
  await writeFile(join(folder, 'model', 'weights.bin'), `weights ${seed}`);
  await writeFile(join(folder, 'profile.json'), `{"seed":"${seed}"}`);
  return {
    files: { model: join(folder, 'model'), 'profile.json': join(folder, 'profile.json') },
    metadata: { auc: 0.8, ...metadata },
    created: '2026-11-21T10:00:00Z',
  };
}

/** What every registry promises; see {@link Registry}. */
export function registryContract(name: string, make: MakeRegistry): void {
  const proves = (promise: string, body: (registry: Registry, context: TestContext, again: () => Registry) => Promise<void>) =>
    test(`registry ${name}: ${promise}`, async (context) => {
      const { registry, again } = await make(context);
      await body(registry, context, again);
    });

  proves('a model nobody has registered has no aliases, versions, state or history', async (registry) => {
    assert.deepEqual(await registry.aliases('churn', signal), { generation: 0, versions: {} });
    assert.deepEqual(await registry.versions('churn', signal), []);
    assert.equal(await registry.find('churn', 'champion', signal), undefined);
    assert.deepEqual(await registry.state('churn', signal), { outcomes: {}, variables: {} });
    assert.deepEqual(await registry.history('churn', signal), []);
    assert.deepEqual(await registry.models(signal), []);
  });

  proves('a version comes back as it was given, with a digest of every file', async (registry, context, again) => {
    const added = await registry.add('churn', await draftOf(context, 'a', { algorithm: 'xgboost' }), signal);
    assert.equal(added.version, 1);
    assert.deepEqual(added.files, [
      { path: 'model/weights.bin', sha256: sha256('weights a'), bytes: 9 },
      { path: 'profile.json', sha256: sha256('{"seed":"a"}'), bytes: 12 },
    ]);
    assert.equal(added.digest, sha256(`model/weights.bin\0${sha256('weights a')}\nprofile.json\0${sha256('{"seed":"a"}')}\n`));
    assert.deepEqual(added.metadata, { auc: 0.8, algorithm: 'xgboost' });
    assert.deepEqual(await again().version('churn', 1, signal), added);
    assert.deepEqual(await again().models(signal), ['churn']);
  });

  proves('the same draft twice is one version, another draft the next', async (registry, context) => {
    const draft = await draftOf(context, 'a');
    assert.equal((await registry.add('churn', draft, signal)).version, 1);
    assert.equal((await registry.add('churn', draft, signal)).version, 1);
    assert.equal((await registry.add('churn', await draftOf(context, 'b'), signal)).version, 2);
    assert.deepEqual(
      (await registry.versions('churn', signal)).map(({ version }) => version),
      [1, 2],
    );
  });

  proves('drafts added at once get numbers of their own', async (registry, context, again) => {
    const drafts = await Promise.all(['a', 'b', 'c', 'd'].map((seed) => draftOf(context, seed)));
    const added = await Promise.all(drafts.map((draft) => again().add('churn', draft, signal)));
    assert.deepEqual(added.map(({ version }) => version).sort(), [1, 2, 3, 4]);
    assert.equal((await registry.versions('churn', signal)).length, 4);
  });

  proves('an alias moves only from the generation its mover has seen', async (registry, context, again) => {
    for (const seed of ['a', 'b']) await registry.add('churn', await draftOf(context, seed), signal);
    assert.deepEqual(await registry.move('churn', { champion: 1 }, 0, signal), { generation: 1, versions: { champion: 1 } });
    assert.equal((await again().find('churn', 'champion', signal))?.version, 1);
    assert.deepEqual(await registry.move('churn', { champion: 2, previous: 1 }, 1, signal), {
      generation: 2,
      versions: { champion: 2, previous: 1 },
    });
    await assert.rejects(again().move('churn', { champion: 1 }, 1, signal), { code: 'alias-moved', fault: 'world' });
    assert.deepEqual(await registry.move('churn', { previous: undefined }, 2, signal), { generation: 3, versions: { champion: 2 } });
  });

  proves('of two who promote at once one wins and the other is told', async (registry, context, again) => {
    for (const seed of ['a', 'b']) await registry.add('churn', await draftOf(context, seed), signal);
    const outcomes = await Promise.allSettled([1, 2].map((version) => again().move('churn', { champion: version }, 0, signal)));
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    const lost = outcomes.find((outcome) => outcome.status === 'rejected');
    assert.equal(lost?.reason.code, 'alias-moved');
    assert.equal((await registry.aliases('churn', signal)).generation, 1);
  });

  proves('an alias cannot name a version that is not there, nor carry a name that is none', async (registry) => {
    await assert.rejects(registry.move('churn', { champion: 7 }, 0, signal), { code: 'no-such-version', fault: 'user' });
    await assert.rejects(registry.move('churn', { generation: 1 }, 0, signal), { code: 'bad-alias' });
    assert.equal((await registry.aliases('churn', signal)).generation, 0);
  });

  proves('tags can be set and are the only thing of a version that changes', async (registry, context) => {
    const before = await registry.add('churn', { ...(await draftOf(context, 'a')), tags: { owner: 'growth' } }, signal);
    assert.deepEqual(before.tags, { owner: 'growth' });
    await registry.tag('churn', 1, { reviewed: 'yes' }, signal);
    assert.deepEqual(await registry.version('churn', 1, signal), { ...before, tags: { owner: 'growth', reviewed: 'yes' } });
    await assert.rejects(registry.tag('churn', 2, { reviewed: 'yes' }, signal), { code: 'no-such-version' });
  });

  proves('fetch brings the files, all or those under a prefix', async (registry, context) => {
    const version = await registry.add('churn', await draftOf(context, 'a'), signal);
    const all = await scratchFolder(context);
    await registry.fetch(version, join(all, 'deep'), { signal });
    assert.equal(await readFile(join(all, 'deep', 'model', 'weights.bin'), 'utf8'), 'weights a');
    assert.deepEqual((await readdir(join(all, 'deep'))).sort(), ['model', 'profile.json']);
    const some = await scratchFolder(context);
    await registry.fetch(version, some, { prefix: 'model', signal });
    assert.deepEqual(await readdir(some), ['model']);
  });

  proves('a version that an alias names stays; another goes and its number is never given again', async (registry, context, again) => {
    for (const seed of ['a', 'b', 'c']) await registry.add('churn', await draftOf(context, seed), signal);
    await registry.move('churn', { champion: 2 }, 0, signal);
    await assert.rejects(registry.remove('churn', 2, signal), { code: 'aliased', fault: 'user' });
    await registry.remove('churn', 3, signal);
    await assert.rejects(again().version('churn', 3, signal), { code: 'no-such-version' });
    await assert.rejects(again().remove('churn', 3, signal), { code: 'no-such-version' });
    assert.equal((await registry.add('churn', await draftOf(context, 'd'), signal)).version, 4);
  });

  proves('state changes build on one another, also at once', async (registry, _, again) => {
    const outcome = { run: 'r', at: '2026-11-21T10:00:00Z', outcome: 'passed' as const };
    await Promise.all(
      ['k1', 'k2', 'k3', 'k4', 'k5'].map((key) =>
        again().updateState('churn', (state) => ({ ...state, outcomes: { ...state.outcomes, [key]: outcome } }), signal),
      ),
    );
    assert.deepEqual(Object.keys((await registry.state('churn', signal)).outcomes).sort(), ['k1', 'k2', 'k3', 'k4', 'k5']);
  });

  proves('history keeps its order, and a repeated call tells nothing twice', async (registry, _, again) => {
    const event = (text: string) => ({ at: '2026-11-21T10:00:00Z', event: 'promoted' as const, version: 1, text, metrics: { auc: 0.8 } });
    await registry.append('churn', event('first\nline'), signal);
    await again().append('churn', event('second'), signal);
    await again().append('churn', event('second'), signal);
    assert.deepEqual(await registry.history('churn', signal), [event('first\nline'), event('second')]);
  });

  proves('names that are paths, devices or too long are refused', async (registry) => {
    for (const name of [
      '',
      '.',
      '..',
      '../x',
      'a/b',
      'a\\b',
      '/etc',
      'CON',
      'nul.txt',
      'x'.repeat(101),
      '-x',
      'x.',
      'x\0',
      '.hidden',
      'ü',
    ]) {
      await assert.rejects(registry.state(name, signal), { code: 'bad-model-name', fault: 'user' }, JSON.stringify(name));
      await assert.rejects(registry.append(name, { at: 't', event: 'reset', text: '' }, signal), { code: 'bad-model-name' });
    }
  });

  proves('paths that leave the version, clash, or belong to the registry are refused', async (registry, context) => {
    const draft = await draftOf(context, 'a');
    const file = draft.files['profile.json'] as string;
    for (const path of ['../x', '/x', 'a//b', 'a/../b', 'a\\b', 'C:x', 'metadata.json', 'tags.json', 'a\nb']) {
      await assert.rejects(registry.add('churn', { ...draft, files: { [path]: file } }, signal), { code: 'bad-path' }, path);
    }
    await assert.rejects(registry.add('churn', { ...draft, files: { 'a.txt': file, 'A.txt': file } }, signal), { code: 'bad-path' });
    await assert.rejects(registry.add('churn', { ...draft, files: {} }, signal), { code: 'empty-version' });
    await assert.rejects(registry.add('churn', { ...draft, files: { x: `${file}.gone` } }, signal), { code: 'missing-file' });
    const planted = await scratchFolder(context);
    await symlink('/etc/hostname', join(planted, 'secret'));
    await assert.rejects(registry.add('churn', { ...draft, files: { x: planted } }, signal), { code: 'link-refused', fault: 'user' });
    assert.deepEqual(await registry.versions('churn', signal), []);
  });

  proves('an aborted call changes nothing', async (registry, context) => {
    const gone = AbortSignal.abort();
    await assert.rejects(registry.add('churn', await draftOf(context, 'a'), gone), { name: 'AbortError' });
    await assert.rejects(
      registry.updateState('churn', (state) => ({ ...state, variables: { x: 1 } }), gone),
      { name: 'AbortError' },
    );
    assert.deepEqual(await registry.versions('churn', signal), []);
    assert.deepEqual((await registry.state('churn', signal)).variables, {});
  });

  proves('a probe says yes and leaves nothing', async (registry) => {
    await registry.probe(signal);
    assert.deepEqual(await registry.models(signal), []);
  });
}
