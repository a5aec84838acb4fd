import assert from 'node:assert/strict';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { githubForge } from '../../../src/providers/forge/github-forge.ts';
import { gitRegistry } from '../../../src/providers/registries/git.ts';
import { draftOf, registryContract } from '../../contracts/registry.ts';
import { scratchFolder, patience as signal } from '../../contracts/scratch.ts';
import { cutUpload, type Fault, loseAnswer, refuse } from '../../stand-ins/github.ts';
import { emptyGitRegistry } from './git-registry.ts';

/** Somebody else acts between the moment a commit was prepared and the moment it arrives. */
const meanwhile =
  (act: () => Promise<unknown>): Fault =>
  async (_, __, pass) => {
    await act();
    await pass();
  };

const asking = (generation: number, text = '') => ({
  generation,
  text,
  event: { at: '2026-11-21T10:00:00.000Z', event: 'promoted', run: 'r7', text: 'Accepted.' } as const,
});

registryContract('git', (context) => emptyGitRegistry(context, 0));

test('git registry: of twenty promotions from one generation exactly one wins', async (context) => {
  const { again, registry } = await emptyGitRegistry(context);
  for (const seed of ['a', 'b']) await registry.add('churn', await draftOf(context, seed), signal);
  const said = await Promise.all(
    Array.from({ length: 20 }, (_, each) =>
      again()
        .move('churn', { champion: 1 + (each % 2) }, 0, signal)
        .then(
          () => 'won',
          (error: { code: string }) => error.code,
        ),
    ),
  );
  assert.deepEqual(said.sort(), [...Array<string>(19).fill('alias-moved'), 'won']);
  assert.equal((await registry.aliases('churn', signal)).generation, 1);
});

test('git registry: a branch moved by another model between judging and promoting is harmless', async (context) => {
  const { again, github, registry } = await emptyGitRegistry(context);
  await registry.add('churn', await draftOf(context, 'a'), signal);
  github.fail(
    /graphql/,
    meanwhile(() => again().append('spam', { at: 't', event: 'reset', text: 'other' }, signal)),
  );
  assert.deepEqual(await registry.move('churn', { champion: 1 }, 0, signal), { generation: 1, versions: { champion: 1 } });
  assert.equal((await again().history('spam', signal)).length, 1);
});

test('git registry: a champion moved between judging and promoting stops the promotion', async (context) => {
  const { again, github, registry } = await emptyGitRegistry(context);
  for (const seed of ['a', 'b']) await registry.add('churn', await draftOf(context, seed), signal);
  github.fail(
    /graphql/,
    meanwhile(() => again().move('churn', { champion: 2 }, 0, signal)),
  );
  await assert.rejects(registry.move('churn', { champion: 1 }, 0, signal), { code: 'alias-moved', fault: 'world' });
  assert.deepEqual((await registry.aliases('churn', signal)).versions, { champion: 2 });
});

test('git registry: a promotion whose answer was lost has been made, once', async (context) => {
  const { github, registry } = await emptyGitRegistry(context);
  await registry.add('churn', await draftOf(context, 'a'), signal);
  github.fail(/graphql/, loseAnswer);
  assert.deepEqual(await registry.move('churn', { champion: 1 }, 0, signal), { generation: 1, versions: { champion: 1 } });
});

test('git registry: an upload cut halfway leaves neither version nor release, and the next try makes version 1', async (context) => {
  const { github, registry } = await emptyGitRegistry(context, 0);
  const draft = await draftOf(context, 'a');
  github.fail(/POST \/uploads.*weights/, cutUpload, 3);
  await assert.rejects(registry.add('churn', draft, signal), { fault: 'world' });
  assert.deepEqual(await registry.versions('churn', signal), []);
  assert.equal(github.releases.length, 0);
  github.fail(/POST \/uploads.*weights/, cutUpload, 1);
  assert.equal((await registry.add('churn', draft, signal)).version, 1);
  assert.deepEqual(
    github.releases.map(({ draft, prerelease, assets }) => [draft, prerelease, assets.map(({ state }) => state)]),
    [[false, true, ['uploaded', 'uploaded']]],
  );
});

