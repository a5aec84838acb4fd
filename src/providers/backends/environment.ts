import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../../kernel/digest.ts';
import { codeOf, explainFileError, writeWhole } from '../../kernel/durable-file.ts';
import { UserError, WorldError } from '../../kernel/errors.ts';
import { withFileLock } from '../../kernel/file-lock.ts';
import type { JobCache } from '../caches/job-cache.ts';
import { runCaptured } from './captured-run.ts';
import type { Python } from './python.ts';

/** A virtual environment made from a lock, complete and ready. */
export interface ManagedEnvironment {
  readonly folder: string;
  /** Its interpreter. */
  readonly python: string;
}

export interface EnvironmentOrder {
  /** Requirements with hashes, every one pinned. */
  readonly lock: string;
  readonly python: Python;
  readonly cache: string;
  /** With the way to the package registry; see {@link installerEnvironment}. */
  readonly env: Readonly<Record<string, string>>;
  /** Asked for the packages first, and given them where they had to be fetched. */
  readonly jobCache?: JobCache;
  /** Imported once after installing, so that the first job does not pay for compiling. */
  readonly warmUp?: readonly string[];
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

const MARKER = 'retrain-environment.json';
const BUILD_SECONDS_MAX = 1_200;
const WAIT_SECONDS_MAX = 1_260;

/** Names the environment: same lock, Python and platform, same environment. */
export function environmentDigest(lock: string, python: Python): string {
  return sha256(JSON.stringify([lock, python.version, python.platform, python.file])).slice(0, 32);
}

/**
 * The environment of a lock: the one that is there, or a new one. Two processes at once build it once; a build that was killed
 * leaves no marker and is built again. Throws `UserError` for a lock that cannot be satisfied, `WorldError` for a network that fails.
 */
export async function managedEnvironment(order: EnvironmentOrder): Promise<ManagedEnvironment> {
  const folder = join(order.cache, 'environments', environmentDigest(order.lock, order.python));
  const environment = { folder, python: pythonIn(folder) };
  if (await isComplete(environment)) return environment;
  try {
    await mkdir(join(order.cache, 'environments'), { recursive: true });
    await withFileLock(
      `${folder}.lock`,
      async () => {
        if (await isComplete(environment)) return;
        await build(environment, order);
      },
      { signal: order.signal, log: order.log, waitSeconds: WAIT_SECONDS_MAX },
    );
  } catch (error) {
    throw explainFileError(error, 'build the trainer environment', folder);
  }
  return environment;
}

const pythonIn = (folder: string): string =>
  process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');

/** Has its marker, and the interpreter it was made from is still there (its own is a link to it). */
async function isComplete({ folder, python }: ManagedEnvironment): Promise<boolean> {
  try {
    await Promise.all([stat(join(folder, MARKER)), stat(python)]);
  } catch {
    return false;
  }
  // Cleaning the cache goes by last use.
  const now = new Date();
  await utimes(join(folder, MARKER), now, now).catch(() => undefined);
  return true;
}

async function build({ folder, python }: ManagedEnvironment, order: EnvironmentOrder): Promise<void> {
  const { log, signal, env } = order;
  const started = performance.now();
  log(`Building the trainer's environment (Python ${order.python.version}); this happens once.`);
  await rm(folder, { recursive: true, force: true });
  try {
    const made = await runCaptured([order.python.executable, '-I', '-m', 'venv', folder], {
      cwd: order.cache,
      env,
      signal,
      timeoutSeconds: 120,
      doing: 'Making the virtual environment',
    });
    if (made.code !== 0) throw cannotMake(order.python, made.tail);
    const requirements = join(folder, 'requirements.lock');
    await writeFile(requirements, order.lock);
    await install(python, requirements, order);
    if (order.warmUp?.length) {
      await runCaptured([python, '-c', `import ${order.warmUp.join(', ')}`], {
        cwd: folder,
        env,
        signal,
        timeoutSeconds: 120,
        doing: 'Trying the environment',
      });
    }
    const facts = { python: order.python.version, platform: order.python.platform, base: order.python.executable };
    await writeWhole(join(folder, MARKER), `${JSON.stringify(facts)}\n`);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  log(`Built the trainer's environment in ${((performance.now() - started) / 1_000).toFixed(0)} s.`);
}

const PIP_OPTIONS = ['--disable-pip-version-check', '--no-input', '--progress-bar=off', '--retries=2', '--timeout=20'];
/** Whatever way a package came, it is one of those whose hash the lock names. */
const PIP_CHOICE = ['--require-hashes', '--only-binary=:all:', '--no-deps'];
const PIP_INSTALL = ['install', ...PIP_OPTIONS, ...PIP_CHOICE, '--no-compile', '--no-warn-script-location'];

async function install(python: string, requirements: string, order: EnvironmentOrder): Promise<void> {
  if (!order.jobCache) return mustPip([...PIP_INSTALL, '-r', requirements], python, order);
  const hashes = new Set(Array.from(order.lock.matchAll(/--hash=sha256:([0-9a-f]{64})/g), ([, hash]) => hash as string));
  const name = packagesName(order);
  const folder = join(order.cache, 'packages', name);
  const offline = [...PIP_INSTALL, '--no-index', '--find-links', folder, '-r', requirements];
  try {
    const kept = await order.jobCache.restore(name, folder, hashes, order.signal);
    if (kept.length > 0) {
      order.log(`${kept.length} packages come from the cache; each is what the lock says.`);
      if ((await pip(offline, python, order)).code === 0) return;
      order.log('They are not all there, or not for this machine; the rest is fetched.');
    }
    await mustPip(['download', ...PIP_OPTIONS, ...PIP_CHOICE, '-d', folder, '-r', requirements], python, order);
    await mustPip(offline, python, order);
    await order.jobCache.save(name, folder, order.signal);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same packages serve every patch of a minor version. */
const packagesName = ({ lock, python }: EnvironmentOrder): string =>
  `packages-${sha256(JSON.stringify([lock, python.minor, python.platform])).slice(0, 32)}`;

async function mustPip(args: readonly string[], python: string, order: EnvironmentOrder): Promise<void> {
  const { said, ...exit } = await pip(args, python, order);
  if (exit.code !== 0) throw cannotInstall(said, exit);
}

async function pip(args: readonly string[], python: string, order: EnvironmentOrder) {
  const said: string[] = [];
  const exit = await runCaptured([python, '-I', '-m', 'pip', ...args], {
    cwd: order.cache,
    env: order.env,
    signal: order.signal,
    timeoutSeconds: BUILD_SECONDS_MAX,
    doing: 'Installing the trainer’s requirements',
    onLine: (line) => {
      said.push(line);
      if (said.length > 400) said.shift();
      const step = /^\s*(Collecting \S+|Installing collected packages)/.exec(line)?.[1];
      if (step) order.log(step.split(' @ ')[0]!);
    },
  });
  return { ...exit, said };
}

function cannotMake(python: Python, tail: readonly string[]): Error {
  const last = tail.join('\n');
  if (/No space left|ENOSPC|Errno 28/.test(last)) return diskFull();
  return new UserError('environment-failed', `${python.executable} could not make a virtual environment:\n${last}`, {
    todo: 'Debian and Ubuntu: apt install python3-venv. Or name another Python with train.python.python.',
  });
}

const diskFull = (): WorldError =>
  new WorldError('disk-full', 'No space is left for the trainer’s environment. Nothing was left half there.', {
    todo: 'Free some space (`retrain cache prune` frees the cache) and run again.',
  });

const NETWORK_SIGNS =
  /NewConnectionError|Failed to establish|NameResolutionError|Temporary failure in name resolution|getaddrinfo|Connection refused|ConnectTimeout|ReadTimeout|Read timed out|ProxyError|Connection reset|ConnectionResetError|RemoteDisconnected|IncompleteRead|SSLError|HTTP error 5\d\d|HTTPError: 5\d\d|HTTPError: 429|Network is unreachable/;

/** What pip's last lines mean: whose fault, and what to do. */
function cannotInstall(said: readonly string[], exit: { readonly code?: number; readonly signal?: string }): Error {
  const text = said.join('\n');
  const last = said.filter((line) => /^\s*(ERROR|error|WARNING: Retrying)/.test(line)).slice(-4);
  const detail = (last.length > 0 ? last : said.slice(-4)).join('\n');
  const requirement = /(?:No matching distribution found for|Could not find a version that satisfies the requirement) ([^\s(]+)/.exec(
    text,
  )?.[1];
  if (exit.signal) {
    return new WorldError('install-killed', `Installing the trainer's requirements was ended by ${exit.signal}.`, { todo: 'Run again.' });
  }
  if (/DO NOT MATCH THE HASHES|THESE PACKAGES DO NOT MATCH/i.test(text)) {
    const expected = /Expected sha256 (\S+)/.exec(text)?.[1];
    const got = /Got\s+(\S+)/.exec(text)?.[1];
    const package_ = /THE HASHES[\s\S]*?\n\s+(\S+==\S+)/i.exec(text)?.[1] ?? 'A package';
    return new UserError(
      'hash-mismatch',
      `${package_} is not the file the lock names${expected ? `: expected SHA-256 ${expected}, found ${got}` : ''}.`,
      { todo: 'Do not install it: check where your packages come from (mirror, proxy), and the lock.' },
    );
  }
  if (/No space left on device|Errno 28/.test(text)) return diskFull();
  if (NETWORK_SIGNS.test(text)) {
    return new WorldError(
      'no-network',
      `The package registry cannot be reached${requirement ? ` (looking for ${requirement})` : ''}:\n${detail}`,
      { todo: 'Check the network and the proxy settings, then run again.' },
    );
  }
  if (requirement) {
    return new UserError('requirement-not-available', `There is no ready-made package of ${requirement} for this Python and platform.`, {
      todo: 'Use another Python version (train.python.python); 3.10 to 3.13 on Linux (glibc 2.28), macOS and Windows are known to work.',
    });
  }
  return new UserError('install-failed', `pip ended with exit code ${exit.code}:\n${detail}`, { todo: 'See the lines above.' });
}

/** Text of a lock that comes with Retrain; `UserError` when there is no such trainer. */
export async function readLock(root: string, name: string): Promise<string> {
  const path = join(root, 'trainers', 'requirements', `${name}.lock`);
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    throw new UserError('unknown-trainer', `There is no trainer ${name}: ${path} does not exist.`, {
      todo: 'Name a trainer that comes with Retrain (tabular, text-to-sql), or use train.command for your own.',
    });
  }
}
