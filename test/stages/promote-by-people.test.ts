import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { writeWhole } from '../../src/kernel/durable-file.ts';
import type { StageRecord } from '../../src/kernel/record.ts';
import { completeInputs } from '../../src/pipeline/resolve.ts';
import { fileRegistry } from '../../src/providers/registries/file.ts';
import type { Registry } from '../../src/providers/registries/registry.ts';
import { gate } from '../../src/stages/gate/stage.ts';
import { promote } from '../../src/stages/promote/stage.ts';
import { draftOf } from '../contracts/registry.ts';
import { scratchFolder, patience as signal } from '../contracts/scratch.ts';
import { emptyGitRegistry } from '../providers/registries/git-registry.ts';
import { record } from '../report/fixtures.ts';

const better = (champion: number): StageRecord =>
  record('evaluate', {
    metrics: [{ name: 'auc_roc', value: 0.84, n: 500, split: 'test' }],
    comparison: {
      champion,
      split: 'test',
      n: 500,
      leftOut: 0,
      verdict: 'better',
      primary: { metric: 'auc_roc', candidate: 0.84, champion: 0.81, difference: 0.03, margin: 0, verdict: 'better' },
      guards: [],
    },
  });

/** Runs the stage as a run would, for one version. */
async function promoting(context: TestContext, registry: Registry, version: number, run: string, more: Record<string, unknown> = {}) {
  const path = join(await scratchFolder(context), 'evaluate.json');
  const { comparison, ...first } = better((await registry.aliases('churn', signal)).versions.champion ?? 0);
  await writeWhole(path, JSON.stringify(comparison?.champion ? { ...first, comparison } : first));
  const given = {
    name: 'churn',
    by: 'pull-request',
    when: 'significant',
    gates: {},
    guards: {},
    margin: 0,
    'on-refusal': 'continue',
    ...more,
  };
  const complete = completeInputs(promote, given, { version, evaluation: path, key: `key-${version}`, rows: 500 });
  assert.equal(complete.kind, 'complete');
  const at = { signal, now: new Date('2026-11-21T10:00:00Z'), run: { id: run, model: 'churn', logicalDate: '2026-11-21', seed: '' } };
  const inputs = (complete as unknown as { inputs: Parameters<typeof promote.run>[0] }).inputs;
  return promote.run(inputs, { registry }, at as never);
}

test('promote by pull request: nothing moves, people are asked; merging promotes, and the history says so', async (context) => {
  const { again, github, registry } = await emptyGitRegistry(context);
  for (const seed of ['a', 'b']) await registry.add('churn', await draftOf(context, seed), signal);
  await registry.move('churn', { champion: 1 }, 0, signal);

  const found = await promoting(context, registry, 2, 'run-2');
  const [pull] = github.pulls;
  const url = `https://github.com/acme/models/pull/${pull?.number}`;
  assert.deepEqual(found.outputs, { promoted: false, version: 2, champion: 1, proposal: url });
  assert.equal(found.verdict.kind === 'skipped' && found.verdict.reason.code, 'proposed');
  assert.match(found.found, new RegExp(`Version 2 waits for people: merging ${url} promotes it`));
  assert.match(pull?.body ?? '', /run-2[\s\S]*\| auc_roc \| 0\.840 \| 0\.810 \| \+0\.030/);
  assert.deepEqual(await registry.aliases('churn', signal), { generation: 1, versions: { champion: 1 } }, 'not even staging');
  assert.equal((await registry.state('churn', signal)).outcomes['key-2']?.version, 2);

  assert.equal(await github.merge(pull!.number), true, 'state and history written since do not stand in its way');
  assert.deepEqual(await again().aliases('churn', signal), { generation: 2, versions: { champion: 2, previous: 1 } });
  assert.deepEqual(
    (await again().history('churn', signal)).map(({ event, version, run, metrics }) => [event, version, run, metrics?.auc_roc]),
    [
      ['proposed', 2, 'run-2', 0.84],
      ['promoted', 2, 'run-2', 0.84],
    ],
  );
});

