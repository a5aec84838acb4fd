import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { sha256 } from '../../../src/kernel/digest.ts';
import { openJobCache } from '../../../src/providers/caches/open-job-cache.ts';
import { root } from '../../../tools/process.ts';
import { patience, scratchFolder } from '../../contracts/scratch.ts';
import { ArtifactService } from '../../stand-ins/artifacts.ts';
import type { CacheScope } from '../../stand-ins/cache.ts';

const MAIN: readonly CacheScope[] = [{ ref: 'refs/heads/main', write: true }];
const PULL: readonly CacheScope[] = [
  { ref: 'refs/pull/7/merge', write: true },
  { ref: 'refs/heads/main', write: false },
];
const expected = new Set([sha256('one'), sha256('two')]);

async function setUp(context: TestContext) {
  const service = await ArtifactService.begin();
  context.after(() => service[Symbol.asyncDispose]());
  const home = await scratchFolder(context);
  const folder = join(home, 'packages');
  const said: string[] = [];
  /** A job of its own: a machine with an empty folder, and the cache as its token reaches it. */
  const job = async (event: string, scopes: readonly CacheScope[], env: Readonly<Record<string, string>> = {}) => {
    await rm(folder, { recursive: true, force: true });
    said.length = 0;
    const all = { PATH: process.env.PATH, GITHUB_ACTIONS: 'true', GITHUB_EVENT_NAME: event, ...service.env('r', 'j', scopes), ...env };
    const cache = await openJobCache({ env: all, root, bundled: false, log: (line) => said.push(line) });
    assert.ok(cache);
    return cache;
  };
  const fill = async () => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'one.whl'), 'one');
    await writeFile(join(folder, 'two+cpu.whl'), 'two');
  };
  return { service, home, folder, said, job, fill };
}

/** A tar as the client would have made it, of whatever names. */
function poison(entry: { content: Buffer }, from: string, args: readonly string[]): void {
  const zipped = entry.content.subarray(0, 2).equals(Buffer.from([0x1f, 0x8b])) ? '--gzip' : '--zstd';
  entry.content = execFileSync('tar', [zipped, '-P', '-C', from, '-cf', '-', ...args]);
}

test('what one job keeps a later one finds, byte for byte', async (context) => {
  const { service, folder, job, fill, said } = await setUp(context);
  const first = await job('push', MAIN);
  await fill();
  await first.save('packages-1', folder, patience);
  assert.deepEqual(
    service.cache.entries.map(({ key, complete }) => [key, complete]),
    [['retrain-merged-packages-1', true]],
  );
  const second = await job('schedule', MAIN);
  assert.deepEqual(await second.restore('packages-1', folder, expected, patience), ['one.whl', 'two+cpu.whl']);
  assert.equal(await readFile(join(folder, 'two+cpu.whl'), 'utf8'), 'two');
  assert.deepEqual(said, []);
  assert.deepEqual(await (await job('push', MAIN)).restore('packages-2', folder, expected, patience), []);
});

test('a poisoned entry with the right key: what is not expected is discarded and told (S26)', async (context) => {
  const { service, home, folder, job, fill, said } = await setUp(context);
  const first = await job('push', MAIN);
  await fill();
  await first.save('packages-1', folder, patience);
  const evil = join(home, 'evil');
  await mkdir(evil);
  await writeFile(join(evil, 'one.whl'), 'One');
  await writeFile(join(evil, 'two+cpu.whl'), 'two');
  await symlink('/etc/hostname', join(evil, 'link.whl'));
  poison(service.cache.entries[0]!, evil, ['one.whl', 'two+cpu.whl', 'link.whl']);
  const second = await job('push', MAIN);
  assert.deepEqual(await second.restore('packages-1', folder, expected, patience), ['two+cpu.whl']);
  assert.deepEqual(await readdir(folder), ['two+cpu.whl']);
  assert.deepEqual(
    said.map((line) => /^Discarded "([^"]+)"/.exec(line)?.[1]),
    ['link.whl', 'one.whl'],
  );
});

