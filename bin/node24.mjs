// Plain JavaScript for Node 20 and newer, without packages: it runs before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join, parse } from 'node:path';
import process from 'node:process';

/** Retrain's sources are TypeScript that Node runs as they stand; that begins with this major. */
export const NODE_MAJOR = 24;

/** Platforms for which npm has Node as a package. */
const PACKAGED = new Set(['linux-x64', 'linux-arm64', 'darwin-x64', 'win-x64']);
const WINDOWS = process.platform === 'win32';

/** Is the process that runs this new enough itself? */
export const newEnough = () => majorOf(process.version) >= NODE_MAJOR;

/**
 * Path of a Node that is new enough: this one, the one installed beside the packages, or one on the PATH.
 * Undefined when there is none.
 */
export function findNode(root) {
  if (newEnough()) return process.execPath;
  return [...packagedNodes(root), ...nodesOnPath()].find(runsNewEnough);
}

/** Can npm bring Node to this platform? */
export const packagedHere = () => PACKAGED.has(platformName());

/** What to tell somebody whose machine has no Node that is new enough and cannot get one by npm. */
export function noNodeMessage() {
  const platform = platformName();
  const why = packagedHere()
    ? `The package node-${platform}, which brings it, is not installed or does not run here.`
    : `npm has no Node for this platform (${platform}).`;
  return `Retrain needs Node ${NODE_MAJOR} or newer; this is ${process.version}. ${why}\nInstall Node ${NODE_MAJOR} (https://nodejs.org/en/download) so that "node" or "node${NODE_MAJOR}" on the PATH is that one, then run the same command again.`;
}

/** Puts a Node's folder first on the PATH, for the children of this process. */
export function preferOnPath(node) {
  const folder = dirname(node);
  const name = Object.keys(process.env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH';
  const folders = (process.env[name] ?? '').split(delimiter);
  if (folders[0] !== folder) process.env[name] = [folder, ...folders].join(delimiter);
}

/** Runs `node ...args` in this process's place: same terminal, same signals, same exit code. Does not return. */
export async function handOver(node, args) {
  preferOnPath(node);
  const child = spawn(node, args, { stdio: 'inherit' });
  const sent = ['SIGTERM', 'SIGHUP', 'SIGINT'];
  for (const signal of sent) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the whole group, the child included; anybody else only to us.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  const { code, signal } = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (exitCode, exitSignal) => resolve({ code: exitCode, signal: exitSignal }));
  });
  if (signal === null) process.exit(code ?? 1);
  for (const name of sent) process.removeAllListeners(name);
  process.kill(process.pid, signal);
  // Not every signal ends every platform's process; the shells' convention does.
  setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), 1000);
  await new Promise(() => {});
}

const majorOf = (version) => Number(/^v?(\d+)\./.exec(version)?.[1] ?? 0);

const platformName = () => `${WINDOWS ? 'win' : process.platform}-${process.arch}`;

/** In our own node_modules, or beside us where Retrain itself is installed as a package. */
function packagedNodes(root) {
  const program = WINDOWS ? join('bin', 'node.exe') : join('bin', 'node');
  const found = [];
  for (let folder = root; ; folder = dirname(folder)) {
    found.push(join(folder, 'node_modules', `node-${platformName()}`, program));
    if (folder === parse(folder).root) return found.filter((path) => existsSync(path));
  }
}

function nodesOnPath() {
  const folders = (process.env.PATH ?? process.env.Path ?? '').split(delimiter).filter(Boolean);
  const names = [`node${NODE_MAJOR}`, 'node'].map((name) => (WINDOWS ? `${name}.exe` : name));
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).filter((path) => existsSync(path));
}

function runsNewEnough(node) {
  const { status, stdout } = spawnSync(node, ['--version'], { encoding: 'utf8', timeout: 20_000 });
  return status === 0 && majorOf(stdout.trim()) >= NODE_MAJOR;
}