test('git registry: what a run killed during its upload left is a draft, seen by nobody and swept after a day', async (context) => {
  const { github, registry, said } = await emptyGitRegistry(context, 0);
  const left = (hours: number, tag: string) =>
    github.releases.push({
      id: 1000 + hours,
      tag_name: tag,
      name: '',
      body: '',
      target_commitish: 'main',
      draft: true,
      prerelease: true,
      created_at: new Date(Date.now() - hours * 3_600_000).toISOString(),
      assets: [],
    });
  left(30, 'retrain-registry/churn/dead');
  left(1, 'retrain-registry/churn/perhaps-alive');
  left(31, 'v2-of-somebody-else');
  await registry.add('churn', await draftOf(context, 'a'), signal);
  const drafts = github.releases.filter(({ draft }) => draft).map(({ tag_name }) => tag_name);
  assert.deepEqual(drafts, ['retrain-registry/churn/perhaps-alive', 'v2-of-somebody-else']);
  assert.ok(said.some((line) => line.includes('retrain-registry/churn/dead')));
});

test('git registry: a version that could not be committed takes its release with it', async (context) => {
  const { github, registry } = await emptyGitRegistry(context, 0);
  github.fail(/graphql/, refuse(403, 'Resource not accessible by integration'));
  await assert.rejects(registry.add('churn', await draftOf(context, 'a'), signal), { code: 'registry-not-writable', fault: 'user' });
  assert.deepEqual(github.releases, []);
  assert.equal(await github.git.text(['tag']), '');
});

test('git registry: small text lies in the branch for people to read, all else in a release; removing takes both', async (context) => {
  const { github, registry } = await emptyGitRegistry(context);
  const folder = await scratchFolder(context);
  await writeFile(join(folder, 'weights.bin'), Buffer.from([0, 1, 2]));
  await writeFile(join(folder, 'profile.json'), '{}');
  await writeFile(join(folder, 'empty'), '');
  const files = {
    'model/weights.bin': join(folder, 'weights.bin'),
    'profile.json': join(folder, 'profile.json'),
    empty: join(folder, 'empty'),
  };
  const version = await registry.add('churn', { files, metadata: {}, created: 't' }, signal);
  const inBranch = () => github.git.text(['ls-tree', '-r', '--name-only', 'retrain-registry', 'churn/']);
  assert.deepEqual((await inBranch()).split('\n'), [
    'churn/assets/1.json',
    'churn/versions/1/empty',
    'churn/versions/1/metadata.json',
    'churn/versions/1/profile.json',
  ]);
  assert.deepEqual(
    github.releases[0]?.assets.map(({ label }) => label),
    ['model/weights.bin'],
  );
  await registry.fetch(version, join(folder, 'back'), { signal });
  await registry.remove('churn', 1, signal);
  assert.equal(await inBranch(), 'churn/versions/1.removed');
  assert.deepEqual(github.releases, []);
  assert.equal(await github.git.text(['tag']), '');
});

test('git registry: a flipped byte and a missing asset are found on reading, with the file named (S10, S28)', async (context) => {
  const { github, registry } = await emptyGitRegistry(context, 0);
  const version = await registry.add('churn', await draftOf(context, 'a'), signal);
  const assets = github.releases[0]?.assets ?? [];
  const at = assets.findIndex(({ label }) => label === 'model/weights.bin');
  assets[at] = { ...assets[at]!, content: Buffer.from('weights b') };
  const folder = await scratchFolder(context);
  await assert.rejects(registry.fetch(version, folder, { signal }), (error: Error & { code: string }) => {
    assert.equal(error.code, 'digest-mismatch');
    assert.match(error.message, /churn\/versions\/1\/model\/weights\.bin.*expected SHA-256 .*found/);
    return true;
  });
  assets.splice(at, 1);
  await assert.rejects(registry.fetch(version, folder, { signal }), { code: 'registry-corrupted' });
});

