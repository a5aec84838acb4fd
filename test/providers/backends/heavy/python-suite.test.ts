import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCaptured } from '../../../../src/providers/backends/captured-run.ts';
import { trainerEnvironment } from '../../../../src/providers/backends/child-environment.ts';
import { trainerCommand } from '../../../../src/providers/backends/trainer-command.ts';
import { CACHE, never, ROOT, tabular } from '../trainer-jobs.ts';

test('the Python package passes its own tests in its managed environment', async () => {
  const place = { root: ROOT, workspace: ROOT, cache: CACHE, env: process.env, log: () => undefined };
  const { command } = await trainerCommand(tabular, { managed: true }, place, { signal: never, log: () => undefined });
  const ran = await runCaptured([command[0]!, '-m', 'unittest', 'discover', '-s', 'tests', '-t', '.'], {
    cwd: join(ROOT, 'trainers'),
    env: { ...trainerEnvironment(process.env), OMP_NUM_THREADS: '1' },
    signal: never,
    timeoutSeconds: 300,
    doing: 'The Python tests',
  });
  assert.equal(ran.code, 0, ran.tail.join('\n'));
  assert.match(ran.tail.join('\n'), /Ran [1-9]\d* tests/);
});
