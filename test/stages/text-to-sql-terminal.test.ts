import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Project, ROOT } from '../e2e/support.ts';

const CHURN = `version: 1
name: churn
task: classification
target: { column: churn, positive: "yes" }
fetch-data: { source: data/*.csv }
prepare-data: { split: { test: 25 % } }
`;

test('a CSV of predictions is judged in one line of the terminal', async () => {
  await using project = await Project.make({ 'p.csv': 'id,predicted_sql\n1,SELECT a FROM t\n2,"SELECT a,, b FROM t"\n' });
  const given = ['run', '--only', 'syntax-validate', '--set', 'predictions=p.csv', '--set', 'dialect=sqlite'];
  const { code, out } = await project.retrain(given);
  assert.equal(code, 0, out);
  assert.match(out, /✓ syntax-validate .* 50\.0 % valid of 2 judged rows/);
  assert.equal((await project.retrain([...given, '--set', 'gates.validity=>= 0.9'])).code, 1);
});

test('evaluate measures one CSV in one line of the terminal', async () => {
  await using project = await Project.make();
  await project.copy(`${ROOT}/test/fixtures/text-to-sql/reference-eval.csv`, 'p.csv');
  const given = ['--set', 'task=text-to-sql', '--set', 'predictions=p.csv', '--set', 'exact-match=string'];
  const { code, out } = await project.retrain(['run', '--only', 'evaluate', ...given]);
  assert.equal(code, 0, out);
  assert.match(out, /✓ evaluate .* exact_match 0\.353 \[0\.324, 0\.383\] on 1,034 rows/);
});

test('a pipeline of another task has no such stage', async () => {
  await using project = await Project.make({ 'churn.yaml': CHURN });
  const { code, out } = await project.retrain(['plan', 'churn.yaml', '--json']);
  assert.equal(code, 0, out);
  const { stages } = JSON.parse(out) as { stages: { name: string }[] };
  assert.ok(stages.some(({ name }) => name === 'bias-check'));
  assert.ok(!stages.some(({ name }) => name === 'syntax-validate'));
});