test('git registry: a file of 2 GiB is refused before anything is sent, and told where it can go', async (context) => {
  const { github, registry } = await emptyGitRegistry(context);
  const huge = join(await scratchFolder(context), 'huge.bin');
  await writeFile(huge, '');
  await truncate(huge, 2 ** 31);
  await assert.rejects(
    registry.add('churn', { files: { 'model/huge.bin': huge }, metadata: {}, created: 't' }, signal),
    (error: Error & { code: string; todo: string }) => {
      assert.equal(error.code, 'too-large-for-git');
      assert.match(error.message, /model\/huge\.bin has 2147483648 bytes/);
      assert.match(error.todo, /registry: gs:\/\//);
      return true;
    },
  );
  assert.deepEqual(github.requests, []);
});

test('git registry: its log reads as what happened, whatever text it was given', async (context) => {
  const { lines, registry } = await emptyGitRegistry(context);
  for (const seed of ['a', 'b']) await registry.add('churn', await draftOf(context, seed), signal);
  await registry.move('churn', { champion: 1 }, 0, signal);
  await registry.move('churn', { champion: 2, previous: 1 }, 1, signal);
  await registry.tag('churn', 2, { reviewed: 'yes' }, signal);
  await registry.append('churn', { at: 't', event: 'refused', run: 'r7', text: 'auc\nfixes #12 @everyone' }, signal);
  assert.deepEqual(await lines(), [
    'churn: refused: auc fixes #\u200b12 @\u200beveryone (run r7)',
    'churn: tag version 2',
    'churn: champion is version 2 (was 1)',
    'churn: champion is version 1',
    'churn: add version 2',
    'churn: add version 1',
    'Begin the registry of models',
  ]);
});

test('git registry: one look at the branch serves a whole call', async (context) => {
  const { again, github, registry } = await emptyGitRegistry(context);
  for (const seed of ['a', 'b', 'c']) await registry.add('churn', await draftOf(context, seed), signal);
  const before = github.requests.length;
  const other = again();
  await other.versions('churn', signal);
  const first = github.requests.slice(before);
  assert.equal(first.filter((line) => line.includes('/git/ref/')).length, 1);
  assert.equal(first.length, 6, 'branch, top folder, model, three metadata files');
  await other.versions('churn', signal);
  assert.equal(github.requests.length, before + 7, 'then only the branch is looked at');
});

test('git registry: a token that may not read the repository is an error, not an empty registry', async (context) => {
  const { github } = await emptyGitRegistry(context);
  const { token, apiUrl } = github;
  const elsewhere = gitRegistry({ forge: githubForge({ repository: 'acme/private', token, apiUrl, pauseMs: 1 }) });
  await assert.rejects(elsewhere.find('churn', 'champion', signal), { code: 'forge-not-found', fault: 'user' });
});

test("git registry: a fork's token fails the probe with the permission it lacks, and without the token in its words", async (context) => {
  const { github, registry } = await emptyGitRegistry(context);
  github.fail(/POST/, refuse(403, `Resource not accessible by integration ${github.token}`));
  await assert.rejects(registry.probe(signal), (error: Error & { code: string; todo: string }) => {
    assert.equal(error.code, 'registry-not-writable');
    assert.match(error.message, /contents: write/);
    for (let at: unknown = error; at instanceof Error; at = at.cause)
      assert.doesNotMatch(`${at.stack}${JSON.stringify(at)}`, /TheSecretToken/);
    return true;
  });
});

test('git registry: where each job has a token of its own, the probe reads and asks nobody whether this one may write', async (context) => {
  const { github } = await emptyGitRegistry(context);
  const { repository, apiUrl } = github;
  const token = github.issueToken({ contents: 'read' });
  const open = (tokenPerJob: boolean) => gitRegistry({ forge: githubForge({ repository, token, apiUrl, pauseMs: 1 }), tokenPerJob });
  await open(true).probe(signal);
  await assert.rejects(open(false).probe(signal), { code: 'registry-not-writable' });
});

test('git registry: a proposal is a pull request; merging it promotes', async (context) => {
  const { github, registry } = await emptyGitRegistry(context);
  for (const seed of ['a', 'b']) await registry.add('churn', await draftOf(context, seed), signal);
  await registry.move('churn', { champion: 1, staging: 2 }, 0, signal);
  const { digest } = await registry.version('churn', 2, signal);
  const proposal = await registry.propose!('churn', 2, asking(1, 'auc 0.81 against 0.80'), signal);
  assert.equal(proposal.digest, digest);
  const [pull] = github.pulls;
  assert.equal(pull?.base, 'retrain-registry');
  assert.match(pull?.head ?? '', new RegExp(`^retrain-promote/churn/2-${digest.slice(0, 12)}-2$`));
  assert.match(pull?.body ?? '', new RegExp(`${digest}[^]*auc 0.81`));
  assert.deepEqual((await registry.aliases('churn', signal)).versions, { champion: 1, staging: 2 }, 'nothing moved yet');
  assert.deepEqual(await registry.propose!('churn', 2, asking(1), signal), proposal, 'asked again, the same one');
  assert.equal(await github.merge(proposal.number), true);
  assert.deepEqual(await registry.aliases('churn', signal), { generation: 2, versions: { champion: 2, previous: 1 } });
});

test('git registry: the merge that promotes writes the history, though others wrote it meanwhile; the next writer puts it in its place', async (context) => {
  const { again, github, lines, registry } = await emptyGitRegistry(context);
  await registry.add('churn', await draftOf(context, 'a'), signal);
  await registry.append('churn', { at: 't1', event: 'registered', text: 'one' }, signal);
  const proposal = await registry.propose!('churn', 1, asking(0), signal);
  await registry.append('churn', { at: 't2', event: 'proposed', text: 'two' }, signal);
  const told = async () => (await again().history('churn', signal)).map(({ event, run }) => [event, run].filter(Boolean).join(' '));
  assert.deepEqual(await told(), ['registered', 'proposed']);
  assert.equal(await github.merge(proposal.number), true);
  assert.deepEqual(await told(), ['registered', 'proposed', 'promoted r7']);
  await again().append('churn', { at: 't3', event: 'refused', text: 'three' }, signal);
  assert.deepEqual(await told(), ['registered', 'proposed', 'promoted r7', 'refused']);
  assert.equal(await github.git.text(['ls-tree', '-r', '--name-only', 'retrain-registry', 'churn/accepted']), '');
  assert.equal((await lines())[0], 'churn: promoted: Accepted. (run r7)');
});

test('git registry: a proposal of another version takes the place of the open one, whose approval lapses (S31)', async (context) => {
  const { github, registry } = await emptyGitRegistry(context);
  for (const seed of ['a', 'b']) await registry.add('churn', await draftOf(context, seed), signal);
  const elsewhere = await registry.add('churn-b', await draftOf(context, 'c'), signal);
  const other = await registry.propose!('churn-b', elsewhere.version, asking(0), signal);
  const first = await registry.propose!('churn', 1, asking(0), signal);
  const second = await registry.propose!('churn', 2, asking(0), signal);
  assert.equal(await github.merge(first.number), false, 'closed');
  assert.equal(await github.merge(other.number), true, 'of another model');
  assert.equal(await github.merge(second.number), true);
  assert.deepEqual((await registry.aliases('churn', signal)).versions, { champion: 2 });
});

test('git registry: a proposal is brought up to date, not opened again', async (context) => {
  const { github, registry } = await emptyGitRegistry(context);
  await registry.add('churn', await draftOf(context, 'a'), signal);
  const first = await registry.propose!('churn', 1, asking(0, 'auc 0.81'), signal);
  assert.deepEqual(await registry.propose!('churn', 1, asking(0, 'auc 0.82'), signal), first);
  assert.deepEqual(
    github.pulls.map(({ body }) => /auc .*/.exec(body)?.[0]),
    ['auc 0.82'],
  );
});

test('git registry: where workflows may not open pull requests, the setting is named', async (context) => {
  const { github, registry } = await emptyGitRegistry(context);
  await registry.add('churn', await draftOf(context, 'a'), signal);
  github.fail(/POST .*pulls/, refuse(403, 'GitHub Actions is not permitted to create or approve pull requests.'));
  await assert.rejects(registry.propose!('churn', 1, asking(0), signal), (error: Error & { todo: string }) =>
    /Settings → Actions → General/.test(error.todo),
  );
});

test('git registry: a proposal lapses when the champion moves, and another model does not disturb it', async (context) => {
  const { github, registry } = await emptyGitRegistry(context);
  for (const seed of ['a', 'b', 'c']) await registry.add('churn', await draftOf(context, seed), signal);
  await registry.move('churn', { champion: 1 }, 0, signal);
  const lapsing = await registry.propose!('churn', 2, asking(1), signal);
  await registry.append('spam', { at: 't', event: 'reset', text: 'other' }, signal);
  const kept = await registry.propose!('churn', 3, asking(1), signal);
  assert.equal(await github.merge(kept.number), true);
  assert.equal(await github.merge(lapsing.number), false, 'a conflict');
  await assert.rejects(registry.propose!('churn', 2, asking(1), signal), { code: 'alias-moved' });
  assert.equal((await registry.aliases('churn', signal)).versions.champion, 3);
});

test('git registry: a proposal somebody pushed to is made anew, so that its approval lapses', async (context) => {
  const { github, registry } = await emptyGitRegistry(context);
  for (const seed of ['a', 'b']) await registry.add('churn', await draftOf(context, seed), signal);
  await registry.propose!('churn', 1, asking(0), signal);
  const { repository, token, apiUrl } = github;
  const forge = githubForge({ repository, token, apiUrl });
  const branch = github.pulls[0]?.head ?? '';
  const additions = new Map([['churn/aliases.json', Buffer.from('{"schema":"retrain/aliases/1","generation":1,"champion":2}')]]);
  const expectedHead = (await forge.head(branch, signal)) ?? '';
  await forge.commit({ branch, expectedHead, headline: 'Look elsewhere', additions, deletions: [] }, signal);
  await registry.propose!('churn', 1, asking(0), signal);
  assert.match(await github.git.text(['show', `${branch}:churn/aliases.json`]), /"champion": 1/);
});
