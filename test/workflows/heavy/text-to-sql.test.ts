import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../../e2e/support.ts';
import { called, ended, logOf, results, started, stepOf, template } from '../started.ts';

const PIPELINE = `version: 1
name: sql
task: text-to-sql
target: sql
key: id
registry: git
run: { retries: 0 }
fetch-data: { source: pairs.csv }
prepare-data: { split: { test: 50 % } }
train: { trainer: command, command: [${process.execPath}, ${join(ROOT, 'test/e2e/fixtures/sql-trainer.mjs')}], algorithms: [parrot], search: { method: none } }
syntax-validate: { dialect: sqlite, gates: { validity: ">= 0.9" } }
`;

const PAIRS = `id,input_text,sql_complexity,sql\n${Array.from(
  { length: 600 },
  (_, i) => `q${i},what is x of ${i}?,${i % 3 ? 'basic SQL' : 'subqueries'},SELECT name FROM tq${i} WHERE x = 1\n`,
).join('')}`;

test('text-to-SQL: promoted, kept within noise, kept for token F1, refused for broken SQL, then promoted again', async (context) => {
  const here = await started(context);
  await here.project.write('repository/pipelines/sql.yaml', PIPELINE);
  await here.project.write('repository/pairs.csv', PAIRS);
  const workflow = (await template('one-model.yml')).replaceAll('pipelines/churn.yaml', 'pipelines/sql.yaml');
  let number = 0;
  /** A run whose trainer answers so many rows rightly; its outcome, version and reasons. */
  const train = async (skill: { right: number; broken?: number; weak?: boolean }) => {
    const inputs = { overrides: JSON.stringify({ train: { params: skill } }) };
    const run = called(await here.run('one-model.yml', ++number, { workflow, inputs }));
    const { outcome, reason, version, promoted } = run.outputs;
    return { run, log: logOf(run), told: [outcome, reason, version, promoted], champion: await here.champion('sql') };
  };
  const passed = ended('success', 'success', 'success', 'success');

  const first = await train({ right: 0.4 });
  assert.deepEqual(results(first.run), passed, first.log);
  assert.deepEqual([first.told, first.champion], [['passed', '', '1', 'true'], 1], first.log);

  const noise = await train({ right: 0.41 });
  assert.deepEqual(results(noise.run), passed, noise.log);
  assert.deepEqual([noise.told, noise.champion], [['passed', '', '2', 'false'], 1], noise.log);
  assert.equal(stepOf(noise.run, 'publish', 'promote').outputs.reason, 'not-better');

  // Exact match is better by far; whatever is wrong shares no word with what was asked.
  const weak = await train({ right: 0.6, weak: true });
  assert.deepEqual(results(weak.run), passed, weak.log);
  assert.deepEqual([weak.told, weak.champion], [['passed', '', '3', 'false'], 1], weak.log);
  assert.equal(stepOf(weak.run, 'publish', 'promote').outputs.reason, 'not-better');
  assert.match(weak.log, /not better than version 1 \(f1_score −0\.\d+ \[/);

  const broken = await train({ right: 0.7, broken: 0.3 });
  assert.deepEqual(results(broken.run), ended('success', 'success', 'failure', 'success'), broken.log);
  assert.deepEqual([broken.told, broken.champion], [['refused', 'gate-missed', '', 'false'], 1], broken.log);
  assert.match(broken.log, /70\.0 % valid|Validity: /);
  assert.match(stepOf(broken.run, 'report', 'report').summary, /FROM WHERE/, 'the first broken statements are shown');

  const better = await train({ right: 0.7 });
  assert.deepEqual(results(better.run), passed, better.log);
  assert.deepEqual([better.told, better.champion], [['passed', '', '4', 'true'], 4], better.log);
});
