import { execFileSync } from 'node:child_process';
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

/** A small disk. Real mounts need the rights for them; elsewhere the test says loudly that it proved nothing. */
export async function mounted(context: Pick<TestContext, 'after' | 'diagnostic'>, options: string): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'retrain-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'pipe' });
  } catch (error) {
    context.diagnostic(`NOT PROVEN HERE: no right to mount a tmpfs (${error instanceof Error ? error.message.split('\n')[0] : error})`);
    await rm(folder, { recursive: true });
    return undefined;
  }
  context.after(async () => {
    execFileSync('umount', [folder]);
    await rm(folder, { recursive: true });
  });
  return folder;
}

/** The signal of somebody who waits. */
export const patience = new AbortController().signal;
