import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { captureProgram, root } from './process.ts';

/** A Python with packages of PyPI, installed once into `.cache`; `missing` says why it could not be had on this machine. */
export async function pythonWith(
  name: string,
  requirements: readonly string[],
): Promise<{ readonly path: string } | { readonly missing: string }> {
  const folder = join(root, '.cache', name);
  const path = join(folder, ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']));
  if (existsSync(path)) return { path };
  const steps = [
    ['python3', '-m', 'venv', folder],
    [path, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...requirements],
  ] as const;
  for (const [program, ...args] of steps) {
    const { code, output } = await captureProgram(program, args, {});
    if (code === 0) continue;
    await rm(folder, { recursive: true, force: true });
    return { missing: `Python with ${requirements.join(', ')} could not be installed: ${output.trimEnd()}` };
  }
  return { path };
}
