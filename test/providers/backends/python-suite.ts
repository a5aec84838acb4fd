import assert from 'node:assert/strict';
import { globSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { TrainerSource } from '../../../src/providers/backends/backend.ts';
import { runCaptured } from '../../../src/providers/backends/captured-run.ts';
import { trainerEnvironment } from '../../../src/providers/backends/child-environment.ts';
import { trainerCommand } from '../../../src/providers/backends/trainer-command.ts';
import { CACHE, never, ROOT } from './trainer-jobs.ts';

export interface PythonSuite {
  /** In whose environment the tests run. */
  readonly trainer: TrainerSource;
  /** An interpreter to use instead of making that environment. */
  readonly python?: string | undefined;
  /** Under `trainers`; the tests of its folders belong to it, but for those that another environment runs. */
  readonly folder: string;
  readonly apart?: string;
  /** What `unittest discover` is told. */
  readonly discover: readonly string[];
  readonly seconds: number;
}

/** Runs the Python tests that lie in a folder, all of them: as many as are written there have run, and none was left out. */
export async function passes(t: TestContext, { trainer, python, folder, apart, discover, seconds }: PythonSuite): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  const choice = python === undefined ? { managed: true } : { python, managed: false };
  const place = { root: ROOT, workspace: ROOT, cache: CACHE, env: process.env, log: () => undefined };
  const { command } = await trainerCommand(trainer, choice, place, { signal: never, log: () => undefined });
  const lines: string[] = [];
  const { code } = await runCaptured([command[0]!, '-W', 'ignore', '-m', 'unittest', 'discover', ...discover], {
    cwd: join(ROOT, 'trainers'),
    env: { ...trainerEnvironment(process.env), OMP_NUM_THREADS: '1' },
    signal: never,
    timeoutSeconds: seconds,
    doing: 'The Python tests',
    onLine: (line) => lines.push(line),
  });
  const said = lines.slice(-200).join('\n');
  assert.equal(code, 0, said);
  const written = globSync('**/test_*.py', {
    cwd: join(ROOT, 'trainers', folder),
    exclude: apart === undefined ? [] : [`${apart}/**`],
  }).flatMap((file) => readFileSync(join(ROOT, 'trainers', folder, file), 'utf8').match(/^ {4}def test_/gm) ?? []).length;
  assert.deepEqual([Number(/Ran (\d+) tests? in/.exec(said)?.[1]), /skipped/.test(said)], [written, false], said);
  t.diagnostic(`${written} Python tests of trainers/${folder}`);
}
