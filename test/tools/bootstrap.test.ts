import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, test } from 'node:test';

const root = dirname(dirname(import.meta.dirname));
const folder = mkdtempSync(join(tmpdir(), 'retrain-bootstrap-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A clone with nothing in it but the tools and one local package. `npm` is a script that counts, or the real one. */
function clone(name: string, npm?: string): { readonly path: string; readonly env: NodeJS.ProcessEnv } {
  const path = join(folder, name);
  mkdirSync(join(path, 'tools'), { recursive: true });
  mkdirSync(join(path, 'part'), { recursive: true });
  cpSync(join(root, 'bin'), join(path, 'bin'), { recursive: true });
  cpSync(join(root, 'tools', 'bootstrap.mjs'), join(path, 'tools', 'bootstrap.mjs'));
  writeFileSync(join(path, 'package.json'), '{"name":"clone","version":"1.0.0","type":"module","dependencies":{"part":"file:part"}}');
  writeFileSync(join(path, 'part', 'package.json'), '{"name":"part","version":"1.0.0"}');
  writeFileSync(
    join(path, 'package-lock.json'),
    JSON.stringify({
      name: 'clone',
      version: '1.0.0',
      lockfileVersion: 3,
      requires: true,
      packages: {
        '': { name: 'clone', version: '1.0.0', dependencies: { part: 'file:part' } },
        'node_modules/part': { resolved: 'part', link: true },
        part: { version: '1.0.0' },
      },
    }),
  );
  writeFileSync(
    join(path, 'tools', 'say.ts'),
    'const words: string[] = process.argv.slice(2);\nconsole.log(JSON.stringify(words));\nprocess.exitCode = Number(words[0] ?? 0);\n',
  );
  const env: NodeJS.ProcessEnv = { ...process.env };
  delete env.npm_execpath;
  if (npm !== undefined) {
    const programs = join(path, 'programs');
    mkdirSync(programs);
    writeFileSync(join(programs, 'npm'), `#!/bin/sh\n${npm}\n`, { mode: 0o755 });
    env.PATH = `${programs}${delimiter}${process.env.PATH}`;
  }
  return { path, env };
}

const start = ({ path, env }: ReturnType<typeof clone>, args: readonly string[], node = process.execPath) =>
  spawnSync(node, ['tools/bootstrap.mjs', 'tools/say.ts', ...args], { cwd: path, env, encoding: 'utf8' });

const COUNTING_NPM = `echo "$@" >> ../npm-calls-$(basename "$PWD")
mkdir -p node_modules
sleep 0.3
cp package-lock.json node_modules/.package-lock.json`;
const calls = (name: string) =>
  readFileSync(join(folder, `npm-calls-${name}`), 'utf8')
    .trim()
    .split('\n');

test('installs the locked packages once, says so on standard error, hands arguments and exit code through', () => {
  const once = clone('once');
  const first = start(once, ['3', 'b c', '--x']);
  assert.equal(first.stdout, '["3","b c","--x"]\n', first.stderr);
  assert.equal(first.status, 3);
  assert.match(first.stderr, /^Installing packages \(npm ci\).*\nPackages installed in \d+ s\.\n$/);
  const second = start(once, []);
  assert.deepEqual([second.stdout, second.stderr, second.status], ['[]\n', '', 0]);
});

test('installs again when the lockfile has changed', () => {
  const changed = clone('changed', COUNTING_NPM);
  assert.equal(start(changed, []).status, 0);
  assert.equal(start(changed, []).status, 0);
  assert.deepEqual(calls('changed'), ['ci --no-audit --no-fund --loglevel=error']);
  const lock = join(changed.path, 'package-lock.json');
  writeFileSync(lock, readFileSync(lock, 'utf8').replace('"part":{"version":"1.0.0"}', '"part":{"version":"1.0.1"}'));
  assert.equal(start(changed, []).status, 0);
  assert.equal(calls('changed').length, 2);
});

test('packages that somebody installed with npm are good as they are', () => {
  const own = clone('own', COUNTING_NPM);
  mkdirSync(join(own.path, 'node_modules'));
  cpSync(join(own.path, 'package-lock.json'), join(own.path, 'node_modules', '.package-lock.json'));
  const { status, stderr } = start(own, []);
  assert.deepEqual([status, stderr], [0, '']);
  assert.throws(() => calls('own'), { code: 'ENOENT' });
});

test("stale packages behind a link, which may be somebody else's, are not touched", () => {
  const one = clone('linked', COUNTING_NPM);
  const others = join(folder, 'packages-of-others');
  mkdirSync(others);
  writeFileSync(join(others, 'precious'), '');
  symlinkSync(others, join(one.path, 'node_modules'));
  const done = start(one, ['0']);
  assert.equal(done.status, 2);
  assert.match(done.stderr, /node_modules is a link/);
  assert.throws(() => calls('linked'), /ENOENT/);
});

test('two at once install once', async () => {
  const both = clone('both', COUNTING_NPM);
  const run = () =>
    new Promise<number | null>((resolve) => {
      spawn(process.execPath, ['tools/bootstrap.mjs', 'tools/say.ts'], { cwd: both.path, env: both.env, stdio: 'ignore' }).once(
        'exit',
        resolve,
      );
    });
  assert.deepEqual(await Promise.all([run(), run(), run()]), [0, 0, 0]);
  assert.equal(calls('both').length, 1);
});

test('a lock whose owner has died is taken over', () => {
  const dead = clone('dead', COUNTING_NPM);
  const gone = spawnSync(process.execPath, ['-e', '']).pid;
  mkdirSync(join(dead.path, '.cache', 'install.lock'), { recursive: true });
  writeFileSync(join(dead.path, '.cache', 'install.lock', 'pid'), String(gone));
  assert.equal(start(dead, []).status, 0);
  assert.equal(calls('dead').length, 1);
});

test('an install that fails shows what npm said, and the script does not run', () => {
  const failing = clone('failing', 'echo "npm error network" >&2; exit 1');
  const { status, stdout, stderr } = start(failing, []);
  assert.equal(status, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /npm ci failed:\nnpm error network\nMend what npm says above/);
});

/** What Node 20 sees; run with the Node at hand by saying that it is old. */
const OLD = ['--import', 'data:text/javascript,Object.defineProperty(process,"version",{value:"v20.1.0"})'];

/** As if npm had installed the package that brings Node; gives the folder of the program. */
function bringNode(path: string): string {
  const platform = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const bin = join(path, 'node_modules', `node-${platform}`, 'bin');
  mkdirSync(bin, { recursive: true });
  symlinkSync(process.execPath, join(bin, 'node'));
  return bin;
}

test('an old Node starts the Node that came with the packages, by path, first on the PATH of its children', () => {
  const old = clone('old', COUNTING_NPM);
  writeFileSync(
    join(old.path, 'tools', 'say.ts'),
    'const v: string = process.execPath;\nconsole.log(v);\nconsole.log(process.env.PATH!.split(":")[0]);\n',
  );
  const bin = bringNode(old.path);
  const { stdout, status, stderr } = spawnSync(process.execPath, [...OLD, 'tools/bootstrap.mjs', 'tools/say.ts'], {
    cwd: old.path,
    env: old.env,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  assert.equal(stdout.split('\n')[1], bin);
});

test('an old Node passes a signal on, and ends as its child did', async () => {
  const signalled = clone('signalled', COUNTING_NPM);
  writeFileSync(
    join(signalled.path, 'tools', 'say.ts'),
    "process.on('SIGTERM', () => { console.log('saved'); process.exit(7); });\nconsole.log('ready');\nsetInterval(() => {}, 1000);\n",
  );
  bringNode(signalled.path);
  const child = spawn(process.execPath, [...OLD, 'tools/bootstrap.mjs', 'tools/say.ts'], {
    cwd: signalled.path,
    env: signalled.env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (text.includes('ready')) child.kill('SIGTERM');
  });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  assert.deepEqual([said, code], ['ready\nsaved\n', 7]);
});

test('without any Node that is new enough the message names the platform and what to do', () => {
  const stranger = clone('stranger', COUNTING_NPM);
  const strange = `${OLD[1]};Object.defineProperty(process,"arch",{value:"riscv64"})`;
  const { status, stderr } = spawnSync(process.execPath, ['--import', strange, 'tools/bootstrap.mjs', 'tools/say.ts'], {
    cwd: stranger.path,
    env: {
      ...stranger.env,
      PATH: '/usr/bin:/bin'
        .split(':')
        .filter(() => false)
        .join(':'),
    },
    encoding: 'utf8',
  });
  assert.equal(status, 2);
  assert.match(stderr, /^Retrain needs Node 24 or newer; this is v20\.1\.0\. npm has no Node for this platform \(linux-riscv64\)\./);
  assert.throws(() => calls('stranger'), { code: 'ENOENT' });
});

test('retrain in a clone starts src/main.ts; under node_modules it starts the bundle', () => {
  const both = clone('doors', COUNTING_NPM);
  mkdirSync(join(both.path, 'src'));
  writeFileSync(
    join(both.path, 'src', 'main.ts'),
    "const from: string = 'sources';\nconsole.log(from, ...process.argv.slice(2));\nprocess.exitCode = 4;\n",
  );
  const inClone = spawnSync(process.execPath, ['bin/retrain.mjs', 'check', 'x'], { cwd: both.path, env: both.env, encoding: 'utf8' });
  assert.deepEqual([inClone.stdout, inClone.status], ['sources check x\n', 4]);

  const installed = join(folder, 'project', 'node_modules', 'retrain');
  mkdirSync(join(installed, 'actions', 'dist'), { recursive: true });
  cpSync(join(both.path, 'bin'), join(installed, 'bin'), { recursive: true });
  cpSync(join(both.path, 'src'), join(installed, 'src'), { recursive: true });
  writeFileSync(join(installed, 'actions', 'package.json'), '{"type":"commonjs"}');
  writeFileSync(
    join(installed, 'actions', 'dist', 'index.js'),
    "exports.runCli = async (args, root) => { console.log('bundle', ...args, root.endsWith('retrain')); return 5; };\n",
  );
  const bundled = spawnSync(process.execPath, [join(installed, 'bin', 'retrain.mjs'), 'check', 'x'], { encoding: 'utf8' });
  assert.deepEqual([bundled.stdout, bundled.status], ['bundle check x true\n', 5]);
});
