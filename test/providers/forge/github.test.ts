import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { githubForge } from '../../../src/providers/forge/github-forge.ts';
import { scratchFolder, patience as signal } from '../../contracts/scratch.ts';
import { cut, cutUpload, type GitHubStandIn, githubStandIn, loseAnswer, refuse } from '../../stand-ins/github.ts';

const MARKER = '<!-- retrain:churn -->';

async function forgeOf(context: TestContext) {
  const github = await githubStandIn(context);
  const said: string[] = [];
  return { github, said, forge: open(github, { log: (line) => said.push(line) }) };
}

const open = (github: GitHubStandIn, more: Partial<Parameters<typeof githubForge>[0]> = {}) =>
  githubForge({ repository: github.repository, token: github.token, apiUrl: github.apiUrl, pauseMs: 1, ...more });

/** The error in all its words: message, stack, causes, what was logged of it. */
const inFull = (error: unknown): string => {
  const parts: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) parts.push(at.stack ?? '', JSON.stringify({ ...at }));
  return parts.join('\n');
};

test('comment: ours is found on the second page of 150', async (context) => {
  const { github, forge } = await forgeOf(context);
  for (let each = 0; each < 149; each++) github.addComment(7, 'visitor', `comment ${each}`);
  const ours = github.addComment(7, 'github-actions[bot]', `${MARKER}\nold`);
  const kept = await forge.keepComment(7, MARKER, 'new', signal);
  assert.equal(kept.id, ours.id);
  assert.equal(github.comments.length, 150);
  assert.equal(ours.body, `${MARKER}\nnew`);
});

test("comment: a stranger's with our marker stays untouched, and ours is made beside it (S24)", async (context) => {
  const { github, forge } = await forgeOf(context);
  const strangers = github.addComment(7, 'mallory', `${MARKER}\nplanted`);
  await forge.keepComment(7, MARKER, 'report', signal);
  await forge.keepComment(7, MARKER, 'report, second push', signal);
  assert.equal(strangers.body, `${MARKER}\nplanted`);
  assert.deepEqual(
    github.comments.map(({ user, body }) => [user.login, body]),
    [
      ['mallory', `${MARKER}\nplanted`],
      ['github-actions[bot]', `${MARKER}\nreport, second push`],
    ],
  );
});

test("comment: a fork's 403 names the missing permission and what to add", async (context) => {
  const { github, forge } = await forgeOf(context);
  github.fail(/POST .*comments/, refuse(403, 'Resource not accessible by integration'));
  await assert.rejects(forge.keepComment(7, MARKER, 'x', signal), (error: Error & { code: string; todo: string }) => {
    assert.equal(error.code, 'forge-forbidden');
    assert.match(error.message, /pull-requests: write/);
    assert.match(error.todo, /permissions: \{ pull-requests: write \}.*fork/);
    return true;
  });
});

test('requests rest as long as retry-after says, then go on', async (context) => {
  const { github, forge, said } = await forgeOf(context);
  github.fail(/GET .*ref/, refuse(403, 'You have exceeded a secondary rate limit', { 'retry-after': '0' }), 2);
  assert.match((await forge.head('main', signal)) ?? '', /^[0-9a-f]{40}$/);
  assert.equal(said.length, 2);
});

test('a rest longer than allowed ends as rate-limited, an abort ends it at once', async (context) => {
  const { github } = await forgeOf(context);
  github.fail(/GET .*ref/, refuse(429, 'slow down', { 'retry-after': '3600' }), 9);
  await assert.rejects(open(github).head('main', signal), { code: 'rate-limited', fault: 'world' });
  const leave = new AbortController();
  const waiting = open(github, { longestRestMs: 9e6, log: () => leave.abort() }).head('main', leave.signal);
  await assert.rejects(waiting, { name: 'AbortError' });
});

test('a cut connection is tried again; one that never answers times out', async (context) => {
  const { github, forge } = await forgeOf(context);
  github.fail(/GET .*ref/, cut, 2);
  assert.match((await forge.head('main', signal)) ?? '', /^[0-9a-f]{40}$/);
  github.fail(/GET .*ref/, () => {}, 9);
  await assert.rejects(open(github, { timeoutMs: 20 }).head('main', signal), { code: 'timed-out' });
});

test('a comment is not sent twice when the answer is lost', async (context) => {
  const { github, forge } = await forgeOf(context);
  github.fail(/POST .*comments/, cut);
  await assert.rejects(forge.keepComment(7, MARKER, 'x', signal), { code: 'forge-unreachable' });
  assert.equal(github.requests.filter((line) => /POST .*comments/.test(line)).length, 1);
});

test('no error carries the token, whatever GitHub says', async (context) => {
  const { github } = await forgeOf(context);
  const answers = [
    refuse(500, `oops ${github.token}`),
    refuse(403, `no ${github.token}`),
    refuse(422, `bad ${github.token}`),
    refuse(401, `who ${github.token}`),
    cut,
  ];
  for (const answer of answers) {
    github.fail(/GET .*ref/, answer, 5);
    await assert.rejects(open(github).head('main', signal), (error) => {
      assert.doesNotMatch(inFull(error), /TheSecretToken/);
      return true;
    });
    while (
      (await open(github)
        .head('main', signal)
        .catch(() => undefined)) === undefined
    );
  }
});

test('an unseen repository is an error, a missing branch is not', async (context) => {
  const { github, forge } = await forgeOf(context);
  assert.equal(await forge.head('nobody-made-it', signal), undefined);
  await assert.rejects(open(github, { repository: 'acme/elsewhere' }).head('main', signal), { code: 'forge-not-found' });
});

