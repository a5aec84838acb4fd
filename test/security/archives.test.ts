import assert from 'node:assert/strict';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import { createGzip, gzipSync } from 'node:zlib';
import { openFile } from '../../src/tables/open-file.ts';
import { openTable } from '../../src/tables/open-table.ts';
import { scratchFolder, patience as signal } from '../contracts/scratch.ts';

test('S8: a bomb in a data file stops within its cap, in memory that does not grow with it', async (context) => {
  const folder = await scratchFolder(context);
  const endless = join(folder, 'endless.csv.gz');
  const zeros = Buffer.alloc(1 << 20, '0');
  await pipeline(
    Readable.from(
      (function* () {
        yield 'a,b\n1,';
        for (let i = 0; i < 200; i++) yield zeros;
      })(),
    ),
    createGzip({ level: 1 }),
    createWriteStream(endless),
  );
  assert.ok((await readFile(endless)).length < 2e6);
  const before = process.memoryUsage().rss;
  const read = async () => {
    const table = await openTable(endless, {}, signal);
    for await (const batch of table.batches({ signal })) void batch;
  };
  await assert.rejects(read(), /record|longer|bytes/i);
  assert.ok(process.memoryUsage().rss - before < 150e6);

  const capped = await openFile(endless, { maxBytes: 10 << 20 });
  let bytes = 0;
  const all = async () => {
    for await (const block of capped.open(signal)) bytes += block.length;
  };
  await assert.rejects(all(), { code: 'too-large' });
  assert.ok(bytes <= 10 << 20);
});

test('S8: a size in a header is not believed: a gzip that says less than it holds is counted while it is read', async (context) => {
  const path = join(await scratchFolder(context), 'lies.csv.gz');
  const packed = gzipSync(`a\n${'1\n'.repeat(1 << 20)}`);
  packed.writeUInt32LE(10, packed.length - 4);
  await pipeline(Readable.from([packed]), createWriteStream(path));
  const file = await openFile(path, { maxBytes: 1 << 16 });
  const all = async () => {
    for await (const block of file.open(signal)) void block;
  };
  await assert.rejects(all(), { code: 'too-large' });
});
