import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { captureProgram, root } from './process.ts';

/** A program that is only to be had as Go source, built once into `.cache`; `missing` says why it could not be had on this machine. */
export async function goProgram(module: string, version: string): Promise<{ readonly path: string } | { readonly missing: string }> {
  const name = module.split('/').at(-1) as string;
  const bin = join(root, '.cache', `${name}-${version.replace(/^v/, '')}`);
  const path = join(bin, process.platform === 'win32' ? `${name}.exe` : name);
  if (existsSync(path)) return { path };
  const source = `${module}@${version}`;
  const { code, output } = await captureProgram('go', ['install', source], { env: { ...process.env, GOBIN: bin, GOFLAGS: '' } });
  return code === 0 ? { path } : { missing: `${name} needs Go to be built (go install ${source}): ${output.trimEnd()}` };
}
