import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ended, Project } from './support.ts';

/** The terminal ended with `code` and said all of `words`, without a stack trace, and left nothing half done. */
export async function assertRefused(project: Project, ended: Ended, code: number, words: readonly RegExp[]): Promise<void> {
  const said = ended.out + ended.err;
  assert.equal(ended.code, code, said);
  for (const word of words) assert.match(said, word);
  assert.doesNotMatch(said, /^\s+at .+:\d+:\d+\)?$/m, 'no stack trace');
  await assertNothingHalfDone(project);
}

/** No version, no file that is being written, no lock. */
export async function assertNothingHalfDone(project: Project, home = '.retrain'): Promise<void> {
  const found = await readdir(join(project.folder, home), { recursive: true }).catch(() => []);
  const left = found.filter(
    (path) => /\.tmp$|\.partial|\.lock$|\.retrain-trace\.log$|versions\/\d+/.test(path) && !path.endsWith('environment.lock'),
  );
  assert.deepEqual(left, []);
}