test('promote by pull request: the same stage again asks once; a candidate that is not better leaves the open proposal alone', async (context) => {
  const { github, registry } = await emptyGitRegistry(context);
  for (const seed of ['a', 'b', 'c']) await registry.add('churn', await draftOf(context, seed), signal);
  await registry.move('churn', { champion: 1 }, 0, signal);
  const first = await promoting(context, registry, 2, 'run-2');
  assert.deepEqual((await promoting(context, registry, 2, 'run-2')).outputs, first.outputs);
  const worse = await promoting(context, registry, 3, 'run-3', { when: 'never' });
  assert.equal(worse.verdict.kind === 'skipped' && worse.verdict.reason.code, 'never');
  assert.equal(github.pulls.length, 1);
  assert.equal(await github.merge(github.pulls[0]!.number), true);
});

test('promote by pull request: an approval is for one candidate against one champion, and lapses with either (S31)', async (context) => {
  const { github, registry } = await emptyGitRegistry(context);
  for (const seed of ['a', 'b', 'c', 'd']) await registry.add('churn', await draftOf(context, seed), signal);
  await registry.move('churn', { champion: 1 }, 0, signal);
  await promoting(context, registry, 2, 'run-2');
  await promoting(context, registry, 3, 'run-3');
  const [second, third] = github.pulls;
  assert.equal(await github.merge(second!.number), false, 'there is a new candidate');
  await registry.move('churn', { champion: 4, previous: 1 }, 1, signal);
  assert.equal(await github.merge(third!.number), false, 'the champion is another');
  assert.equal((await registry.aliases('churn', signal)).versions.champion, 4);
});

test('promote by pull request: the first version is proposed too, on the word of its gates', async (context) => {
  const { github, registry } = await emptyGitRegistry(context);
  await registry.add('churn', await draftOf(context, 'a'), signal);
  const found = await promoting(context, registry, 1, 'run-1');
  assert.deepEqual(Object.keys(found.outputs ?? {}), ['promoted', 'version', 'proposal']);
  assert.match(github.pulls[0]!.body, /no champion to compare with/);
  assert.equal(await github.merge(github.pulls[0]!.number), true);
  assert.equal((await promoting(context, registry, 1, 'run-1')).verdict.kind, 'passed', 'and is the champion afterwards');
});

test('promote by pull request: a registry with nobody to ask is told by check, and where the door chose it by the stage', async (context) => {
  const inputs = { name: 'churn', by: 'pull-request', registry: 'file:models', gates: {}, guards: {} };
  const said = (registry: string) => promote.check?.({ ...inputs, registry } as never).map(({ path }) => path);
  assert.deepEqual(said('file:models'), ['by']);
  assert.deepEqual(said('gs://bucket/models'), ['by']);
  assert.deepEqual(said('git:models'), []);
  assert.deepEqual(said('git'), []);
  const registry = fileRegistry({ root: await scratchFolder(context), log: () => undefined });
  await registry.add('churn', await draftOf(context, 'a'), signal);
  await assert.rejects(promoting(context, registry, 1, 'run-1'), { code: 'cannot-propose', fault: 'user' });
  assert.deepEqual(await registry.aliases('churn', signal), { generation: 0, versions: {} });
  const looking = gate.run({ name: 'churn', enabled: true, by: 'pull-request' } as never, { registry } as never, { signal } as never);
  await assert.rejects(looking, { code: 'cannot-propose' }, 'and by the gate, before anything is spent');
});

test('promote: a version that is champion already stays it, and takes over from nobody', async (context) => {
  const registry = fileRegistry({ root: await scratchFolder(context) });
  for (const seed of ['a', 'b']) await registry.add('churn', await draftOf(context, seed), signal);
  const said = async (version: number) => (await promoting(context, registry, version, `run-${version}`, { by: 'alias' })).found;
  assert.equal(await said(1), 'version 1 is the first champion');
  assert.equal(await said(1), 'version 1 stays champion');
  assert.equal(await said(2), 'version 2 takes over from version 1');
});
