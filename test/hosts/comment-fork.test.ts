import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Runner } from '../../src/hosts/action/runner.ts';
import { commentFork } from '../../src/hosts/workflow-run/comment-fork.ts';
import { githubForge } from '../../src/providers/forge/github-forge.ts';
import { githubStandIn } from '../stand-ins/github.ts';
import { zip } from '../stand-ins/zip.ts';

const SHA = 'c'.repeat(40);
const signal = new AbortController().signal;
const REASON = { code: 'why', text: '@everyone ![x](http://evil.example/p.png) #1 </details>' };
const manifest = {
  schema: 'retrain/manifest/1',
  id: 'churn-1',
  model: 'churn',
  logicalDate: '2026-11-21',
  seed: '0'.repeat(16),
  started: '2026-11-21T04:00:00.000Z',
  retrain: '1.0.0',
  outcome: 'passed',
  links: [{ name: 'Look here', url: 'https://evil.example/' }],
  records: [
    {
      schema: 'retrain/record/1',
      run: 'churn-1',
      stage: 'validate-data',
      attempt: 1,
      outcome: 'completed',
      verdict: { kind: 'failed', reason: REASON },
      started: '2026-11-21T04:00:00.000Z',
      seconds: 1,
      inputs: {},
    },
  ],
};

/** The run of a stranger's fork has ended; pull request 7 proposes its commit, 8 another one. */
async function afterFork(context: TestContext, content: unknown = manifest, name = 'retrain-run-churn-1-1') {
  const github = await githubStandIn(context);
  const folder = await mkdtemp(join(tmpdir(), 'retrain-fork-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const archive = zip([{ name: 'run.json', content: JSON.stringify(content) }]);
  github.artifacts = [{ id: 5, name, run: 'run-1', job: 'report', content: archive, hash: '' }];
  const pull = { base: 'main', title: '', body: '', state: 'open', owner: 'stranger', head: 'better' } as const;
  github.pulls.push({ ...pull, number: 7, sha: SHA }, { ...pull, number: 8, sha: 'd'.repeat(40) });
  const run = {
    id: 1,
    event: 'pull_request',
    head_branch: 'better',
    head_sha: SHA,
    html_url: 'https://github.com/acme/models/actions/runs/1',
    head_repository: { full_name: 'stranger/models', owner: { login: 'stranger' } },
  };
  const { repository, apiUrl } = github;
  const token = github.issueToken({ actions: 'read', 'pull-requests': 'write' });
  const forge = githubForge({ repository, token, apiUrl, pauseMs: 1 });
  const said: string[] = [];
  const runner = { write: (line: string) => void said.push(line) } as Runner;
  return {
    github,
    said,
    async comment(more: Readonly<Record<string, unknown>> = {}) {
      await writeFile(join(folder, 'event.json'), JSON.stringify({ workflow_run: { ...run, ...more } }));
      await commentFork({ GITHUB_EVENT_NAME: 'workflow_run', GITHUB_EVENT_PATH: join(folder, 'event.json') }, forge, runner, signal);
      return github.comments;
    },
  };
}

test('the report of a fork lands on the pull request whose head is the commit of the run, its words made harmless, its links left out', async (context) => {
  const { comment } = await afterFork(context);
  const [made, ...more] = await comment();
  assert.deepEqual([made?.issue, more.length], [7, 0]);
  assert.match(made!.body, /^<!-- retrain: churn -->\n_From a fork/);
  assert.match(made!.body, /❌ churn/, 'the records decide, not what the manifest says of itself');
  assert.doesNotMatch(made!.body, /(?<![\\`])@everyone|!\[x\]|evil\.example\/\)|[^\\]<\/details>.*why/);
  assert.match(made!.body, /https:\/\/github\.com\/acme\/models\/actions\/runs\/1/);
  assert.equal((await comment()).length, 1, 'again edits it');
});

test('a commit that is no open head any more, or the head of two: nothing is commented', async (context) => {
  const { github, said, comment } = await afterFork(context);
  assert.equal((await comment({ head_sha: 'e'.repeat(40) })).length, 0);
  github.pulls.push({ ...github.pulls[0]!, number: 9 });
  assert.equal((await comment()).length, 0);
  assert.match(said.join('\n'), /0 open pull requests have e{40}[\s\S]*2 open pull requests have c{40}/);
});

test('a run of the repository itself, or of no pull request, is left alone', async (context) => {
  const { comment } = await afterFork(context);
  assert.equal((await comment({ event: 'push' })).length, 0);
  assert.equal((await comment({ head_repository: { full_name: 'acme/models', owner: { login: 'acme' } } })).length, 0);
});

test('what is no record of ours is refused: another form, a name that is none, the run of somebody else, a marker in the name', async (context) => {
  const cases: readonly (readonly [unknown, string, { readonly code: string }])[] = [
    [{ ...manifest, schema: 'retrain/manifest/2' }, 'retrain-run-churn-1-1', { code: 'newer-version' }],
    [{ ...manifest, pullRequest: 8 }, 'retrain-run-churn-1-1', { code: 'corrupted' }],
    [manifest, 'retrain-run-credit-1-1', { code: 'other-run' }],
    [{ ...manifest, model: 'x --> y' }, 'retrain-run-churn-1-1', { code: 'other-run' }],
  ];
  for (const [content, name, expected] of cases) {
    const { github, comment } = await afterFork(context, content, name);
    await assert.rejects(comment(), expected);
    assert.equal(github.comments.length, 0);
  }
});
