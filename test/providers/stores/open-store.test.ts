import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { openStore } from '../../../src/providers/stores/open-store.ts';
import { scratchFolder, patience as signal } from '../../contracts/scratch.ts';
import { storeContract } from '../../contracts/store.ts';

const log = () => undefined;

storeContract('opened by scheme, relative path', async (context) => ({
  store: openStore({ base: await scratchFolder(context), env: {}, log }),
  prefix: 'file:below/',
}));

test('openStore: a relative path, file:path and file:///path mean the same object, below the base folder', async (context) => {
  const base = await scratchFolder(context);
  await mkdir(join(base, 'below'));
  await writeFile(join(base, 'below', 'x'), 'x');
  const store = openStore({ base, env: {}, log });
  const uri = pathToFileURL(join(base, 'below', 'x')).href;
  for (const each of ['below/x', 'file:below/x', uri]) assert.equal((await store.stat(each, signal))?.uri, uri, each);
});

test('openStore: a scheme nobody serves is refused with those there are', async () => {
  const store = openStore({ base: '/', env: {}, log });
  for (const uri of ['ftp://x/y', 'azure://x', 'file:'])
    await assert.rejects(store.stat(uri, signal), { code: 'unknown-store', fault: 'user', message: /expected file:/ }, uri);
});
