import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { captureProgram, root } from './process.ts';

const WINDOWS = process.platform === 'win32';
const CANDIDATES = ['python3', 'python', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];

/** A Python of at least 3.10 on the PATH, or undefined. */
export async function findPython(): Promise<string | undefined> {
  for (const name of CANDIDATES) {
    const { code } = await captureProgram(name, ['-c', 'import sys, venv; sys.exit(sys.version_info < (3, 10))']);
    if (code === 0) return name;
  }
  return undefined;
}

/**
 * A virtual environment under `.cache` with the packages of a requirements file; made once per content of that file.
 * Gives its `bin` folder, or the text of what went wrong.
 */
export async function pythonTools(requirements: string): Promise<{ readonly bin: string } | { readonly failure: string }> {
  const python = await findPython();
  if (python === undefined) return { failure: 'no Python 3.10 or newer with venv was found on the PATH' };
  const digest = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 16);
  const folder = join(root, '.cache', `python-${digest}`);
  const bin = join(folder, WINDOWS ? 'Scripts' : 'bin');
  if (existsSync(join(folder, 'complete'))) return { bin };

  await rm(folder, { recursive: true, force: true });
  await mkdir(join(root, '.cache'), { recursive: true });
  const made = await captureProgram(python, ['-m', 'venv', folder]);
  if (made.code !== 0) return { failure: `python -m venv failed:\n${made.output}` };
  const installed = await captureProgram(join(bin, WINDOWS ? 'python.exe' : 'python'), [
    '-m',
    'pip',
    'install',
    '--disable-pip-version-check',
    '--no-input',
    '--require-hashes',
    '-r',
    requirements,
  ]);
  if (installed.code !== 0) return { failure: `pip install -r ${requirements} failed:\n${installed.output}` };
  await writeFile(join(folder, 'complete'), '');
  return { bin };
}
