import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { fileStore } from '../../../src/providers/stores/file.ts';
import { scratchFolder, patience as signal } from '../../contracts/scratch.ts';
import { storeContract } from '../../contracts/store.ts';

storeContract('file, plain path', async (context) => ({ store: fileStore(), prefix: `${await scratchFolder(context)}/` }));
storeContract('file, file:path', async (context) => ({ store: fileStore(), prefix: `file:${await scratchFolder(context)}/` }));

test('file store: path, file:path and file:///path are one object', async (context) => {
  const path = join(await scratchFolder(context), 'a b#.csv');
  await writeFile(path, 'x');
  const found = await Promise.all([path, `file:${path}`, pathToFileURL(path).href].map((uri) => fileStore().stat(uri, signal)));
  assert.equal(new Set(found.map((each) => each?.generation)).size, 1);
  assert.equal(found[0]?.uri, pathToFileURL(path).href);
});

test('file store: other schemes and odd texts are refused', async () => {
  for (const uri of ['gs://bucket/x', 'https://x', '', 'file:', 'a\0b', 'file://elsewhere/x']) {
    await assert.rejects(fileStore().stat(uri, signal), { code: 'bad-uri', fault: 'user' }, JSON.stringify(uri));
  }
});

test('file store: a link planted at the target is replaced, what it names stays', async (context) => {
  const folder = await scratchFolder(context);
  await writeFile(join(folder, 'victim'), 'precious');
  await writeFile(join(folder, 'new'), 'new');
  await symlink(join(folder, 'victim'), join(folder, 'object'));
  await fileStore().put(join(folder, 'new'), join(folder, 'object'), { signal });
  await symlink(join(folder, 'victim'), join(folder, 'copy'));
  await fileStore().get(join(folder, 'object'), join(folder, 'copy'), { signal });
  assert.equal(await readFile(join(folder, 'victim'), 'utf8'), 'precious');
  assert.equal(await readFile(join(folder, 'copy'), 'utf8'), 'new');
});

test('file store: a file on the way is told as such', async (context) => {
  const folder = await scratchFolder(context);
  await writeFile(join(folder, 'file'), 'x');
  await assert.rejects(fileStore().put(join(folder, 'file'), join(folder, 'file', 'object'), { signal }), {
    fault: 'user',
    code: 'wrong-kind',
  });
  await mkdir(join(folder, 'sub'));
  await assert.rejects(fileStore().get(join(folder, 'sub'), join(folder, 'x'), { signal }), {
    code: 'no-such-object',
    message: /is a folder/,
  });
  assert.deepEqual((await readdir(folder)).sort(), ['file', 'sub']);
});

test('file store: what is not complete yet, and locks, are not listed', async (context) => {
  const folder = await scratchFolder(context);
  for (const name of ['.retrain-partial-1-a', '.retrain-lock-x', 'x']) await writeFile(join(folder, name), 'x');
  const found: string[] = [];
  for await (const { uri } of fileStore().list(`${folder}/`, signal)) found.push(uri);
  assert.deepEqual(found, [pathToFileURL(join(folder, 'x')).href]);
});