test('files are read at a commit, not as they are now', async (context) => {
  const { forge } = await forgeOf(context);
  const before = (await forge.head('main', signal)) as string;
  const additions = new Map([['README.md', Buffer.from('# New\n')]]);
  const after = await forge.commit({ branch: 'main', expectedHead: before, headline: 'Change', additions, deletions: [] }, signal);
  assert.equal(Buffer.from((await forge.file('README.md', before, signal)) ?? []).toString(), '# Models\n');
  assert.equal(Buffer.from((await forge.file('README.md', after, signal)) ?? []).toString(), '# New\n');
  assert.equal(await forge.file('no/such.txt', after, signal), undefined);
  const stale = forge.commit({ branch: 'main', expectedHead: before, headline: 'Late', additions, deletions: [] }, signal);
  await assert.rejects(stale, { code: 'head-moved', fault: 'world' });
});

test('an upload cut halfway is deleted and sent again; drafts stay unseen until published', async (context) => {
  const { github, forge } = await forgeOf(context);
  const path = join(await scratchFolder(context), 'weights.bin');
  const weights = Buffer.alloc(300_000, 7);
  await writeFile(path, weights);
  const draft = await forge.createDraft({ tag: 'v1', target: 'main', title: 'One', text: '' }, signal);
  github.fail(/POST \/uploads/, cutUpload);
  const asset = await forge.upload(
    draft.id,
    { name: 'w.bin', label: 'weights', path, bytes: 300_000, sha256: createHash('sha256').update(weights).digest('hex') },
    signal,
  );
  assert.equal(asset.state, 'uploaded');
  assert.deepEqual(
    github.releases[0]?.assets.map(({ name, label, content, state }) => [name, label, content.byteLength, state]),
    [['w.bin', 'weights', 300_000, 'uploaded']],
  );
  assert.ok(github.requests.some((line) => /DELETE .*assets/.test(line)));
  const seenByAll = async () => ((await (await fetch(`${github.apiUrl}/repos/acme/models/releases`)).json()) as unknown[]).length;
  assert.equal(await seenByAll(), 0);
  await forge.publish(draft.id, signal);
  assert.equal(await seenByAll(), 1);
  assert.equal(github.releases[0]?.prerelease, true);
  const parts = [];
  for await (const part of (await forge.download(asset.id, signal)) ?? []) parts.push(part);
  assert.equal(Buffer.concat(parts).byteLength, 300_000);
  assert.equal(await forge.download(9999, signal), undefined);
  await forge.deleteRelease(draft.id, 'v1', signal);
  await forge.deleteRelease(draft.id, 'v1', signal);
  assert.equal(await github.git.ref('refs/tags/v1'), undefined);
});

test('runs of a workflow are listed since an instant, with the last before it, by who started them, beyond what one search gives', async (context) => {
  const { github, forge } = await forgeOf(context);
  const at = (minute: number) => new Date(Date.UTC(2026, 10, 1) + minute * 60_000).toISOString().replace('.000Z', 'Z');
  for (let id = 1; id <= 2100; id++) {
    github.workflowRuns.push({ id, workflow: 'train.yml', event: 'schedule', title: 'Train', created: at(id), status: 'completed' });
  }
  const more = { workflow: 'train.yml', title: 'Train, 2026-11-01', created: at(2200), status: 'queued' } as const;
  github.workflowRuns.push({ ...more, id: 2101, event: 'workflow_dispatch' }, { ...more, id: 2102, event: 'pull_request' });
  github.workflowRuns.push({ ...more, id: 2103, event: 'schedule', workflow: 'other.yml' });
  const runs = await forge.startedRuns('train.yml', new Date(at(50)), signal);
  assert.deepEqual(
    runs.map(({ id }) => id),
    Array.from({ length: 2053 }, (_, index) => 2101 - index),
  );
  const [newest] = runs;
  assert.equal(newest?.url, 'https://github.com/acme/models/actions/runs/2101');
  assert.deepEqual(
    [newest?.startedBy, newest?.title, newest?.ended, runs[1]?.ended],
    ['workflow_dispatch', 'Train, 2026-11-01', false, true],
  );
  assert.equal(await forge.defaultBranch(signal), 'main');
});

test('a workflow is started, a pull request opened once', async (context) => {
  const { github, forge } = await forgeOf(context);
  await forge.dispatch('retrain.yml', 'main', { force: 'true' }, signal);
  assert.deepEqual(github.dispatches, [{ workflow: 'retrain.yml', ref: 'main', inputs: { force: 'true' } }]);
  const draft = { head: 'topic', base: 'main', title: 'T', body: 'B' };
  const opened = await forge.openPullRequest(draft, signal);
  assert.deepEqual(await forge.openPullRequest(draft, signal), opened);
  assert.equal(github.pulls.length, 1);
});

test('a commit whose answer was lost is found, not taken for a lost race', async (context) => {
  const { github, forge } = await forgeOf(context);
  const before = (await forge.head('main', signal)) as string;
  github.fail(/POST \/graphql/, loseAnswer);
  const additions = new Map([['a.txt', Buffer.from('a')]]);
  const made = await forge.commit({ branch: 'main', expectedHead: before, headline: 'Add a', additions, deletions: [] }, signal);
  assert.equal(made, await github.git.ref('refs/heads/main'));
  assert.equal(await github.git.text(['rev-list', '--count', 'main']), '2');
});
