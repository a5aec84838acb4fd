import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** A folder of a test's own, removed when the test ends. */
export async function scratchFolder(test: Pick<TestContext, 'after'>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'retrain-test-'));
  test.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The signal of somebody who waits. */
export const patience = new AbortController().signal;
