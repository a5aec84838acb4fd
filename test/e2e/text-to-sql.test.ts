import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Project, ROOT, recordOf } from './support.ts';

const PIPELINE = `version: 1
name: sql
task: text-to-sql
target: sql
key: id
run: { retries: 0 }
fetch-data: { source: data.csv }
prepare-data: { split: { test: 50 % } }
train: { trainer: command, command: [node, sql-trainer.mjs], algorithms: [parrot], search: { method: none } }
evaluate: { gates: { exact_match: ">= 0.2" } }
syntax-validate: { dialect: sqlite, gates: { validity: ">= 0.9" } }
`;

const rows = (more: number): string =>
  [
    'id,input_text,words,sql',
    ...Array.from({ length: 600 + more }, (_, i) => `q${i},what is x of ${i}?,${i % 7},SELECT name FROM tq${i} WHERE x = 1`),
  ].join('\n');

test('a model of SQL is measured, bucketed, checked and promoted; one whose SQL is broken is refused', async () => {
  await using project = await Project.make({ 'sql.yaml': PIPELINE, 'data.csv': `${rows(0)}\n` });
  await project.copy(join(ROOT, 'test/e2e/fixtures/sql-trainer.mjs'), 'sql-trainer.mjs');
  const run = async (skill: { right: number; broken: number }, more: number) => {
    await project.write('skill.json', JSON.stringify(skill));
    await project.write('data.csv', `${rows(more)}\n`);
    const ended = await project.retrain(['run', 'sql.yaml']);
    return { ...ended, last: await project.lastRun() };
  };

  const first = await run({ right: 0.4, broken: 0 }, 0);
  assert.equal(first.code, 0, first.out + first.err);
  assert.ok(first.last.promoted);
  const evaluated = recordOf(first.last, 'evaluate');
  const exact = evaluated.metrics.find(({ name, split }) => name === 'exact_match' && split === 'test');
  assert.ok(Math.abs(exact!.value! - 0.4) < 0.1);
  assert.deepEqual(Object.keys(recordOf(first.last, 'bias-check').outputs).sort(), ['distribution', 'groups', 'per-bucket', 'too-few']);
  assert.equal(recordOf(first.last, 'syntax-validate').outputs.validity, 1);
  assert.match(first.out, /✓ syntax-validate/);

  const broken = await run({ right: 0.7, broken: 0.3 }, 1);
  assert.equal(broken.code, 1, broken.out + broken.err);
  assert.match(broken.last.reason?.text ?? '', /^Validity: /);

  const better = await run({ right: 0.7, broken: 0 }, 2);
  assert.ok(better.last.promoted, better.out + better.err);
  assert.equal(recordOf(better.last, 'evaluate').comparison?.guards[0]?.metric, 'f1_score');
});
