import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { githubStandIn, refuse } from '../stand-ins/github.ts';
import { RunnerJob } from '../stand-ins/runner.ts';

const PIPELINE = `version: 1
name: churn
task: classification
target: { column: churn, positive: "yes" }
fetch-data: { source: data.csv }
prepare-data: { split: { test: 20 % } }
`;

test('report on a pull request: one comment, edited at the next push; a token that may not comment is a warning, not a failure', async (context) => {
  const github = await githubStandIn(context);
  github.addComment(7, 'somebody', '<!-- retrain: churn --> not ours');
  await using job = await RunnerJob.begin();
  await job.write('pipelines/churn.yaml', PIPELINE);
  const event = join(job.folder, 'event.json');
  await writeFile(event, JSON.stringify({ pull_request: { number: 7 } }));
  const report = () =>
    job.run(
      'report',
      { pipeline: 'pipelines/churn.yaml' },
      {
        GITHUB_EVENT_NAME: 'pull_request',
        GITHUB_EVENT_PATH: event,
        GITHUB_API_URL: github.apiUrl,
        GITHUB_REPOSITORY: github.repository,
        GITHUB_TOKEN: github.token,
      },
    );
  const first = await report();
  assert.equal(first.code, 0, first.log.join('\n'));
  assert.equal((await report()).code, 0);
  const [, ...own] = github.comments;
  assert.equal(own.length, 1, own.map(({ body }) => body).join('\n'));
  assert.match(own[0]!.body, /^<!-- retrain: churn -->\n## /);

  github.fail(/comments/, refuse(403, 'Resource not accessible by integration'), 10);
  const forbidden = await report();
  assert.equal(forbidden.code, 0, forbidden.log.join('\n'));
  assert.match(forbidden.warnings[0]!.data, /No comment on the pull request/);
  assert.match(await readFile(join(forbidden.outputs['run-folder']!, 'run.json'), 'utf8'), /"report"/);
});

const PREDICTIONS = `id,input_text,expected_sql,sql_complexity,predicted_sql
q1,How many?,SELECT count(*) FROM t,easy,SELECT count(*) FROM t
q2,Which two?,"SELECT a, b FROM t",easy,"SELECT a,, b FROM t"
q3,All @octocat,SELECT a FROM t,hard,"SELECT a
FROM t </details>
::warning::hacked \u001b[31m
WHERE"
`;

test('judges alone on a pull request: one comment of a job, with rates by complexity and the place of each error', async (context) => {
  const github = await githubStandIn(context);
  await using job = await RunnerJob.begin();
  await job.write('predictions.csv', PREDICTIONS);
  const event = join(job.folder, 'event.json');
  await writeFile(event, JSON.stringify({ pull_request: { number: 7 } }));
  const judge = (stage: string, inputs: Record<string, string> = {}, env: Record<string, string> = {}) =>
    job.run(
      stage,
      { predictions: 'predictions.csv', ...(stage === 'evaluate' ? { task: 'text-to-sql' } : { dialect: 'sqlite' }), ...inputs },
      {
        GITHUB_EVENT_NAME: 'pull_request',
        GITHUB_EVENT_PATH: event,
        GITHUB_API_URL: github.apiUrl,
        GITHUB_REPOSITORY: github.repository,
        GITHUB_JOB: 'sql',
        GITHUB_TOKEN: github.token,
        ...env,
      },
    );
  const silent = await judge('syntax-validate', {}, { GITHUB_TOKEN: '' });
  assert.equal(silent.code, 0, silent.log.join('\n'));
  assert.match(silent.log.join('\n'), /No comment on the pull request: the step has no GITHUB_TOKEN/);
  assert.equal(github.comments.length, 0);

  assert.equal((await judge('evaluate')).code, 0);
  const refused = await judge('syntax-validate', { gates: 'validity: ">= 0.9"' });
  assert.equal(refused.code, 1, refused.log.join('\n'));
  const [{ body, issue }, ...others] = github.comments as [(typeof github.comments)[number]];
  assert.deepEqual([issue, others.length], [7, 0]);
  assert.match(body, /^<!-- retrain alone: sql -->\n## ❌ sql: refused\n\n\*\*Validity: /);
  for (const line of [
    '| exact_match | test | 0.333 \\[0.061, 0.792\\] | 3 | 95 %, wilson |',
    '| all that were judged | 0.333 \\[0.061, 0.792\\] | 3 |',
    '| sql_complexity=easy | 0.500 \\[0.095, 0.905\\] | 2 |',
    '| sql_complexity=hard | 0.000 \\[0.000, 0.793\\] | 1 |',
    '| 3 | q2 | invalid | syntax | near ",": syntax error | 1 | 10 | , b FROM t | – | SELECT a,, b FROM t |',
  ])
    assert.ok(body.includes(`\n${line}\n`), `${line}\n${body}`);
  assert.doesNotMatch(body.replaceAll('&lt;/details>', ''), /FROM t <\/details>/);
  for (const text of [refused.summary, refused.log.join('\n'), body]) assert.doesNotMatch(text, /^::warning::hacked|\u001b\[31m/m);
  assert.deepEqual(refused.warnings, [], 'no command of the SQL was obeyed');
  assert.match(refused.summary, /hacked/);

  assert.equal((await judge('syntax-validate', { name: 'other' })).code, 0);
  assert.equal((await judge('syntax-validate')).code, 0);
  assert.deepEqual(
    github.comments.map((comment) => comment.body.split('\n').slice(0, 2)),
    [
      ['<!-- retrain alone: sql -->', '## ✅ sql: passed'],
      ['<!-- retrain alone: other -->', '## ✅ other: passed'],
    ],
  );
});

test('a stage alone that judges nothing leaves pull requests alone', async (context) => {
  const github = await githubStandIn(context);
  await using job = await RunnerJob.begin();
  const event = join(job.folder, 'event.json');
  await writeFile(event, JSON.stringify({ pull_request: { number: 7 } }));
  await job.write('data.csv', 'a,b\n1,2\n');
  const api = { GITHUB_API_URL: github.apiUrl, GITHUB_REPOSITORY: github.repository, GITHUB_TOKEN: github.token };
  const env = { GITHUB_EVENT_NAME: 'pull_request', ...api };
  const step = await job.run('fetch-data', { name: 'x', source: 'data.csv' }, { ...env, GITHUB_EVENT_PATH: event });
  assert.equal(step.code, 0, step.log.join('\n'));
  assert.equal(github.comments.length, 0);
});
