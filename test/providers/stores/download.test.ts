import assert from 'node:assert/strict';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Download, download } from '../../../src/providers/stores/download.ts';
import { mounted, scratchFolder, patience as signal } from '../../contracts/scratch.ts';

const options = { signal, log: () => undefined, patience: { tries: 1, pauseMs: 1, timeoutMs: 20_000, stallMs: 20_000 } };

const sourceOf = (bytes: number, content: Uint8Array<ArrayBuffer>, asked?: () => void): Download => ({
  uri: 'gs://models/m',
  bytes,
  async request(from) {
    asked?.();
    return new Response(content.subarray(from));
  },
  explain: (error) => error,
  check: () => ({ verify: () => undefined }),
});

test('download: what has no room is refused before the first byte', async (context) => {
  const folder = await scratchFolder(context);
  let asked = 0;
  const source = sourceOf(2 ** 60, new Uint8Array(10), () => asked++);
  const full = {
    code: 'disk-full',
    fault: 'world',
    message: /11529215046068\d{5} bytes are to come, and \d+ are free/,
    todo: /cache prune/,
  };
  await assert.rejects(download(source, join(folder, 'to', 'm'), { ...options, partial: join(folder, 'p') }), full);
  assert.deepEqual([asked, await readdir(join(folder, 'to')), (await readdir(folder)).sort()], [0, [], ['to']]);
});

test('download: a disk that fills up on the way is the world’s fault, and what was fetched makes room again', async (context) => {
  const folder = await mounted(context, 'size=256k');
  if (folder === undefined) return;
  const content = new Uint8Array(200_000);
  const source = {
    ...sourceOf(200_000, content),
    async request() {
      await writeFile(join(folder, 'filler'), new Uint8Array(150_000));
      return new Response(content);
    },
  };
  await assert.rejects(download(source, join(folder, 'to', 'm'), { ...options, partial: join(folder, 'partial', 'p') }), {
    code: 'disk-full',
    fault: 'world',
  });
  assert.deepEqual([await readdir(join(folder, 'to')), await readdir(join(folder, 'partial'))], [[], []]);
});

test('download: a link planted where the unfinished download lies is refused', async (context) => {
  const folder = await scratchFolder(context);
  await mkdir(join(folder, 'partial'));
  await writeFile(join(folder, 'victim'), 'precious');
  await symlink(join(folder, 'victim'), join(folder, 'partial', 'p'));
  const source = sourceOf(10, new Uint8Array(10));
  await assert.rejects(download(source, join(folder, 'm'), { ...options, partial: join(folder, 'partial', 'p') }), {
    code: 'link-refused',
  });
});