test('a poisoned entry cannot write outside: absolute names, climbing names, through a link (S26)', async (context) => {
  const { service, home, folder, job, fill } = await setUp(context);
  const first = await job('push', MAIN);
  await fill();
  await first.save('packages-1', folder, patience);
  const evil = join(home, 'evil', 'deep');
  const outside = join(home, 'outside');
  await mkdir(evil, { recursive: true });
  await mkdir(outside);
  await writeFile(join(outside, 'absolute'), 'evil');
  await writeFile(join(home, 'climbing'), 'evil');
  await mkdir(join(evil, 'to'));
  await writeFile(join(evil, 'to', 'through'), 'evil');
  const link = join(home, 'evil', 'link');
  await mkdir(link);
  await symlink(outside, join(link, 'to'));
  poison(service.cache.entries[0]!, evil, [join(outside, 'absolute'), '../../climbing', '-C', link, 'to', '-C', evil, 'to/through']);
  for (const path of [join(outside, 'absolute'), join(home, 'climbing')]) await rm(path);
  const second = await job('push', MAIN);
  assert.deepEqual(await second.restore('packages-1', folder, expected, patience), []);
  assert.deepEqual(await readdir(outside), []);
  assert.equal(existsSync(join(home, 'climbing')), false);
  assert.equal(existsSync(join(dirname(folder), 'climbing')), false);
});

test('what an unmerged change keeps no release job looks at, and the other way round (S26)', async (context) => {
  const { service, folder, job, fill } = await setUp(context);
  // Were the scopes of GitHub's tokens to fail, the key would still tell them apart.
  const unmerged = await job('pull_request', MAIN);
  await fill();
  await unmerged.save('packages-1', folder, patience);
  assert.deepEqual(await (await job('push', MAIN)).restore('packages-1', folder, expected, patience), []);
  assert.deepEqual(await (await job('issue_comment', PULL)).restore('packages-1', folder, expected, patience), ['one.whl', 'two+cpu.whl']);
  assert.ok(service.cache.entries.every(({ key }) => key === 'retrain-unmerged-packages-1'));
});

test('a cache that is read-only, broken, full or not there fails nothing', async (context) => {
  const { service, folder, job, fill, said } = await setUp(context);
  const readOnly = await job('push', [{ ref: 'refs/heads/main', write: false }]);
  await fill();
  await readOnly.save('packages-1', folder, patience);
  assert.match(said.join('\n'), /Nothing was kept for later jobs: .*cache write denied/);
  const forbidden = await job('push', MAIN, { ACTIONS_CACHE_MODE: 'none' });
  await fill();
  await forbidden.save('packages-1', folder, patience);
  assert.deepEqual(await forbidden.restore('packages-1', folder, expected, patience), []);
  service.cache.broken.add('GetCacheEntryDownloadURL').add('CreateCacheEntry');
  const broken = await job('push', MAIN);
  await fill();
  await broken.save('packages-1', folder, patience);
  assert.deepEqual(await broken.restore('packages-1', folder, expected, patience), []);
  assert.match(said.join('\n'), /Nothing came from the cache: .*bad day/);
  const gone = await job('push', MAIN, { ACTIONS_RESULTS_URL: 'http://127.0.0.1:9/' });
  assert.deepEqual(await gone.restore('packages-1', folder, expected, patience), []);
  assert.deepEqual(service.cache.entries, []);
});

test('without GNU tar, the only one that can be kept inside a folder, nothing is unpacked', async (context) => {
  const { service, home, folder, job, said } = await setUp(context);
  await mkdir(join(home, 'bin'));
  await writeFile(join(home, 'bin', 'tar'), '#!/bin/sh\necho bsdtar 3.5.3\n', { mode: 0o755 });
  const cache = await job('push', MAIN, { PATH: join(home, 'bin') });
  assert.deepEqual(await cache.restore('packages-1', folder, expected, patience), []);
  assert.match(said.join('\n'), /there is no GNU tar/);
  assert.deepEqual(service.cache.calls, []);
});

test('a cancelled run does not wait for the cache', async (context) => {
  const { service, folder, job } = await setUp(context);
  service.cache.broken.add('GetCacheEntryDownloadURL');
  const cache = await job('push', MAIN);
  await assert.rejects(cache.restore('packages-1', folder, expected, AbortSignal.abort(new Error('enough'))), /enough/);
  assert.deepEqual(await readdir(dirname(folder)), ['packages'], 'nothing is left');
});

test('a machine of one’s own has none', async () => {
  assert.equal(await openJobCache({ env: {}, root, bundled: false, log: () => undefined }), undefined);
});
