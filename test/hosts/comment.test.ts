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
