import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readArguments } from '../../src/hosts/cli/arguments.ts';
import { doctor } from '../../src/hosts/cli/doctor.ts';
import type { Door } from '../../src/hosts/cli/door.ts';
import { makeFolders } from '../../src/kernel/durable-file.ts';
import { listRuns } from '../../src/kernel/run-folder.ts';
import { scratchFolder } from '../contracts/scratch.ts';

test('folders are made with those above them, by many at once and twice; a file in the way is an error', async (context) => {
  const top = await scratchFolder(context);
  const path = join(top, 'a', 'b', 'c');
  await Promise.all(Array.from({ length: 8 }, () => makeFolders(path)));
  await makeFolders(path);
  assert.ok((await stat(path)).isDirectory());
  await writeFile(join(path, 'file'), 'x');
  await assert.rejects(makeFolders(join(path, 'file')), { code: 'EEXIST' });
  await assert.rejects(makeFolders(join(path, 'file', 'd', 'e')), { code: 'ENOTDIR' });
});

test('a home in a folder that takes none is told by the doctor, and ends', { timeout: 30_000 }, async () => {
  let out = '';
  const door = {
    cwd: '/',
    env: { PATH: process.env.PATH },
    signal: new AbortController().signal,
    out: { write: (text: string) => (out += text) },
  } as unknown as Door;
  assert.equal(await doctor.run(readArguments(['--home', '/proc/retrain/home'], doctor.options, 1), door), 2);
  assert.match(out, /^✗ home +\/proc\/retrain\/home cannot be written: .*\n[\s\S]*^. disk +.* free where /m);
});

test('a pipe where a manifest should be is named, and nobody waits for what it has to say', { timeout: 30_000 }, async (context) => {
  const home = await scratchFolder(context);
  await makeFolders(join(home, 'runs', 'churn-1'));
  execFileSync('mkfifo', [join(home, 'runs', 'churn-1', 'run.json')]);
  const told: string[] = [];
  assert.deepEqual(await listRuns(home, undefined, ({ code }, id) => void told.push(`${id} ${code}`)), []);
  assert.deepEqual(told, ['churn-1 not-a-plain-file']);
});
