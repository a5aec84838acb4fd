import { type ChildProcess, spawn } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ContentName, namesOfFile } from '../content-names.ts';
import type { CacheOrder, CacheReply } from './github-cache-child.ts';
import type { JobCache } from './job-cache.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface GitHubCacheOptions {
  readonly env: Environment;
  /** What starts {@link file://./github-cache-child.ts}: a program and its arguments. */
  readonly child: readonly string[];
  readonly log: (line: string) => void;
}

const RESTORE_SECONDS_MAX = 600;
const SAVE_SECONDS_MAX = 600;
const SAID_CHARS_MAX = 20_000;

/** What the process that speaks with the service may know: the service, the way to it, and programs. */
const FOR_CHILD = [
  'PATH',
  'HOME',
  'ACTIONS_RESULTS_URL',
  'ACTIONS_RUNTIME_TOKEN',
  'ACTIONS_CACHE_URL',
  'ACTIONS_CACHE_SERVICE_V2',
  'ACTIONS_CACHE_MODE',
  'GITHUB_SERVER_URL',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'NODE_EXTRA_CA_CERTS',
] as const;

/** Events whose runs hold code that nobody has merged, or that strangers can start. */
const TRUSTED_EVENTS = ['push', 'schedule', 'workflow_dispatch', 'repository_dispatch', 'workflow_call', 'release'];

/**
 * The cache of GitHub Actions. What comes from it is unpacked where no name in it can lead out of a new folder, digested, and believed only
 * file by file. Runs of unmerged code have keys of their own, so that no release job ever looks at what they kept.
 */
export function gitHubCache({ env, child, log }: GitHubCacheOptions): JobCache {
  const trust = TRUSTED_EVENTS.includes(env.GITHUB_EVENT_NAME ?? '') ? 'merged' : 'unmerged';
  const keyOf = (name: string): string => `retrain-${trust}-${name}`;
  // Absolute, because that is what the client takes; the same on every machine of one kind.
  const patternOf = (folder: string): string => join(folder, '*');

  async function asked(order: CacheOrder, workspace: string, more: Record<string, string>, seconds: number, signal: AbortSignal) {
    const temporary = await mkdtemp(join(dirname(workspace), '.cache-'));
    try {
      const own = Object.fromEntries(FOR_CHILD.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
      return await ask(child, order, { ...own, GITHUB_WORKSPACE: workspace, RUNNER_TEMP: temporary, ...more }, seconds, signal);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }

  return {
    async restore(name, folder, expected, signal, begins) {
      await mkdir(folder, { recursive: true });
      const arriving = await mkdtemp(`${folder}-`);
      try {
        const others = begins === undefined ? [] : [keyOf(begins)];
        const order: CacheOrder = { operation: 'restore', pattern: patternOf(folder), key: keyOf(name), others };
        // Every name and every target of a link becomes one without a slash.
        const flat = { TAR_OPTIONS: '--transform=s,/,_,g' };
        const { done, failure } = await asked(order, arriving, flat, RESTORE_SECONDS_MAX, signal);
        if (failure !== undefined) log(`Nothing came from the cache: ${failure}`);
        return done ? await believed(arriving, folder, expected, log, signal) : [];
      } catch (error) {
        return unlessAborted(error, 'Nothing came from the cache', signal, log) ?? [];
      } finally {
        await rm(arriving, { recursive: true, force: true });
      }
    },

    async save(name, folder, signal) {
      try {
        const order: CacheOrder = { operation: 'save', pattern: patternOf(folder), key: keyOf(name), others: [] };
        const { failure } = await asked(order, folder, {}, SAVE_SECONDS_MAX, signal);
        if (failure !== undefined) log(`Nothing was kept for later jobs: ${failure}`);
      } catch (error) {
        unlessAborted(error, 'Nothing was kept for later jobs', signal, log);
      }
    },
  };
}

/** Moves the files that are what was expected to `folder`; the others stay behind and are told. */
async function believed(
  arriving: string,
  folder: string,
  expected: ReadonlySet<ContentName>,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const names: string[] = [];
  for (const name of (await readdir(arriving)).sort()) {
    const path = join(arriving, name);
    const known = (await lstat(path)).isFile() && [...(await namesOfFile(path, expected, signal)).names].some((each) => expected.has(each));
    if (known) {
      await rename(path, join(folder, name));
      names.push(name);
    } else log(`Discarded ${JSON.stringify(name)} from the cache: its digest is none that is expected.`);
  }
  return names;
}

/** A cache that does not work is no reason to stop. */
function unlessAborted(error: unknown, what: string, signal: AbortSignal, log: (line: string) => void): undefined {
  signal.throwIfAborted();
  log(`${what}: ${error instanceof Error ? error.message : String(error)}`);
}

async function ask(
  [program = '', ...args]: readonly string[],
  order: CacheOrder,
  env: Readonly<Record<string, string | undefined>>,
  seconds: number,
  signal: AbortSignal,
): Promise<CacheReply> {
  signal.throwIfAborted();
  const child = spawn(program, args, { env, detached: process.platform !== 'win32', stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  const said = listen(child);
  const end = AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)]);
  const stop = () => killGroup(child);
  end.addEventListener('abort', stop, { once: true });
  try {
    const reply = await new Promise<CacheReply | undefined>((resolve, reject) => {
      let found: CacheReply | undefined;
      child.once('error', reject);
      child.once('message', (message) => {
        found = message as CacheReply;
      });
      child.once('close', () => resolve(found));
      child.send(order, (error) => error && reject(error));
    });
    signal.throwIfAborted();
    if (end.aborted) return { done: false, failure: `no answer within ${seconds} s` };
    return { done: reply?.done ?? false, failure: reply?.failure ?? complaintIn(said()) };
  } finally {
    end.removeEventListener('abort', stop);
    stop();
  }
}

function listen(child: ChildProcess): () => string {
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      if (said.length < SAID_CHARS_MAX) said += text;
    });
  }
  return () => said;
}

/** The client swallows what goes wrong and prints it as a command of the runner. */
const complaintIn = (said: string): string | undefined => /^::(?:warning|error)::(.+)$/m.exec(said)?.[1];

/** The child and the tar it may have started. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
