import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { Random, STREAMS } from '../../src/statistics/random.ts';
import { BadInput } from '../../src/tables/bad-input.ts';
import { bytesOf } from '../../src/tables/byte-source.ts';
import { tableFrom } from '../../src/tables/open-table.ts';
import { profile } from '../../src/tables/profile/profiler.ts';
import type { Profile } from '../../src/tables/profile-types.ts';
import { cutRanges } from '../../src/tables/workers/cut-ranges.ts';
import { inThisThread, type TableTask } from '../../src/tables/workers/table-task.ts';
import { workerExecutor } from '../../src/tables/workers/worker-executor.ts';
import { close } from '../statistics/close.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'ranges-'));
let started = 0;
const start = (): Worker => {
  started++;
  return new Worker(new URL('table-worker.ts', import.meta.url));
};
const PIECE = 20_000;
const executor = workerExecutor(start, 2, PIECE);
after(async () => {
  await executor.close();
  rmSync(folder, { recursive: true });
});

function file(name: string, text: string | Uint8Array): string {
  const at = path.join(folder, name);
  writeFileSync(at, text);
  return at;
}

const random = Random.of(3, STREAMS.synthetic);
const line = (i: number): string =>
  `${i},${random.below(50)},${random.float()},${i % 97 === 0 ? '' : random.below(900) / 10},"t ""${random.below(30)}""",${i % 3 === 0}`;
const HEADER = 'id,few,real,holes,text,yes';
const LINES = Array.from({ length: 6_000 }, (_, i) => line(i));
const plain = file('plain.csv', `\ufeff${HEADER}\r\n${LINES.join('\r\n')}`);

/** Everything counted is equal; sums are rounded by part. */
function assertSameProfile(found: Profile, expected: Profile): void {
  const counted = (one: Profile) =>
    one.columns.map((column) => (column.kind === 'numeric' ? { ...column, moments: column.moments.n } : column));
  assert.deepEqual([found.rows, counted(found)], [expected.rows, counted(expected)]);
  found.columns.forEach((column, i) => {
    const other = expected.columns[i]!;
    if (column.kind !== 'numeric' || other.kind !== 'numeric') return;
    close(column.moments.mean, other.moments.mean, 1e-12);
    close(column.moments.m2, other.moments.m2, 1e-12);
  });
}

test('ranges: they cover the file, end with line feeds, and are the same whoever asks', async () => {
  const ranges = await cutRanges({ kind: 'profile', paths: [plain] }, PIECE);
  assert.equal(ranges.length, 4);
  assert.deepEqual([ranges[0]!.from, ranges.at(-1)!.to], [0, statSync(plain).size]);
  for (let i = 1; i < ranges.length; i++) assert.equal(ranges[i]!.from, ranges[i - 1]!.to);
});

test('ranges: the profile of a file read in parts is that of the whole, and equal bytes give equal bytes', async () => {
  const task: TableTask = { kind: 'profile', paths: [plain] };
  const seen: number[] = [];
  const found = await executor.run(task, { onProgress: (rows) => seen.push(rows) });
  assertSameProfile(found, await inThisThread.run(task));
  assert.equal(seen.at(-1), LINES.length);
  assert.deepEqual(await executor.run(task), found);
  const one = workerExecutor(start, 1, PIECE);
  assert.deepEqual(await one.run(task), found);
  await one.close();
});

test('ranges: counting on the edges of a reference, columns renamed and left out', async () => {
  const choose = { drop: ['text'], rename: { few: 'some' } };
  const reference = await inThisThread.run({ kind: 'profile', paths: [plain], choose });
  assert.deepEqual(
    reference.columns.map(({ name }) => name),
    ['id', 'some', 'real', 'holes', 'yes'],
  );
  const task: TableTask = { kind: 'count-on-edges', paths: [plain], choose, reference };
  assertSameProfile(await executor.run(task), await inThisThread.run(task));
});

test('ranges: what outgrows the memory is sketched, counted exactly, and within the error of rank', async () => {
  const found = await executor.run({ kind: 'profile', paths: [plain], memoryBytes: 40_000 });
  const column = found.columns.find(({ name }) => name === 'id');
  assert.ok(column?.kind === 'numeric' && column.distinct?.exact === false);
  const { edges, atOrBelow } = column.distribution;
  assert.ok(edges.length > 100);
  edges.forEach((edge, i) => void assert.equal(atOrBelow[i], edge + 1));
});

test('ranges: line feeds within quotes at a cut are no ends of records: the whole is read instead', async () => {
  const long = `"${'line\n'.repeat(3_000)}"`;
  const quoted = file('quoted.csv', `a,b\n${Array.from({ length: 8 }, (_, i) => `${i},${long}`).join('\n')}\n`);
  assert.equal((await cutRanges({ kind: 'profile', paths: [quoted] }, PIECE)).length, 4);
  assert.deepEqual(await executor.run({ kind: 'profile', paths: [quoted] }), await inThisThread.run({ kind: 'profile', paths: [quoted] }));
});

test('ranges: a bad row far behind the first cut is named by its row in the file', async () => {
  const bad = file('bad.csv', `${HEADER}\n${LINES.map((text, i) => (i === 5_500 ? text.replace(',', ';') : text)).join('\n')}\n`);
  await assert.rejects(executor.run({ kind: 'profile', paths: [bad] }), (error) => {
    assert.ok(error instanceof BadInput);
    assert.deepEqual([error.code, error.place.row], ['wrong-type', 5_502]);
    return true;
  });
});

test('ranges: compressed files, other formats, several files and counted bad rows are not cut', async () => {
  const packed = file('packed.csv.gz', gzipSync(Buffer.from(`${HEADER}\n${LINES.join('\n')}\n`), { level: 0 }));
  const jsonl = file('plain.jsonl', '{"a":1}\n'.repeat(20_000));
  const cut = (task: Partial<TableTask>) => cutRanges({ kind: 'profile', paths: [plain], ...task } as TableTask, PIECE);
  assert.deepEqual(
    [
      await cut({ paths: [packed] }),
      await cut({ paths: [jsonl] }),
      await cut({ paths: [plain, plain] }),
      await cut({ read: { onBadRow: 'count' } }),
      await cut({ paths: [folder] }),
      await cutRanges({ kind: 'profile', paths: [plain] }),
    ],
    [[], [], [], [], [], []],
  );
});

test('ranges: a source without them says so, and a cancelled task ends all its parts', async () => {
  const table = await tableFrom('a.csv', [bytesOf('a.csv', 'a\n1\n2\n')], { range: { from: 0, to: 4 } });
  await assert.rejects(profile(table), RangeError);
  const control = new AbortController();
  await assert.rejects(executor.run({ kind: 'profile', paths: [plain] }, { signal: control.signal, onProgress: () => control.abort() }), {
    name: 'AbortError',
  });
  const before = started;
  assert.equal((await executor.run({ kind: 'profile', paths: [plain] })).rows, LINES.length);
  assert.equal(started, before);
});
