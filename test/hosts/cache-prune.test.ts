import assert from 'node:assert/strict';
import { mkdir, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readArguments } from '../../src/hosts/cli/arguments.ts';
import { cache } from '../../src/hosts/cli/cache.ts';
import type { Door } from '../../src/hosts/cli/door.ts';
import { withFileLock } from '../../src/kernel/file-lock.ts';
import { scratchFolder, patience as signal } from '../contracts/scratch.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const A = `aa${'0'.repeat(62)}`;
const B = `bb${'0'.repeat(62)}`;

/** A cache of 100 bytes a thing, used so many days ago. */
async function given(context: TestContext) {
  const folder = await scratchFolder(context);
  const write = async (path: string, days: number, text = 'x'.repeat(100)) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
    const then = new Date(NOW.getTime() - days * 86_400_000);
    await utimes(join(folder, path), then, then);
    await utimes(dirname(join(folder, path)), then, then);
  };
  await write(`data/aa/${A}`, 40);
  await write('data/names/md5-1', 40, A);
  await write(`models/bb/${B}`, 3);
  await write('models/names/md5-2', 40, B);
  await write('partial/half', 5);
  await write('environments/e/lib', 90);
  await write('environments/e/retrain-environment.json', 2);
  const run = async (...options: string[]): Promise<string> => {
    let out = '';
    const door = {
      cwd: folder,
      env: { RETRAIN_CACHE: folder },
      clock: () => NOW,
      out: { write: (text: string) => (out += text) },
    } as unknown as Door;
    await cache.run(readArguments(['prune', ...options], cache.options, 1), door);
    return out;
  };
  const prune = async (...options: string[]) => {
    const out = await run(...options);
    const left = await readdir(folder, { recursive: true, withFileTypes: true });
    return {
      out,
      left: left
        .filter((entry) => entry.isFile())
        .map(({ name }) => name)
        .sort(),
    };
  };
  return { folder, run, prune };
}

test('cache prune: frees all, and says how much of what', async (context) => {
  const { prune } = await given(context);
  const dry = await prune('--dry-run');
  assert.match(dry.out, /Would free 500 B .*; 0 B would stay/);
  assert.match(dry.out, /data +1 +100 B\n.*environments +2 +200 B\n.*models +1 +100 B\n.*partial +1 +100 B/);
  assert.equal(dry.left.length, 7);
  assert.deepEqual((await prune()).left, []);
});

test('cache prune --unused: frees what nobody used for so long, and what led to it', async (context) => {
  const { prune } = await given(context);
  const { out, left } = await prune('--unused', '30');
  assert.match(out, /Freed 100 B .*; 400 B stay/);
  assert.deepEqual(left, [B, 'half', 'lib', 'md5-2', 'retrain-environment.json'].sort());
});

test('cache prune --to: frees the longest unused until it is small enough', async (context) => {
  const { prune } = await given(context);
  assert.deepEqual((await prune('--to', '0.3kB')).left, [B, 'lib', 'md5-2', 'retrain-environment.json'].sort());
  assert.deepEqual((await prune('--to', '300')).left.length, 4);
  await assert.rejects(prune('--to', 'little'), { code: 'bad-option' });
});

test('cache prune: what a living process is fetching stays', async (context) => {
  const { folder, prune } = await given(context);
  const { out, left } = await withFileLock(join(folder, 'partial', 'half.lock'), () => prune(), { signal });
  assert.match(out, /Left 1 that is being fetched now/);
  assert.deepEqual(left, ['half', 'half.lock']);
});

test('cache prune: what others take away between listing and looking is gone, and no error', async (context) => {
  const { folder, run } = await given(context);
  await symlink(join(folder, 'nowhere'), join(folder, 'partial', 'gone'));
  const places = [`data/cc`, 'environments/f/lib', 'partial'].map((place) => join(folder, place));
  let pruned = false;
  const others = (async () => {
    while (!pruned) {
      for (const place of places) await mkdir(place, { recursive: true });
      await Promise.all(places.flatMap((place) => ['a', 'b', 'c'].map((name) => writeFile(join(place, name), 'x'))));
      await Promise.all(places.flatMap((place) => ['a', 'b', 'c'].map((name) => rm(join(place, name), { force: true }))));
      await rm(join(folder, 'environments', 'f'), { recursive: true });
      await rm(join(folder, 'data', 'cc'), { recursive: true });
    }
  })();
  try {
    for (let pass = 0; pass < 100; pass++) assert.match(await run('--dry-run'), /Would free \d+ B/);
  } finally {
    pruned = true;
    await others;
  }
});
