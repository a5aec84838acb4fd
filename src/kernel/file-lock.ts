import { randomBytes } from 'node:crypto';
import { link, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { codeOf, partialName } from './durable-file.ts';
import { WorldError } from './errors.ts';
import { livenessOf, ownerSchema, thisProcess } from './process-owner.ts';

const lockSchema = z.object({ ...ownerSchema.shape, token: z.string(), since: z.string() });
type LockFile = z.infer<typeof lockSchema>;

export interface LockOptions {
  readonly signal: AbortSignal;
  readonly log?: (line: string) => void;
  /** How long to wait for a living holder; 30 by default. */
  readonly waitSeconds?: number;
}

/** A lock file that cannot be read is believed to be in the making for this long. */
const UNREADABLE_GRACE_MS = 10_000;
const POLL_MS_MAX = 50;
/** A take-over is itself guarded by a lock; deeper than this, something else is wrong. */
const TAKE_OVER_DEPTH_MAX = 3;

/**
 * Runs `work` while no other process holds the lock file `path`. The file names its holder (process number, start time, host);
 * the lock of a dead process is taken over, with a word through `log`. Not reentrant.
 *
 * Throws `WorldError` `locked` when a living holder, or one on another machine, keeps it for too long.
 */
export async function withFileLock<T>(path: string, work: () => Promise<T>, options: LockOptions): Promise<T> {
  const token = await acquire(path, options, 0);
  try {
    return await work();
  } finally {
    const held = await readLock(path);
    if (held.state === 'held' && held.lock.token === token) await rm(path, { force: true });
  }
}

/** Whether a process that lives, or may live on another machine, holds the lock file. */
export async function isLocked(path: string): Promise<boolean> {
  const found = await readLock(path);
  return found.state !== 'absent' && !isStale(found);
}

/** Whether nobody on this machine can say if the holder lives: it is on another one, or in another container, or cannot be read. */
export async function isLockedElsewhere(path: string): Promise<boolean> {
  const found = await readLock(path);
  return found.state === 'unreadable' || (found.state === 'held' && livenessOf(found.lock) === 'unknown');
}

async function acquire(path: string, options: LockOptions, depth: number): Promise<string> {
  const token = randomBytes(12).toString('hex');
  const content = `${JSON.stringify({ ...thisProcess(), token, since: new Date().toISOString() } satisfies LockFile)}\n`;
  const until = Date.now() + (options.waitSeconds ?? 30) * 1_000;

  for (let pause = 2; ; pause = Math.min(pause * 2, POLL_MS_MAX)) {
    options.signal.throwIfAborted();
    if (await createExclusively(path, content)) return token;

    const found = await readLock(path);
    if (found.state === 'absent') continue;
    if (isStale(found)) {
      await takeOver(path, options, depth);
      continue;
    }
    if (Date.now() >= until) throw lockedError(path, found);
    await sleep(pause * (0.5 + Math.random()));
  }
}

/** Creates the lock with its content in one step, so that nobody ever reads an unfinished one. */
async function createExclusively(path: string, content: string): Promise<boolean> {
  const partial = partialName(path);
  try {
    await writeFile(partial, content, { flag: 'wx' });
    await link(partial, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(codeOf(error))) throw error;
    return await createWithoutLinks(path, content);
  } finally {
    await rm(partial, { force: true });
  }
}

/** For file systems without hard links; a crash between creating and writing is what the grace for unreadable locks is for. */
async function createWithoutLinks(path: string, content: string): Promise<boolean> {
  try {
    await using file = await open(path, 'wx');
    await file.writeFile(content);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

type Found =
  | { readonly state: 'absent' }
  | { readonly state: 'held'; readonly lock: LockFile }
  | { readonly state: 'unreadable'; readonly ageMs: number };

async function readLock(path: string): Promise<Found> {
  try {
    const parsed = lockSchema.safeParse(parseQuietly(await readFile(path, 'utf8')));
    if (parsed.success) return { state: 'held', lock: parsed.data };
    return { state: 'unreadable', ageMs: Date.now() - (await stat(path)).mtimeMs };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { state: 'absent' };
    throw error;
  }
}

function parseQuietly(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isStale(found: Exclude<Found, { state: 'absent' }>): boolean {
  return found.state === 'unreadable' ? found.ageMs > UNREADABLE_GRACE_MS : livenessOf(found.lock) === 'dead';
}

/**
 * Removes a stale lock. Two processes that both found it stale must not remove each other's new lock, so removing is done under
 * a lock of its own, after a second look; that one is taken over in the same way.
 */
async function takeOver(path: string, options: LockOptions, depth: number): Promise<void> {
  if (depth >= TAKE_OVER_DEPTH_MAX) {
    throw new WorldError('locked', `The lock ${path} was left behind, and so were those of processes that tried to clear it.`, {
      todo: `When no Retrain is running, delete ${path}* and run again.`,
    });
  }
  const guard = `${path}.clearing`;
  const token = await acquire(guard, options, depth + 1);
  try {
    const found = await readLock(path);
    if (found.state === 'absent' || !isStale(found)) return;
    await rm(path, { force: true });
    const whose =
      found.state === 'held' ? `process ${found.lock.pid}, which has ended (held since ${found.lock.since})` : 'nobody that can be read';
    options.log?.(`Recovered the lock ${path} of ${whose}.`);
  } finally {
    const held = await readLock(guard);
    if (held.state === 'held' && held.lock.token === token) await rm(guard, { force: true });
  }
}

function lockedError(path: string, found: Exclude<Found, { state: 'absent' }>): WorldError {
  if (found.state === 'unreadable')
    return new WorldError('locked', `The lock ${path} is held, but does not say by whom.`, { todo: 'Run again.' });
  const { pid, host, since } = found.lock;
  return new WorldError('locked', `The lock ${path} is held by process ${pid} on ${host} since ${since}.`, {
    todo: `Run again when it has ended. If that process is gone (a machine or container that no longer exists), delete ${path}.`,
  });
}
