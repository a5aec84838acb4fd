import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { StoreDocuments } from '../../../src/providers/backends/store-documents.ts';
import { collectResult } from '../../../src/providers/backends/vertex-collecting.ts';
import { failureSchema } from '../../../src/providers/backends/vertex-end.ts';
import { VertexLive } from '../../../src/providers/backends/vertex-live.ts';
import { fileStore } from '../../../src/providers/stores/file.ts';
import { fixture, freshFolder, jobSpec, logOf, never } from './trainer-jobs.ts';

const MEBIBYTE = 1024 * 1024;

test('a log in the bucket without end is heard up to a bound, its last lines are kept, and progress that is none is passed over', async (t) => {
  const folder = freshFolder(t);
  mkdirSync(join(folder, 'live'));
  const write = (name: string, text: string) => writeFileSync(join(folder, 'live', name), text);
  write('001-00001-log.txt', '\x1b[2J::set-output name=x::y\n##[add-mask]x\n');
  write('001-00002-log.txt', 'x'.repeat(17 * MEBIBYTE));
  write('001-00003-log.txt', 'a\n'.repeat(200_000));
  write('001-00004-log.txt', 'the end\n');
  write('../result.json', '{}');
  write(
    '001-00005-progress.jsonl',
    [
      '{"done":1e999,"metrics":{}}',
      '{"__proto__":{"done":1},"metrics":{}}',
      '['.repeat(10_000),
      '{"done":0.5,"metrics":{"__proto__":1,"loss":1}}',
      '',
    ].join('\n'),
  );
  const documents = new StoreDocuments(fileStore(), freshFolder(t));
  const live = new VertexLive(fileStore(), documents, pathToFileURL(folder).href);
  const events = await live.news(never);
  const lines = logOf(events);
  assert.equal(lines.length, 100_001);
  assert.match(lines[0]!, /^: :set-output/);
  assert.match(lines[1]!, /^# #\[add-mask\]/);
  assert.match(lines[2]!, /001-00002-log\.txt has 17825792 bytes; it is left out/);
  assert.match(lines.at(-1)!, /further lines of the job are left out/);
  assert.equal(live.lastLines.at(-1), 'the end');
  assert.deepEqual(
    events.flatMap((event) => (event.kind === 'progress' ? [[event.share, Object.keys(event.metrics)]] : [])),
    [[0.5, ['loss']]],
  );
  assert.equal(({} as { done?: unknown }).done, undefined);
  assert.deepEqual(await live.news(never), []);
});

test('what a job says of its failure is cut; a result that names what is no file of its output is refused', async (t) => {
  const told = failureSchema.parse({ attempt: 1, exitCode: 1, tail: ['x'.repeat(1_000_000)] });
  assert.equal(told.tail[0]!.length, 4_000);
  const folder = freshFolder(t);
  const base = pathToFileURL(folder).href;
  const spec = jobSpec(freshFolder(t), fixture('priors-trainer'), 'fit', {});
  for (const path of ['../x', '/etc/x', 'a/../../x', 'a\\..\\x', 'model/\0', './x', 'a//b']) {
    writeFileSync(join(folder, 'result.json'), JSON.stringify({ files: [{ path, sha256: 'a'.repeat(64) }] }));
    const documents = new StoreDocuments(fileStore(), freshFolder(t));
    await assert.rejects(
      collectResult(base, spec, freshFolder(t), { store: fileStore(), documents, signal: never }),
      { code: 'result-not-a-file' },
      path,
    );
  }
});
