// node tools/bootstrap.mjs SCRIPT.ts [ARGUMENT…]: runs a script of this clone with Node 24 and installed packages,
// getting either first when it is missing. Plain JavaScript for Node 20 and newer, without packages.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { findNode, handOver, newEnough, noNodeMessage, packagedHere, preferOnPath } from '../bin/node24.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
/** Without a sign of life from its owner for so long, a lock is nobody's. npm itself gives up earlier. */
const LOCK_STALE_MS = 15 * 60_000;

/** Installs what is missing, then runs `script` (relative to the clone) with `args`. */
export async function start(script, args, root = ROOT) {
  if (!packagesFresh(root)) {
    if (findNode(root) === undefined && !packagedHere()) stop(noNodeMessage());
    await install(root);
  }
  const path = resolve(root, script);
  if (newEnough()) {
    preferOnPath(process.execPath);
    process.argv = [process.execPath, path, ...args];
    await import(pathToFileURL(path).href);
    return;
  }
  const node = findNode(root);
  if (node === undefined) stop(noNodeMessage());
  await handOver(node, [path, ...args]);
}

/** Do the installed packages belong to the lockfile? A marker says so, or npm's own list of what it installed. */
function packagesFresh(root) {
  const lock = readText(join(root, 'package-lock.json'));
  if (lock === undefined) stop(`${join(root, 'package-lock.json')} is missing: is this a complete clone?`);
  const digest = createHash('sha256').update(lock).digest('hex');
  const marker = join(root, 'node_modules', '.retrain-lock');
  if (readText(marker) === digest) return true;
  if (!installedMatches(JSON.parse(lock), readText(join(root, 'node_modules', '.package-lock.json')))) return false;
  // A read-only tree is fresh too; it only cannot be told so faster the next time.
  attempt(() => writeFileSync(marker, digest));
  return true;
}

/** Every package that is not optional is installed in the locked version; installed optional ones are too. */
function installedMatches(lock, installedText) {
  const installed = attempt(() => JSON.parse(installedText).packages);
  if (installed === undefined) return false;
  return Object.entries(lock.packages)
    .filter(([path]) => path !== '')
    .every(([path, locked]) => {
      const found = installed[path];
      if (found === undefined) return locked.optional === true || locked.devOptional === true || locked.peer === true;
      return found.version === locked.version && found.integrity === locked.integrity;
    });
}

async function install(root) {
  await withLock(join(root, '.cache', 'install.lock'), async () => {
    if (packagesFresh(root)) return;
    const packages = join(root, 'node_modules');
    if (attempt(() => lstatSync(packages).isSymbolicLink())) {
      stop(
        `${packages} is a link to packages other than package-lock.json names, and npm ci would empty what it points to. Remove the link.`,
      );
    }
    say('Installing packages (npm ci): about a minute.');
    const began = Date.now();
    const { status, error, output } = npm(['ci', '--no-audit', '--no-fund', '--loglevel=error'], root);
    if (status !== 0) {
      stop(
        `npm ci failed${error === undefined ? '' : ` (${error.message})`}:\n${output.trimEnd()}\n` +
          `Mend what npm says above (no network? a proxy? disk full?), then run the same command again.`,
      );
    }
    writeFileSync(join(root, 'node_modules', '.retrain-lock'), digestOf(join(root, 'package-lock.json')));
    say(`Packages installed in ${Math.round((Date.now() - began) / 1000)} s.`);
  });
}

/** npm of the `npm run` we are in, else the one on the PATH. */
function npm(args, root) {
  const own = process.env.npm_execpath;
  const [program, first] = own?.endsWith('.js') || own?.endsWith('.cjs') ? [process.execPath, [own]] : ['npm', []];
  const { status, error, stdout, stderr } = spawnSync(program, [...first, ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    shell: program === 'npm' && process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { status, error, output: `${stdout ?? ''}${stderr ?? ''}` };
}

/** One process at a time; a lock whose owner has died is taken over. */
async function withLock(folder, work) {
  mkdirSync(dirname(folder), { recursive: true });
  let told = false;
  while (!takeLock(folder)) {
    if (!told) say(`Another Retrain is installing packages here; waiting for it (lock: ${folder}).`);
    told = true;
    await new Promise((wake) => setTimeout(wake, 500));
  }
  try {
    return await work();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function takeLock(folder) {
  try {
    mkdirSync(folder);
    writeFileSync(join(folder, 'pid'), String(process.pid));
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  if (!ownerGone(folder)) return false;
  // Moved aside first: of several who find it dead, one wins the rename, and nobody deletes a lock taken since.
  const aside = `${folder}.${process.pid}`;
  if (attempt(() => renameSync(folder, aside) ?? true)) rmSync(aside, { recursive: true, force: true });
  return false;
}

function ownerGone(folder) {
  const made = attempt(() => statSync(folder).mtimeMs);
  if (made === undefined) return false;
  const pid = Number(readText(join(folder, 'pid')));
  // Between making the folder and writing its pid there is a moment without one.
  if (!Number.isInteger(pid) || pid <= 0) return Date.now() - made > 10_000;
  if (Date.now() - made > LOCK_STALE_MS) return true;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

const digestOf = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');

const readText = (path) => attempt(() => readFileSync(path, 'utf8'));

function attempt(work) {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** Standard output belongs to the script. */
function say(line) {
  process.stderr.write(`${line}\n`);
}

function stop(message) {
  say(message);
  process.exit(2);
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [script, ...args] = process.argv.slice(2);
  if (script === undefined) stop('Usage: node tools/bootstrap.mjs SCRIPT.ts [ARGUMENT…]');
  await start(script, args);
}
