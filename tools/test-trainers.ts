import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root, runProgram } from './process.ts';
import { pythonTools } from './python.ts';

/**
 * Runs the tests of the Python package in an environment made from the trainers' own locked requirements; its exit code.
 * Without a Python that can be used they are left out with a word about it, unless they are `required`.
 */
export async function testTrainers({ required }: { readonly required: boolean }): Promise<number> {
  const folder = join(root, 'trainers');
  const requirements = join(folder, 'requirements', 'tabular.lock');
  if (!existsSync(join(folder, 'tests')) || !existsSync(requirements)) return 0;
  const environment = await pythonTools(requirements);
  if ('failure' in environment) {
    console.error(`${required ? 'Failed' : 'Left out'}: the tests of the Python trainers, because ${environment.failure}`);
    return required ? 1 : 0;
  }
  return runProgram(join(environment.bin, 'python'), ['-m', 'unittest', 'discover', '-s', 'tests', '-t', '.'], {
    cwd: folder,
    env: {
      ...process.env,
      PATH: `${environment.bin}${delimiter}${process.env.PATH ?? ''}`,
      PYTHONDONTWRITEBYTECODE: '1',
    },
  });
}
