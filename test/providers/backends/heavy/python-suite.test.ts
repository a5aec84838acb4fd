import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCaptured } from '../../../../src/providers/backends/captured-run.ts';
import { trainerEnvironment } from '../../../../src/providers/backends/child-environment.ts';
import { trainerCommand } from '../../../../src/providers/backends/trainer-command.ts';
import { CACHE, never, ROOT, tabular, textToSql } from '../trainer-jobs.ts';

const SUITES = [
  { name: 'tabular', trainer: tabular, discover: ['-s', 'tests', '-t', '.'], seconds: 300 },
  // Its environment is some gigabytes; one that is at hand can be named.
  {
    name: 'text-to-sql',
    trainer: textToSql,
    discover: ['-s', 'tests/text_to_sql'],
    seconds: 1_800,
    python: process.env.RETRAIN_TEST_TORCH_PYTHON,
  },
] as const;

for (const { name, trainer, discover, seconds, ...own } of SUITES) {
  const python = 'python' in own && own.python !== undefined ? { python: own.python, managed: false } : { managed: true };
  test(`the Python package passes its own tests in the environment of ${name}`, async () => {
    const place = { root: ROOT, workspace: ROOT, cache: CACHE, env: process.env, log: () => undefined };
    const { command } = await trainerCommand(trainer, python, place, { signal: never, log: () => undefined });
    const ran = await runCaptured([command[0]!, '-W', 'ignore', '-m', 'unittest', 'discover', ...discover], {
      cwd: join(ROOT, 'trainers'),
      env: { ...trainerEnvironment(process.env), OMP_NUM_THREADS: '1' },
      signal: never,
      timeoutSeconds: seconds,
      doing: 'The Python tests',
    });
    assert.equal(ran.code, 0, ran.tail.join('\n'));
    assert.match(ran.tail.join('\n'), /Ran [1-9]\d* tests/);
  });
}
