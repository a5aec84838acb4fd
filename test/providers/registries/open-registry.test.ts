import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openForge } from '../../../src/providers/forge/open-forge.ts';
import { openRegistry } from '../../../src/providers/registries/open-registry.ts';
import { patience as signal } from '../../contracts/scratch.ts';
import { githubStandIn } from '../../stand-ins/github.ts';

const place = (env: Readonly<Record<string, string>>) => ({
  home: '/nowhere',
  base: '/nowhere',
  log: () => {},
  forge: () => openForge(env, () => {}),
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
