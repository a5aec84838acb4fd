import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openForge } from '../../../src/providers/forge/open-forge.ts';
import { openVertex } from '../../../src/providers/google/vertex-clients.ts';
import { openRegistry } from '../../../src/providers/registries/open-registry.ts';
import { openStore } from '../../../src/providers/stores/open-store.ts';
import { patience as signal } from '../../contracts/scratch.ts';
import { githubStandIn } from '../../stand-ins/github.ts';

const place = (env: Readonly<Record<string, string>>) => ({
  home: '/nowhere',
  base: '/nowhere',
  log: () => {},
  forge: () => openForge({ base: '/nowhere', env, log: () => {} }),
  store: async () => openStore({ base: '/nowhere', env, log: () => {} }),
  vertex: async () => openVertex({ project: 'ours-1', region: 'europe-west4' }, env),
});

test('registry: git and git:BRANCH open the repository of the environment', async (context) => {
  const { repository, token, apiUrl, git } = await githubStandIn(context);
  const env = { GITHUB_REPOSITORY: repository, GITHUB_TOKEN: token, GITHUB_API_URL: apiUrl, GITHUB_SERVER_URL: 'https://git.example.com' };
  const registry = await openRegistry('git:models/live', place(env));
  assert.equal(registry.uri, 'https://git.example.com/acme/models/tree/models/live');
  await registry.append('churn', { at: 't', event: 'reset', text: 'begin' }, signal);
  assert.ok(await git.ref('refs/heads/models/live'));
  assert.equal((await openRegistry('git', place(env))).uri, 'https://git.example.com/acme/models/tree/retrain-registry');
});

test('registry: git without repository or token says what is missing', async () => {
  await assert.rejects(openRegistry('git', place({})), { code: 'no-forge', message: /GITHUB_REPOSITORY.*GITHUB_TOKEN/ });
  await assert.rejects(openRegistry('git', place({ GITHUB_REPOSITORY: 'no-slash', GITHUB_TOKEN: 'x' })), { code: 'bad-repository' });
});

test('registry: names that are no branches, and schemes nobody knows, are refused', async () => {
  for (const name of ['../x', 'a..b', '-x', 'x.lock', 'a b', 'a//b', 'x.'])
    await assert.rejects(openRegistry(`git:${name}`, place({ GITHUB_REPOSITORY: 'a/b', GITHUB_TOKEN: 'x' })), { code: 'bad-branch' }, name);
  await assert.rejects(openRegistry('ftp://x', place({})), { code: 'unknown-registry', message: /git:BRANCH/ });
});

test('registry: a bucket, and Vertex AI over the store or over a folder of its own; nothing is asked before it is used', async () => {
  assert.equal((await openRegistry('gs://models/retrain/', place({}))).uri, 'gs://models/retrain');
  assert.equal((await openRegistry('vertex:gs://models/x', place({}))).uri, 'vertex:gs://models/x');
  assert.equal((await openRegistry('vertex', { ...place({}), keptIn: 'gs://models/team/' })).uri, 'vertex:gs://models/team/registry');
});

test('registry: Vertex AI without a bucket, and buckets that are none, say what is expected', async () => {
  const needs = { code: 'registry-needs-bucket', fault: 'user' };
  await assert.rejects(openRegistry('vertex', place({})), needs);
  await assert.rejects(openRegistry('vertex', { ...place({}), keptIn: 'file:/tmp/x' }), needs);
  await assert.rejects(openRegistry('vertex:file:/tmp/x', place({})), needs);
  for (const wrong of ['gs:models', 'gs://', 'gs://B/x', 'gs://models/a b', 'gs://models//x'])
    await assert.rejects(openRegistry(wrong, place({})), { code: 'bad-bucket', fault: 'user' }, wrong);
});
