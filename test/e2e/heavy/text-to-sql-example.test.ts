import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Project, ROOT, recordOf } from '../support.ts';

/** Trains for real: the trainer's environment is built once (5 GB on Linux), then each run takes a minute or two of one core. */
test('examples/text-to-sql: a T5 trained from nothing, then LoRA on that champion when more pairs arrive', {
  timeout: 3_600_000,
}, async () => {
  await using project = await Project.make();
  await project.copy(join(ROOT, 'examples/text-to-sql'), '.');
  const arrive = (month: string) => cp(join(project.folder, 'months', month), join(project.folder, 'data', month));
  // Where an environment is at hand already: its interpreter.
  const python = process.env.RETRAIN_TEST_TORCH_PYTHON;
  const given = python === undefined ? [] : ['--set', `train.python={python: ${JSON.stringify(python)}, managed: false}`];
  const run = async () => {
    const ended = await project.retrain(['run', 'pipelines/sql.yaml', ...given], installing());
    return { ...ended, last: (await project.runs('pipelines/.retrain').catch(() => project.runs())).at(-1)! };
  };

  await arrive('2026-01.csv');
  const first = await run();
  assert.equal(first.code, 0, first.out + first.err);
  assert.ok(first.last.promoted);
  const exact = recordOf(first.last, 'evaluate').metrics.find(({ name, split }) => name === 'exact_match' && split === 'test')!;
  assert.ok(exact.value! >= 0.6, `exact match ${exact.value}`);
  assert.ok(recordOf(first.last, 'evaluate').metrics.some(({ name }) => name === 'execution'));
  assert.equal(recordOf(first.last, 'train').curves[0]?.name, 'history');

  const again = await run();
  assert.match(again.out, /nothing changed|skipped/i);

  await arrive('2026-02.csv');
  const second = await run();
  assert.equal(second.code, 0, second.out + second.err);
  assert.equal(recordOf(second.last, 'fetch-model').outputs['base-uri'], 'registry:sql/1');
  assert.equal(recordOf(second.last, 'evaluate').comparison?.verdict, 'better');
  assert.ok(second.last.promoted);
  const model = join('.retrain/registry/sql/versions/2/model/index.json');
  const { parameters } = (await project.json(model)) as { parameters: { tuning: string } };
  assert.equal(parameters.tuning, 'lora');
});

/** What installing needs of the environment, as a user's terminal has it. */
const installing = (): Record<string, string> =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(PIP_|HTTPS?_PROXY|NO_PROXY|SSL_CERT)/i.test(name))) as Record<
    string,
    string
  >;
