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
    'id,input_text,db_id,sql_complexity,sql',
    ...Array.from(
      { length: 600 + more },
      (_, i) => `q${i},what is x of ${i}?,shop,${i % 3 ? 'basic SQL' : 'subqueries'},SELECT name FROM tq${i} WHERE x = 1`,
    ),
  ].join('\n');

const skilled = async (project: Project) => {
  await project.copy(join(ROOT, 'test/e2e/fixtures/sql-trainer.mjs'), 'sql-trainer.mjs');
  let more = 0;
  return async (skill: { right: number; broken?: number; weak?: boolean }) => {
    await project.write('skill.json', JSON.stringify({ broken: 0, ...skill }));
    await project.write('data.csv', `${rows(more++)}\n`);
    const ended = await project.retrain(['run', 'sql.yaml']);
    return { ...ended, last: await project.lastRun() };
  };
};

test('a model of SQL is measured, bucketed, checked and promoted; one whose SQL is broken is refused', async () => {
  await using project = await Project.make({ 'sql.yaml': PIPELINE });
  const run = await skilled(project);

  const first = await run({ right: 0.4 });
  assert.equal(first.code, 0, first.out + first.err);
  assert.ok(first.last.promoted);
  const [table] = recordOf(first.last, 'train').tables.filter(({ name }) => name === 'algorithms');
  assert.deepEqual([table?.title, table?.columns], ['Algorithms, not cross-validated', ['algorithm', 'seconds', 'chosen']]);
  const evaluated = recordOf(first.last, 'evaluate');
  const exact = evaluated.metrics.find(({ name, split }) => name === 'exact_match' && split === 'test');
  assert.ok(Math.abs(exact!.value! - 0.4) < 0.1);
  assert.deepEqual(Object.keys(recordOf(first.last, 'bias-check').outputs).sort(), ['distribution', 'groups', 'per-bucket', 'too-few']);
  assert.equal(recordOf(first.last, 'syntax-validate').outputs.validity, 1);
  assert.match(first.out, /✓ syntax-validate/);
  const kept = (await project.json('.retrain/registry/sql/versions/1/metadata.json')) as { metadata: Record<string, never> };
  assert.deepEqual(Object.keys(kept.metadata.verdicts!), ['evaluate', 'bias-check', 'syntax-validate'], 'the version says who judged it');
  assert.equal((kept.metadata.performance as { test: Record<string, number> }).test.syntax_overall, 1);

  const broken = await run({ right: 0.7, broken: 0.3 });
  assert.equal(broken.code, 1, broken.out + broken.err);
  assert.match(broken.last.reason?.text ?? '', /^Validity: /);

  const better = await run({ right: 0.7 });
  assert.ok(better.last.promoted, better.out + better.err);
  assert.equal(recordOf(better.last, 'evaluate').comparison?.guards[0]?.metric, 'f1_score');
  assert.deepEqual(await project.json('.retrain/registry/sql/versions/2/model/skill.json'), {
    right: 0.7,
    broken: 0,
    columns: ['id', 'sql', 'input_text', 'db_id'],
    features: [],
    base: 0.4,
  });
});

test('exact match up within noise keeps the champion, and so does exact match up with token F1 down by more than the margin', async () => {
  await using project = await Project.make({ 'sql.yaml': PIPELINE });
  const run = await skilled(project);
  assert.ok((await run({ right: 0.5 })).last.promoted);

  const noise = await run({ right: 0.51 });
  assert.equal(noise.code, 0, noise.out + noise.err);
  assert.ok(!noise.last.promoted);
  assert.equal(recordOf(noise.last, 'promote').verdict?.kind, 'skipped');
  assert.equal(recordOf(noise.last, 'evaluate').comparison?.verdict, 'not-better');
  assert.match(noise.out, /rests\s+on\s+the\s+\d+\s+rows\s+on\s+which\s+the\s+two\s+differ/, 'the interval alone lies above 0');

  const worse = await run({ right: 0.6, weak: true });
  assert.equal(worse.code, 0, worse.out + worse.err);
  assert.ok(!worse.last.promoted);
  const comparison = recordOf(worse.last, 'evaluate').comparison!;
  assert.equal(comparison.verdict, 'not-better');
  assert.equal(comparison.primary?.verdict, 'better', 'exact match alone');
  assert.equal(comparison.guards[0]?.verdict, 'worse', 'token F1');
  assert.match(worse.out, /✓ evaluate .*; not better than version 1 \(f1_score −0\.\d+ \[/);
});

test('register.when: after-train registers before anything is judged; a refusal becomes a tag, and no alias moves', async () => {
  await using project = await Project.make({ 'sql.yaml': `${PIPELINE}register: { when: after-train }\n` });
  const run = await skilled(project);
  const first = await run({ right: 0.5 });
  assert.ok(first.last.promoted, first.out + first.err);
  const order = first.last.records.map(({ stage }) => stage);
  assert.ok(order.indexOf('register') < order.indexOf('evaluate'), order.join(' '));

  const broken = await run({ right: 0.7, broken: 0.3 });
  assert.equal(broken.code, 1, broken.out + broken.err);
  assert.equal(recordOf(broken.last, 'register').outputs.version, 2);
  const { champion, staging } = await project.json('.retrain/registry/sql/aliases.json');
  assert.deepEqual([champion, staging], [1, undefined]);
  const shown = await project.retrain(['registry', 'show', 'sql', '2', '--json']);
  const { tags } = JSON.parse(shown.out) as { tags: Record<string, string> };
  assert.equal(tags.verdict, 'refused');
  assert.match(tags.reason ?? '', /^Validity: /);
});

test('init: a target of SQL statements is text-to-SQL, not a class for each; the question is the column of texts that is left', async () => {
  await using project = await Project.make({
    'pairs.csv': `pair,db_id,asked,answer\n${[1, 2, 3].map((n) => `p${n},shop,What is ${n}?,"${n === 1 ? 'with a as (select 1) ' : ''}SELECT ${n}"`).join('\n')}\n`,
  });
  const init = await project.retrain(['init', 'sql', '--data', 'pairs.csv', '--target', 'answer', '--key', 'pair']);
  assert.equal(init.code, 0, init.err);
  const written = await project.read('pipelines/sql.yaml');
  assert.match(written, /^task: text-to-sql$/m);
  assert.match(written, /template: "\{asked\}"/);
  const check = await project.retrain(['check', 'pipelines/sql.yaml']);
  assert.equal(check.code, 0, check.out + check.err);
});
