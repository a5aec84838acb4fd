import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openNew, writeWhole } from '../../src/kernel/durable-file.ts';
import { readManifest, readRecord } from '../../src/kernel/run-folder.ts';
import { openStageFiles } from '../../src/kernel/stage-files.ts';
import { root } from '../../tools/process.ts';
import { scratchFolder } from '../contracts/scratch.ts';
import { promoted, record } from '../report/fixtures.ts';

test('S9: a link planted where a file is written is replaced, not followed, and a new file never opens one', async (context) => {
  const folder = await scratchFolder(context);
  const precious = join(folder, 'precious');
  await writeFile(precious, 'precious');
  await symlink(precious, join(folder, 'run.json'));
  await writeWhole(join(folder, 'run.json'), 'new');
  assert.equal(await readFile(precious, 'utf8'), 'precious');
  assert.equal(await readFile(join(folder, 'run.json'), 'utf8'), 'new');
  await symlink(precious, join(folder, 'partial'));
  await assert.rejects(openNew(join(folder, 'partial')), { code: 'EEXIST' });
  await symlink(join(folder, 'nowhere'), join(folder, 'dangling'));
  await assert.rejects(openNew(join(folder, 'dangling')), { code: 'EEXIST' });
  const files = await openStageFiles(join(folder, 'stage'));
  await symlink(precious, files.path('report.md'));
  await files.write('report.md', 'text');
  assert.equal(await readFile(precious, 'utf8'), 'precious');
});

test('S9: a process killed while it writes leaves the old file whole', async (context) => {
  const folder = await scratchFolder(context);
  const target = join(folder, 'run.json');
  await writeFile(target, 'old');
  const source = `import { writeWhole } from '${root}/src/kernel/durable-file.ts';
    async function* content() { yield 'half of it'; process.kill(process.pid, 'SIGKILL'); yield 'the rest'; }
    await writeWhole(${JSON.stringify(target)}, content());`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: 'ignore' });
  const signal = await new Promise((resolve) => child.once('exit', (_code, killed) => resolve(killed)));
  assert.equal(signal, 'SIGKILL');
  assert.equal(await readFile(target, 'utf8'), 'old');
  const left = (await readdir(folder)).filter((name) => name !== 'run.json');
  assert.ok(
    left.every((name) => name.startsWith('.retrain-partial-')),
    left.join(),
  );
});

test('S25: records and manifests are read through a versioned form, whole or not at all, and no longer than a record is', async (context) => {
  const folder = await scratchFolder(context);
  const reads = async (value: unknown, read: (path: string) => Promise<unknown>) => {
    const path = join(folder, 'read.json');
    await writeFile(path, typeof value === 'string' ? value : JSON.stringify(value));
    return read(path).then(
      () => 'read',
      (error: { code: string }) => error.code,
    );
  };
  const good = record('gate');
  assert.equal(await reads(good, readRecord), 'read');
  assert.equal(await reads(promoted, readManifest), 'read');
  assert.equal(await reads({ ...good, schema: 'retrain/record/2' }, readRecord), 'newer-version');
  assert.equal(await reads({ ...good, schema: 'retrain/manifest/1' }, readRecord), 'corrupted');
  assert.equal(await reads({ ...good, more: 1 }, readRecord), 'corrupted');
  assert.equal(await reads({ ...good, outcome: 'splendid' }, readRecord), 'corrupted');
  assert.equal(await reads({ ...promoted, records: [{ ...good, more: 1 }] }, readManifest), 'corrupted');
  assert.equal(await reads('{"schema": "retrain/record/1"', readRecord), 'corrupted');
  assert.equal(await reads({ ...good, found: 'x'.repeat(50 * 1024 * 1024) }, readRecord), 'too-large');
  assert.equal(await reads({ ...promoted, links: [{ name: 'x', url: 'y'.repeat(50 * 1024 * 1024) }] }, readManifest), 'too-large');
});

test('S9: a file of a stage stays in its folder', async (context) => {
  const folder = join(await scratchFolder(context), 'stage');
  const files = await openStageFiles(folder);
  for (const name of ['../out', '/etc/x', 'a/../../out', '..']) assert.throws(() => files.path(name), /leaves the stage's folder/);
  await mkdir(join(folder, 'in'));
  assert.equal((await stat(files.path('in'))).isDirectory(), true);
});
