import assert from 'node:assert/strict';
import { test } from 'node:test';
import { customers } from './customers.ts';
import { ownPipeline, ownProject } from './own-trainer.ts';
import { assertRefused } from './refusal.ts';
import { runs } from './support.ts';

/** How it misbehaves; the exit code; what must be said. */
const WAYS: readonly (readonly [string, string, number, readonly RegExp[]])[] = [
  ['exits-1', 'exits with 1', 2, [/The trainer ended with exit code 1/, /ValueError: something broke in the trainer/]],
  ['is-killed', 'is killed', 3, [/The trainer was killed \(SIGKILL\)/, /more memory/]],
  ['garbage', 'writes garbage', 2, [/fit\.json: not JSON/, /docs\/trainer-contract\.md/]],
  ['describes-garbage', 'describes itself with garbage', 2, [/printed a description that is not JSON/, /docs\/trainer-contract\.md/]],
  ['row-too-few', 'writes a prediction too few', 2, [/predictions\.csv: expected \d+ rows, found \d+/, /docs\/trainer-contract\.md/]],
  ['nan', 'writes NaN for a probability', 2, [/predictions\.csv, row 5, column "p:no": expected a probability from 0 to 1, found "nan"/]],
];

for (const [way, what, code, words] of WAYS) {
  test(`a trainer that ${what}: exit ${code}, said with its place, nothing registered`, async () => {
    await using project = await ownProject({ 'churn.yaml': ownPipeline(way), 'data.csv': customers(120) });
    const ended = await project.retrain(['run', 'churn.yaml', '--verbose']);
    await assertRefused(project, ended, code, words);
    assert.doesNotMatch(ended.out + ended.err, /^::|##\[|\x1b/m, 'its output is harmless');
    assert.equal(
      (await project.lastRun()).records.some(({ stage }) => stage === 'register'),
      false,
    );
  });
}

test('a trainer that hangs is stopped when its time is up, with all it started, and tried again as often as asked', async () => {
  const text = ownPipeline('stubborn', { train: ', timeout: 1', run: '{ retries: 1, retry-delay: 1s }' });
  await using project = await ownProject({ 'churn.yaml': text, 'data.csv': customers(120) });
  const ended = await project.retrain(['run', 'churn.yaml']);
  await assertRefused(project, ended, 3, [/The trainer ran past its 1 s and was stopped/, /Give train more time/, /Attempt 2 of 2/]);
  const record = (await project.lastRun()).records.find(({ stage }) => stage === 'train');
  assert.equal(record?.attempt, 2);
  assert.equal(record.error?.code, 'timed-out');
  for (const pid of JSON.parse(await project.read('trainer.pids')) as number[]) assert.equal(await runs(pid), false);
});
