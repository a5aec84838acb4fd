import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openData } from '../../../src/providers/sources/data.ts';
import { readInputs, readOptionsOf } from '../../../src/stages/read-inputs.ts';
import { profile } from '../../../src/tables/profile/profiler.ts';
import { type Executor, inThisThread } from '../../../src/tables/workers/table-task.ts';

const folder = mkdtempSync(join(tmpdir(), 'data-'));
after(() => rmSync(folder, { recursive: true }));
const { signal } = new AbortController();

test('a record longer than fetch-data.read.max-record-bytes is refused, in whatever pass', async () => {
  writeFileSync(join(folder, 'long.csv'), `a,b\n1,${'x'.repeat(3_000)}\n2,y\n`);
  const data = openData({ base: folder, cache: folder });
  const options = readOptionsOf(readInputs.parse({ 'max-record-bytes': 2_048 }));
  await assert.rejects(async () => profile(await data.open('long.csv', options, signal)), { code: 'record-too-long' });
  await assert.rejects(data.profile('long.csv', options, { signal }), { code: 'record-too-long' });
  assert.equal((await data.profile('long.csv', readOptionsOf(readInputs.parse({})), { signal })).rows, 2);
});

test('large files are profiled by the workers, small ones in this thread', async () => {
  const asked: string[] = [];
  const workers: Executor = {
    ...inThisThread,
    run: (task, options) => {
      asked.push(task.paths.join());
      return inThisThread.run(task, options);
    },
  };
  const data = openData({ base: folder, cache: folder, workers });
  writeFileSync(join(folder, 'small.csv'), 'a\n1\n');
  writeFileSync(join(folder, 'large.csv'), `a\n${'1234567\n'.repeat(4_200_000)}`);
  assert.equal((await data.profile('small.csv', {}, { signal })).rows, 1);
  assert.deepEqual(asked, []);
  assert.equal((await data.profile('large.csv', {}, { signal })).rows, 4_200_000);
  assert.equal(asked.length, 1);
  const on = await data.profile('small.csv', {}, { signal });
  const counted = await data.count('large.csv', {}, on, { signal });
  assert.deepEqual(counted.columns[0]?.kind === 'numeric' && [...counted.columns[0].distribution.below], [0]);
  assert.equal(asked.length, 2);
});
