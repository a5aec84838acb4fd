import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const GH = join(import.meta.dirname, 'gh.mjs');

/** A folder with a program `gh`, for the PATH of a runner. */
export async function ghOnPath(folder: string): Promise<string> {
  const bin = join(folder, 'gh-bin');
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'gh'), `#!/bin/sh\nexec "${process.execPath}" "${GH}" "$@"\n`);
  await chmod(join(bin, 'gh'), 0o755);
  return bin;
}
