import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { BadInput } from '../../src/tables/bad-input.ts';
import { inThisThread } from '../../src/tables/workers/table-task.ts';
import { workerExecutor } from '../../src/tables/workers/worker-executor.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'workers-'));
const start = (): Worker => new Worker(new URL('table-worker.ts', import.meta.url));
const executor = workerExecutor(start, 2);
after(async () => {
  await executor.close();
  rmSync(folder, { recursive: true });
});

function csv(name: string, rows: number, line: (i: number) => string): string {
  const file = path.join(folder, name);
  writeFileSync(file, `a,b\n${Array.from({ length: rows }, (_, i) => line(i)).join('\n')}\n`);
  return file;
}

test('workers: several tasks at once give what this thread gives', async () => {
  const files = [1, 2, 3, 4].map((seed) => csv(`${seed}.csv`, 30_000, (i) => `${(i * seed * 7919) % 20_011},t${i % seed}`));
  const there = await Promise.all(files.map((file) => executor.run({ kind: 'profile', paths: [file] })));
  const here = await Promise.all(files.map((file) => inThisThread.run({ kind: 'profile', paths: [file] })));
  assert.deepEqual(there, here);
  const counted = { kind: 'count-on-edges' as const, paths: [files[1]], reference: here[0] };
  assert.deepEqual(await executor.run(counted), await inThisThread.run(counted));
});

test('workers: an error arrives as it was thrown, and the worker goes on', async () => {
  const bad = csv('bad.csv', 3, (i) => (i === 1 ? '1,"x"y' : '1,x'));
  for (let i = 0; i < 3; i++) {
    await assert.rejects(executor.run({ kind: 'profile', paths: [bad] }), (error) => {
      assert.ok(error instanceof BadInput);
      assert.deepEqual([error.code, error.place.row, error.fault], ['text-after-quote', 3, 'user']);
      return /row 3, column "b": text follows/.test(error.message);
    });
  }
  await assert.rejects(executor.run({ kind: 'profile', paths: [path.join(folder, 'none.csv')] }), { code: 'ENOENT' });
});

test('workers: progress is told, and an aborted signal ends the task', async () => {
  const file = csv('long.csv', 400_000, (i) => `${i},x`);
  const seen: number[] = [];
  const { rows } = await executor.run({ kind: 'profile', paths: [file] }, { onProgress: (count) => seen.push(count) });
  assert.equal(seen.at(-1), rows);
  const control = new AbortController();
  await assert.rejects(executor.run({ kind: 'profile', paths: [file] }, { signal: control.signal, onProgress: () => control.abort() }), {
    name: 'AbortError',
  });
  assert.equal((await executor.run({ kind: 'profile', paths: [csv('after.csv', 5, () => '1,x')] })).rows, 5);
});
