import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, type TestContext, test } from 'node:test';
import { installerEnvironment, trainerEnvironment } from '../../../src/providers/backends/child-environment.ts';
import { environmentDigest, managedEnvironment } from '../../../src/providers/backends/environment.ts';
import { findPython, type Python } from '../../../src/providers/backends/python.ts';
import type { JobCache } from '../../../src/providers/caches/job-cache.ts';
import { freshFolder, never } from './trainer-jobs.ts';

const env = trainerEnvironment(process.env);
const search = (context: TestContext, path: string, given?: string) =>
  findPython({ given, venv: true, env: { ...env, PATH: path }, cache: freshFolder(context), signal: never });

/** A wheel of one module, made by hand, and the line of a lock for it. */
function tinyWheel(folder: string, python: string): string {
  const source = `import zipfile, hashlib, sys
path = sys.argv[1] + "/tiny-1.0-py3-none-any.whl"
with zipfile.ZipFile(path, "w") as wheel:
    for name, text in (("tiny.py", "size = 1\\n"), ("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n"),
        ("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: hand\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"), ("tiny-1.0.dist-info/RECORD", "")):
        wheel.writestr(zipfile.ZipInfo(name), text)
print("tiny==1.0 --hash=sha256:" + hashlib.sha256(open(path, "rb").read()).hexdigest())`;
  return execFileSync(python, ['-c', source, folder], { encoding: 'utf8' });
}

function fakePython(folder: string, name: string, script: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
}
const answering = (version: string, venv = true): string =>
  `echo '{"executable": "'$0'", "version": [${version}], "bits": 64, "venv": ${venv}, "platform": "test"}'`;

describe('finding Python', () => {
  test('none on PATH: says so and what to do', async (t) => {
    await assert.rejects(search(t, freshFolder(t)), {
      code: 'python-missing',
      fault: 'user',
      message: 'Expected Python 3.10 or newer on PATH, found none.',
    });
  });

  test('one that is too old is named with its version and place', async (t) => {
    const folder = freshFolder(t);
    fakePython(folder, 'python3', answering('3, 8, 1'));
    await assert.rejects(search(t, folder), {
      code: 'python-too-old',
      message: `Expected Python 3.10 or newer on PATH, found: ${folder}/python3 (3.8.1) is too old.`,
    });
  });

  test('one that cannot make environments is named with the package that is missing', async (t) => {
    const folder = freshFolder(t);
    fakePython(folder, 'python3', answering('3, 12, 3', false));
    await assert.rejects(
      search(t, folder),
      (error: Error & { todo?: string }) => /lacks venv/.test(error.message) && /python3-venv/.test(error.todo ?? ''),
    );
  });

  test('a name that does not work, or is too old, is passed over for one that does', async (t) => {
    const folder = freshFolder(t);
    fakePython(folder, 'python3', 'echo no such version; exit 127');
    fakePython(folder, 'python', answering('2, 7, 18'));
    fakePython(folder, 'python3.11', answering('3, 11, 2'));
    const found = await search(t, folder);
    assert.deepEqual([found.executable, found.version, found.minor], [join(folder, 'python3.11'), '3.11.2', '3.11']);
  });

  test('the one that is given is the only one asked', async (t) => {
    const folder = freshFolder(t);
    fakePython(folder, 'python3', answering('3, 12, 0'));
    await assert.rejects(search(t, folder, join(folder, 'other')), {
      code: 'python-missing',
      message: new RegExp(`at ${folder}/other, found none`),
    });
  });

  test('the answer is remembered while the interpreter stays the same', async (t) => {
    const [folder, cache] = [freshFolder(t), freshFolder(t)];
    fakePython(folder, 'python3', `echo asked >> ${folder}/asked; ${answering('3, 12, 0')}`);
    const ask = () => findPython({ venv: true, env: { ...env, PATH: `${folder}:${process.env.PATH}` }, cache, signal: never });
    await ask();
    assert.equal((await ask()).version, '3.12.0');
    assert.equal(readFileSync(join(folder, 'asked'), 'utf8'), 'asked\n');
    rmSync(join(folder, 'python3'));
    assert.notEqual((await ask()).executable, join(folder, 'python3'));
  });
});

