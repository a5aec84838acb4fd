import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { BadInput } from '../../src/tables/bad-input.ts';
import { rowsOf } from '../../src/tables/memory-table.ts';
import { openFile } from '../../src/tables/open-file.ts';
import { formatOf, openTable } from '../../src/tables/open-table.ts';
import { allOf } from './all-of.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tables-'));
after(() => rmSync(folder, { recursive: true }));

function put(name: string, content: string | Uint8Array): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

test('files: gzip is recognised by content, whatever the name', async () => {
  const content = `a,b\n${'1,x\n'.repeat(100_000)}`;
  for (const name of ['packed.csv.gz', 'named-wrong.csv']) {
    const table = await openTable(put(name, gzipSync(content)));
    let rows = 0;
    for await (const batch of table.batches()) rows += batch.rows;
    assert.equal(rows, 100_000);
  }
  for (const name of ['lines.jsonl.gz', 'array.json.gz']) {
    const text = name.includes('jsonl') ? '{"a":1}\n{"a":2}\n' : '[{"a":1},{"a":2}]';
    assert.deepEqual(await allOf(rowsOf(await openTable(put(name, gzipSync(text))))), [{ a: 1 }, { a: 2 }]);
  }
});

test('files: gzip that is cut short, and one that unpacks beyond the bound, are errors', async () => {
  const packed = gzipSync(`a\n${'x'.repeat(1_000_000)}\n`);
  await assert.rejects(
    openTable(put('cut.csv.gz', packed.subarray(0, packed.length - 200))),
    (error) => error instanceof BadInput && error.code === 'bad-gzip',
  );
  const source = await openFile(put('bomb.csv.gz', gzipSync(new Uint8Array(50_000_000))), { maxBytes: 1_000_000 });
  await assert.rejects(allOf(source.open()), (error) => error instanceof BadInput && error.code === 'too-large');
});

test('files: a table can be read again', async () => {
  const table = await openTable(put('again.csv', 'a\n1\n2\n'));
  assert.deepEqual(await allOf(rowsOf(table)), await allOf(rowsOf(table)));
});

test('files: the name tells the format', () => {
  assert.deepEqual(['a.csv', 'a.TSV', 'b.json.gz', 'x.ndjson', 'y.parquet'].map(formatOf), ['csv', 'tsv', 'json', 'jsonl', 'parquet']);
  for (const name of ['a', 'a.txt', 'a.constructor']) assert.throws(() => formatOf(name), /does not tell the format/);
});

test('folders: every file below, key=value as columns, markers left out', async () => {
  put('days/year=2023/city=K%C3%B6ln/b.csv', 'n\n1\n2\n');
  put('days/year=2024/city=__HIVE_DEFAULT_PARTITION__/a.jsonl', '{"n":3.5}\n');
  put('days/year=2024/_SUCCESS', '');
  put('days/.hidden.csv', 'x\n1\n');
  put('days/README.md', 'not data');
  const table = await openTable(path.join(folder, 'days'));
  assert.deepEqual(
    table.schema.map(({ name, type }) => `${name} ${type}`),
    ['n number', 'year integer', 'city text'],
  );
  assert.deepEqual(await allOf(rowsOf(table)), [
    { n: 1, year: 2023, city: 'Köln' },
    { n: 2, year: 2023, city: 'Köln' },
    { n: 3.5, year: 2024, city: undefined },
  ]);
  assert.deepEqual(await allOf(rowsOf(table, { columns: ['city', 'n'] })), [
    { city: 'Köln', n: 1 },
    { city: 'Köln', n: 2 },
    { city: undefined, n: 3.5 },
  ]);
  assert.deepEqual(
    (await allOf(rowsOf(table, { columns: ['year'] }))).map((row) => row.year),
    [2023, 2023, 2024],
  );
});

test('folders: declared types reach the columns of the path; clashes and emptiness are errors', async () => {
  put('typed/zip=01234/a.csv', 'n\n1\n');
  const table = await openTable(path.join(folder, 'typed'), { types: { zip: 'text' } });
  assert.deepEqual(await allOf(rowsOf(table)), [{ n: 1, zip: '01234' }]);
  put('clash/n=1/a.csv', 'n\n1\n');
  await assert.rejects(openTable(path.join(folder, 'clash')), /adds a column "n"/);
  mkdirSync(path.join(folder, 'nothing'));
  await assert.rejects(openTable(path.join(folder, 'nothing')), (error) => error instanceof BadInput && error.code === 'no-files');
});
