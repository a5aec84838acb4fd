import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { customers } from '../../e2e/customers.ts';
import { ROOT } from '../../e2e/support.ts';
import { called, ended, logOf, results, type Started, started, stepOf } from '../started.ts';

const FOREIGN = 150;
const SHA = 'c'.repeat(40);
const FORK = {
  event_name: 'pull_request',
  sha: SHA,
  event: { pull_request: { number: 7, head: { sha: SHA, ref: 'better-data', repo: { full_name: 'stranger/models', fork: true } } } },
};
const own = { event_name: 'pull_request', event: { pull_request: { number: 7, head: { repo: { full_name: 'acme/models' } } } } };

test('a pull request trains and judges, publishes nothing, and has one comment; a second push edits it, behind 150 of other people', async (context) => {
  const here = await started(context);
  for (let i = 0; i < FOREIGN; i++) here.github.addComment(7, 'reader', i === 3 ? '<!-- retrain: churn -->\nmine' : `remark ${i}`);
  const first = called(await here.run('one-model.yml', 1, { github: own }));
  assert.deepEqual(results(first), ended('success', 'success', 'success', 'skipped'), logOf(first));
  assert.equal(first.outputs.outcome, 'passed');
  assert.equal(await here.champion('churn'), undefined);
  const comments = () => here.github.comments.filter(({ user }) => user.login === 'github-actions[bot]');
  assert.equal(comments().length, 1);
  const { id, issue, body } = comments()[0]!;
  assert.deepEqual([issue, here.github.comments.length], [7, FOREIGN + 1]);
  assert.match(body, /^<!-- retrain: churn -->\n## ✅ churn/);

  await here.data('2026-02.csv', customers(300, { seed: 2, first: 300 }));
  const second = called(
    await here.run('pull-request.yml', 2, { github: own }).then((run) => ({ ...run, jobs: { retrain: run.jobs.judge! } })),
  );
  assert.equal(second.outputs.outcome, 'passed', logOf(second));
  assert.deepEqual(
    comments().map((comment) => [comment.id, comment.body === body]),
    [[id, false]],
  );
  assert.equal(here.github.comments[3]!.body, '<!-- retrain: churn -->\nmine', 'a marker of somebody else is left alone');
});

/** What GitHub sends when the fork's run has ended. */
const ofRun = (id: number, more: Readonly<Record<string, unknown>> = {}) => ({
  event_name: 'workflow_run',
  event: {
    workflow_run: {
      id,
      event: 'pull_request',
      head_branch: 'better-data',
      head_sha: SHA,
      html_url: `https://github.com/acme/models/actions/runs/${id}`,
      head_repository: { full_name: 'stranger/models', owner: { login: 'stranger' } },
      ...more,
    },
  },
});
const openPull = (here: Started, number: number, sha = SHA) =>
  here.github.pulls.push({
    number,
    head: 'better-data',
    owner: 'stranger',
    sha,
    base: 'main',
    title: 'Better data',
    body: '',
    state: 'open',
  });

test('a fork: summary only; then the template for forks writes the comment, where GitHub says the head is, and from the records alone', async (context) => {
  const here = await started(context);
  const run = called(await here.run('one-model.yml', 1, { github: FORK }));
  assert.deepEqual(results(run), ended('success', 'success', 'success', 'skipped'), logOf(run));
  assert.match(stepOf(run, 'report', 'report').summary, /^## ✅ churn/);
  assert.match(
    stepOf(run, 'report', 'report')
      .warnings.map(({ data }) => data)
      .join(),
    /No comment on the pull request/,
  );
  assert.equal(here.github.comments.length, 0);
  assert.equal(await here.champion('churn'), undefined);

  const comment = (more: Readonly<Record<string, unknown>> = {}) => here.run('comment-on-forks.yml', 2, { github: ofRun(1, more) });
  const say = async (text: RegExp, done: Promise<Awaited<ReturnType<typeof comment>>>) => {
    const ran = await done;
    assert.equal(ran.result, 'success', logOf(ran));
    assert.match(logOf(ran), text);
  };
  // The branch has moved on since: that run speaks of a commit nobody proposes any more.
  openPull(here, 7, 'd'.repeat(40));
  await say(/0 open pull requests have c{40} as their head/, comment());
  assert.equal(here.github.comments.length, 0);

  openPull(here, 9);
  await say(/The report of churn is a comment/, comment());
  assert.deepEqual(
    here.github.comments.map(({ issue, user }) => [issue, user.login]),
    [[9, 'github-actions[bot]']],
  );
  assert.match(here.github.comments[0]!.body, /^<!-- retrain: churn -->\n_From a fork: .*_\n\n## ✅ churn/);
  assert.equal((await comment({ head_repository: { full_name: 'acme/models', owner: { login: 'acme' } } })).result, 'skipped');

  // Its artifact is hostile: what is no record of ours is refused, with nothing written.
  const [kept] = here.artifacts.artifacts.filter(({ name }) => name.startsWith('retrain-run-'));
  const before = here.github.comments[0]!.body;
  const good = kept!.content;
  const hostile: readonly (readonly [Buffer, RegExp])[] = [
    [Buffer.from('no archive'), /Expected a zip archive with run\.json in it/],
    [Buffer.alloc(5 << 20), /has 5242880 bytes; at most 4194304 are read/],
    [Buffer.concat([good.subarray(0, 40), Buffer.from([good[40]! ^ 1]), good.subarray(41)]), /Expected a zip archive with run\.json in it/],
  ];
  for (const [content, told] of hostile) {
    kept!.content = content;
    const refused = await comment();
    assert.equal(refused.result, 'failure');
    assert.match(logOf(refused), told);
  }
  assert.equal(here.github.comments[0]!.body, before);
});

test('S30: no template runs code of a pull request with a token that writes', async () => {
  const text = await readFile(join(ROOT, 'workflows-templates', 'comment-on-forks.yml'), 'utf8');
  assert.doesNotMatch(text.replace(/#.*/g, ''), /pull_request_target|checkout|\brun:/);
});

test('SQL judged alone: two actions, no pipeline file, one comment; the second speaks although the first said no', async (context) => {
  const here = await started(context);
  const rows = (broken: string) =>
    `input_text,expected_sql,sql_complexity,predicted_sql\nAll,SELECT a FROM t,easy,SELECT a FROM t\nOne,SELECT b FROM t,hard,${broken}\n`;
  await here.project.write('repository/predictions.csv', rows('SELECT b FROM WHERE'));
  const first = await here.run('judge-sql.yml', 1, { github: own });
  assert.equal(first.result, 'success', logOf(first));
  assert.equal(here.github.comments.length, 1);
  const { body } = here.github.comments[0]!;
  assert.match(body, /^<!-- retrain alone: sql -->\n## ✅ sql: passed\n/);
  assert.match(body, /\| exact_match \| test \| 0\.500 /);
  assert.match(body, /\n\| 3 \| invalid \| syntax \| near "WHERE": syntax error \| 1 \| 15 \| WHERE \|/);

  await here.project.write('repository/predictions.csv', 'input_text,predicted_sql\nAll,SELECT a FROM t\n');
  const second = await here.run('judge-sql.yml', 2, { github: own });
  assert.equal(second.result, 'failure', logOf(second));
  const [comment, ...more] = here.github.comments;
  assert.equal(more.length, 0);
  assert.match(comment!.body, /## ❌ sql: failed\n\n\*\*.*none of the columns expected_sql/);
  assert.match(comment!.body, /\| all that were judged \| 1\.000 .*\| 1 \|/);
});