describe('the managed environment', { concurrency: true }, () => {
  let python: Python;
  before(async () => {
    python = await findPython({ venv: true, env, cache: '/tmp', signal: never });
  });

  const order = (cache: string, lock: string, pip: Readonly<Record<string, string>>, signal = never) => {
    const log: string[] = [];
    return {
      log,
      order: { lock, python, cache, env: { ...installerEnvironment(process.env), ...pip }, log: (line: string) => log.push(line), signal },
    };
  };
  const emptied = (cache: string): void => {
    const left = existsSync(join(cache, 'environments')) ? readdirSync(join(cache, 'environments')) : [];
    assert.deepEqual(left, []);
  };

  test('two at once build it once; it is reused; a broken one is built again', async (t) => {
    const [cache, wheels] = [freshFolder(t), freshFolder(t)];
    const lock = tinyWheel(wheels, python.executable);
    const { order: asked, log } = order(cache, lock, { PIP_NO_INDEX: '1', PIP_FIND_LINKS: wheels });
    const [one, two] = await Promise.all([managedEnvironment(asked), managedEnvironment(asked)]);
    assert.deepEqual(one, two);
    const builds = () => log.filter((line) => line.startsWith('Building')).length;
    assert.equal(builds(), 1);
    assert.equal(execFileSync(one.python, ['-c', 'import tiny; print(tiny.size)'], { encoding: 'utf8' }), '1\n');

    const started = performance.now();
    await managedEnvironment(asked);
    assert.ok(performance.now() - started < 200);
    assert.equal(builds(), 1);

    rmSync(join(one.folder, 'retrain-environment.json'));
    symlinkSync('/nowhere', join(one.folder, 'left-behind'));
    await managedEnvironment(asked);
    assert.equal(builds(), 2);
    assert.ok(!readdirSync(one.folder).includes('left-behind'));
  });

  test('packages of an earlier job are taken where they are what the lock says, and left for later jobs where they had to be fetched', async (t) => {
    const wheels = freshFolder(t);
    const lock = tinyWheel(wheels, python.executable);
    const [expected = ''] = /[0-9a-f]{64}/.exec(lock) ?? [];
    const left = new Map<string, Buffer>();
    const jobCache: JobCache = {
      async restore(_name, folder, wanted) {
        assert.deepEqual([...wanted], [expected]);
        mkdirSync(folder, { recursive: true });
        for (const [file, bytes] of left) writeFileSync(join(folder, file), bytes);
        return [...left.keys()];
      },
      async save(_name, folder) {
        for (const file of readdirSync(folder)) left.set(file, readFileSync(join(folder, file)));
      },
    };
    const build = async (index: string) => {
      const { order: asked, log } = order(freshFolder(t), lock, { PIP_INDEX_URL: index, PIP_CONFIG_FILE: '/dev/null', PIP_RETRIES: '0' });
      const { python: made } = await managedEnvironment({ ...asked, jobCache });
      assert.equal(execFileSync(made, ['-c', 'import tiny; print(tiny.size)'], { encoding: 'utf8' }), '1\n');
      return log.join('\n');
    };
    mkdirSync(join(wheels, 'simple', 'tiny'), { recursive: true });
    writeFileSync(join(wheels, 'simple', 'tiny', 'index.html'), '<a href="../../tiny-1.0-py3-none-any.whl">tiny</a>');
    left.set('tiny-1.0-py3-none-any.whl', Buffer.from('no package'));
    assert.match(await build(`file://${wheels}/simple`), /the rest is fetched/);
    const offline = await build('http://127.0.0.1:9/simple');
    assert.match(offline, /1 packages come from the cache/);
    assert.doesNotMatch(offline, /the rest is fetched/);
  });

  test('another hash than the lock’s: refused, with both, nothing left', async (t) => {
    const [cache, wheels] = [freshFolder(t), freshFolder(t)];
    const lock = tinyWheel(wheels, python.executable).replace(/sha256:\w{4}/, 'sha256:0000');
    await assert.rejects(managedEnvironment(order(cache, lock, { PIP_NO_INDEX: '1', PIP_FIND_LINKS: wheels }).order), {
      code: 'hash-mismatch',
      fault: 'user',
      message: /tiny.*expected SHA-256 0000\w+, found [0-9a-f]{64}/,
    });
    emptied(cache);
  });

  test('no network: the world’s fault, nothing left', async (t) => {
    const cache = freshFolder(t);
    const lock = `tiny==1.0 --hash=sha256:${'0'.repeat(64)}\n`;
    const offline = { PIP_INDEX_URL: 'http://127.0.0.1:9/simple', PIP_CONFIG_FILE: '/dev/null', PIP_RETRIES: '0' };
    await assert.rejects(managedEnvironment(order(cache, lock, offline).order), { code: 'no-network', fault: 'world' });
    emptied(cache);
  });

  test('no package for this platform: the user’s to fix', async (t) => {
    const cache = freshFolder(t);
    const lock = `tiny==1.0 --hash=sha256:${'0'.repeat(64)}\n`;
    await assert.rejects(managedEnvironment(order(cache, lock, { PIP_NO_INDEX: '1', PIP_FIND_LINKS: cache }).order), {
      code: 'requirement-not-available',
      fault: 'user',
      message: /tiny==1\.0/,
    });
    emptied(cache);
  });

  test('cancelled while it is built: nothing left', async (t) => {
    const cache = freshFolder(t);
    const cancelling = new AbortController();
    const { order: asked } = order(cache, 'tiny==1.0', {}, cancelling.signal);
    setTimeout(() => cancelling.abort(new Error('enough')), 300);
    await assert.rejects(managedEnvironment(asked), /enough/);
    emptied(cache);
  });

  test('its name follows lock, version and platform', () => {
    const digest = environmentDigest('a', python);
    assert.equal(digest, environmentDigest('a', { ...python }));
    for (const other of [
      environmentDigest('b', python),
      environmentDigest('a', { ...python, version: '3.99.0' }),
      environmentDigest('a', { ...python, platform: 'x' }),
    ]) {
      assert.notEqual(other, digest);
    }
  });
});
