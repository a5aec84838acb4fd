import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { githubStandIn, refuse } from '../stand-ins/github.ts';
import { RunnerJob } from '../stand-ins/runner.ts';
import { customers } from './action-data.ts';

test('on GitHub the registry is a branch of the repository: the forge is asked with the token of the step', async () => {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.headers.authorization);
    response.writeHead(401, { 'content-type': 'application/json' }).end('{"message":"Bad credentials"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await using job = await RunnerJob.begin();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const env = { GITHUB_TOKEN: 'a-token-of-the-step', GITHUB_API_URL: url, GITHUB_SERVER_URL: url };
    const step = await job.run('fetch-model', { name: 'churn' }, env);
    assert.equal(step.code, 2, step.log.join('\n'));
    assert.match(step.log.join('\n'), /retrain-registry of octo\/models/);
    assert.ok(asked.length > 0 && asked.every((header) => header?.endsWith(' a-token-of-the-step')), asked.join());
    assert.doesNotMatch(step.log.join('\n'), /a-token-of-the-step/);
  } finally {
    server.close();
  }
});

const GATE = { name: 'churn', source: 'data.csv', trainer: 'tabular' };

test('the gate of a job whose token only reads goes on: another job will write, with a token of its own', async (context) => {
  const github = await githubStandIn(context);
  await using job = await RunnerJob.begin();
  await job.write('data.csv', customers(20));
  const env = { GITHUB_TOKEN: github.token, GITHUB_API_URL: github.apiUrl, GITHUB_REPOSITORY: github.repository };
  github.fail(/POST /, refuse(403, 'Resource not accessible by integration'), 9);
  const step = await job.run('gate', GATE, env);
  assert.deepEqual([step.code, step.outputs.verdict], [0, 'passed'], step.log.join('\n'));
  const unseen = await job.run('gate', GATE, { ...env, GITHUB_REPOSITORY: 'acme/elsewhere' });
  assert.deepEqual([unseen.code, unseen.outputs.reason], [2, 'forge-not-found'], unseen.log.join('\n'));
});
