import assert from 'node:assert/strict';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import { createGzip, gzipSync } from 'node:zlib';
import { BadInput } from '../../src/tables/bad-input.ts';
import { type ByteSource, bytesOf } from '../../src/tables/byte-source.ts';
import { type Cell, rowsOf, tableOf, tableOfColumns } from '../../src/tables/memory-table.ts';
import { openTable, tableFrom } from '../../src/tables/open-table.ts';
import type { ReadOptions } from '../../src/tables/read-options.ts';
import { writeParquet } from '../../src/tables/write-parquet.ts';
import { allOf } from './all-of.ts';

/** What every reader must do with the bad input of issue 5: a clear error with row and column, or the exception the page names. */
type Content = string | Uint8Array;
interface Case {
  readonly file: string;
  readonly content: Content;
  readonly options?: ReadOptions;
  /** Code, row and column of the error. */
  readonly refused?: readonly [code: string, row?: number, column?: string];
  /** Rows read where the page says that it is no error. */
  readonly read?: readonly Readonly<Record<string, Cell>>[];
}

const read = async (name: string, sources: readonly ByteSource[], options: ReadOptions = {}) =>
  allOf(rowsOf(await tableFrom(name, sources, options)));
const parquet = async (columns: Readonly<Record<string, readonly Cell[]>>): Promise<Uint8Array> =>
  Buffer.concat(await allOf(writeParquet(tableOf(columns))));
/** Text whose bytes are no UTF-8 cannot be written by us: one byte of the file is changed instead. */
const withByte = (bytes: Uint8Array, from: number, to: number): Uint8Array => bytes.map((byte) => (byte === from ? to : byte));
/** First rows of more than the 4 MiB that types are found on, so that what follows comes later. */
const LONG = 'x'.repeat(1000);
const csvHead = `n,pad\n${`1,${LONG}\n`.repeat(4200)}`;
const linesHead = `{"n":1,"pad":"${LONG}"}\n`.repeat(4200);
const numbers: ReadOptions = { types: { n: 'number' } };
const born: ReadOptions = { types: { d: 'date' } };
const HUGE = '12345678901234567890';

const CASES: Readonly<Record<string, readonly Case[]>> = {
  empty: [
    ...['t.csv', 't.tsv', 't.json', 't.jsonl', 't.parquet'].map((file) => ({ file, content: '', refused: ['empty-file'] as const })),
    { file: 't.csv', content: 'a,b\n', refused: ['no-rows'] },
    { file: 't.json', content: '[]', refused: ['no-rows'] },
    { file: 't.jsonl', content: '\n\n', refused: ['no-rows'] },
    { file: 't.parquet', content: await parquet({ a: [] }), refused: ['no-rows'] },
  ],
  'wrong lengths': [
    { file: 't.csv', content: 'a,b\n1,2\n3\n', refused: ['ragged-row', 3] },
    { file: 't.tsv', content: 'a\tb\n1\t2\t3\n', refused: ['ragged-row', 2] },
    {
      file: 't.json',
      content: '[{"a":1,"b":2},{"a":3}]',
      read: [
        { a: 1, b: 2 },
        { a: 3, b: undefined },
      ],
    },
    { file: 't.jsonl', content: `${linesHead}{"n":1,"pad":"x","c":3}\n`, refused: ['new-column', 4201, 'c'] },
    { file: 't.jsonl', content: '{"a":1}\n[1,2]\n', refused: ['not-an-object', 2] },
    { file: 't.parquet', content: (await parquet({ a: [1, 2, 3] })).subarray(0, 60), refused: ['bad-parquet'] },
  ],
  'NUL bytes': [
    { file: 't.csv', content: 'a,b\n1,x\0y\n', refused: ['nul-byte', 2, 'b'] },
    { file: 't.tsv', content: 'a\tb\n1\tx\0y\n', refused: ['nul-byte', 2, 'b'] },
    { file: 't.json', content: '[{"a":"x\0y"}]', refused: ['bad-json', 1] },
    { file: 't.jsonl', content: '{"a":1}\n\0\n', refused: ['bad-json', 2] },
    { file: 't.jsonl', content: '{"a":"x\\u0000y"}', refused: ['nul-byte', 1, 'a'] },
    { file: 't.parquet', content: await parquet({ a: ['x', 'x\0y'] }), refused: ['nul-byte', undefined, 'a'] },
  ],
  'lone surrogates and bytes that are no UTF-8': [
    { file: 't.csv', content: Uint8Array.of(97, 10, 0xed, 0xa0, 0x80, 10), refused: ['bad-encoding', 2, 'a'] },
    { file: 't.tsv', content: Uint8Array.of(97, 10, 0xff, 10), refused: ['bad-encoding', 2, 'a'] },
    { file: 't.json', content: '[{"a":"x"},{"a":"\\ud800"}]', refused: ['lone-surrogate', 2, 'a'] },
    { file: 't.jsonl', content: '{"a":"\\udc00x"}\n', refused: ['lone-surrogate', 1, 'a'] },
    { file: 't.jsonl', content: withByte(Buffer.from('{"a":"~"}\n'), 126, 0xff), refused: ['bad-encoding', 1] },
    { file: 't.parquet', content: withByte(await parquet({ a: ['~~', '~~'] }), 126, 0xff), refused: ['bad-encoding', undefined, 'a'] },
  ],
  'a decimal comma': [
    { file: 't.csv', content: 'n;m\n1,5;2\n', options: { delimiter: ';', ...numbers }, refused: ['wrong-type', 2, 'n'] },
    { file: 't.tsv', content: 'n\tm\n1,5\t2\n', options: numbers, refused: ['wrong-type', 2, 'n'] },
    { file: 't.csv', content: `${csvHead}"1,5",x\n`, refused: ['wrong-type', 4202, 'n'] },
    { file: 't.json', content: '[{"n":"1,5"}]', options: numbers, refused: ['wrong-type', 1, 'n'] },
    { file: 't.jsonl', content: `${linesHead}{"n":"1,5"}\n`, refused: ['wrong-type', 4201, 'n'] },
    { file: 't.parquet', content: await parquet({ n: ['2.5', '1,5'] }), options: numbers, refused: ['wrong-type', 2, 'n'] },
    // Undeclared and from the first row on, it is text: never 15, never 1.
    { file: 't.csv', content: 'n;m\n1,5;2\n', options: { delimiter: ';' }, read: [{ n: '1,5', m: 2 }] },
    { file: 't.json', content: '[{"n":"1,5"}]', read: [{ n: '1,5' }] },
  ],
  'whole numbers beyond 2^53 as keys': [
    { file: 't.csv', content: `k\n${HUGE}\n9007199254740993\n`, read: [{ k: HUGE }, { k: '9007199254740993' }] },
    { file: 't.json', content: `[{"k":${HUGE}},{"k":9007199254740993}]`, read: [{ k: HUGE }, { k: '9007199254740993' }] },
    { file: 't.jsonl', content: `{"k":1}\n{"k":${HUGE}}\n`, read: [{ k: '1' }, { k: HUGE }] },
    { file: 't.csv', content: 'k\n1\n9007199254740993\n', options: { types: { k: 'integer' } }, refused: ['number-too-large', 3, 'k'] },
    { file: 't.tsv', content: `n\n${HUGE}\n`, options: numbers, refused: ['number-too-large', 2, 'n'] },
    { file: 't.csv', content: `${csvHead}9007199254740993,x\n`, refused: ['number-too-large', 4202, 'n'] },
    { file: 't.jsonl', content: `${linesHead}{"n":9007199254740993}\n`, refused: ['number-too-large', 4201, 'n'] },
    { file: 't.parquet', content: await parquet({ n: ['1', HUGE] }), options: numbers, refused: ['number-too-large', 2, 'n'] },
  ],
  'numbers beyond the range of doubles, and words for none': [
    { file: 't.csv', content: 'n\n1e400\n', options: numbers, refused: ['number-too-large', 2, 'n'] },
    { file: 't.jsonl', content: `${linesHead}{"n":1e400}\n`, refused: ['number-too-large', 4201, 'n'] },
    { file: 't.csv', content: 'n\n1\nNaN\n', options: numbers, refused: ['wrong-type', 3, 'n'] },
    { file: 't.json', content: '[{"n":NaN}]', refused: ['bad-json', 1] },
    { file: 't.csv', content: `${csvHead}0x1f,x\n`, refused: ['wrong-type', 4202, 'n'] },
  ],
  'dates that do not exist': [
    { file: 't.csv', content: 'd\n2024-02-29\n2023-02-29\n', refused: ['no-such-date', 3, 'd'] },
    { file: 't.tsv', content: 'd\n2024-13-01\n', options: born, refused: ['no-such-date', 2, 'd'] },
    { file: 't.json', content: '[{"d":"2024-02-29"},{"d":"2024-04-31"}]', refused: ['no-such-date', 2, 'd'] },
    { file: 't.jsonl', content: '{"d":"2024-01-01T24:00"}\n', refused: ['no-such-date', 1, 'd'] },
    { file: 't.parquet', content: await parquet({ d: ['2024-02-29', '2023-02-29'] }), options: born, refused: ['no-such-date', 2, 'd'] },
  ],
};

for (const [what, cases] of Object.entries(CASES))
  test(`every reader and ${what}`, async () => {
    for (const { file, content, options, refused, read: expected } of cases) {
      // Cut into pieces of 7 bytes, so that no fault hides at a boundary; the long ones as they are.
      const source = bytesOf(file, content, content.length > 1e6 ? undefined : 7);
      if (expected !== undefined) {
        assert.deepEqual(await read(file, [source], options), expected, file);
        continue;
      }
      const [code, row, column] = refused!;
      await assert.rejects(read(file, [source], options), (error) => {
        assert.ok(error instanceof BadInput, `${what}, ${file}: ${error}`);
        assert.deepEqual([error.code, error.place.row, error.place.column], [code, row, column], `${what}, ${file}: ${error.message}`);
        assert.ok(error.message.startsWith(file), error.message);
        return true;
      });
    }
  });

test('every row-level fault of the text formats is counted under on-bad-row: count, and the good rows are read', async () => {
  for (const { file, content, options, refused } of Object.values(CASES).flat()) {
    if (refused?.[1] === undefined || !/csv$|tsv$|jsonl$/.test(file)) continue;
    const table = await tableFrom(file, [bytesOf(file, content)], { ...options, onBadRow: 'count' });
    await allOf(rowsOf(table));
    const { badRows, badByCode, examples } = table.counts();
    assert.deepEqual([badRows, badByCode], [1, { [refused[0]]: 1 }], `${file}: ${refused.join(' ')}`);
    assert.equal(examples.length, 1);
  }
});

test('a line of a gigabyte stops every text format at the bound, and a small file that unpacks to one does', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'retrain-bad-input-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const block = new Uint8Array(1 << 20).fill(120);
  const heads: Readonly<Record<string, string>> = { 't.csv': 'a,b\n1,', 't.tsv': 'a\tb\n1\t', 't.json': '[{"a":"', 't.jsonl': '{"a":"' };
  for (const [file, head] of Object.entries(heads)) {
    let given = 0;
    const endless = async function* (): AsyncIterable<Uint8Array> {
      yield new TextEncoder().encode(head);
      for (given = 0; given < 1024; given++) yield block;
    };
    const refused = (error: unknown): boolean =>
      error instanceof BadInput && error.code === 'record-too-long' && error.place.row === (/sv$/.test(file) ? 2 : 1);
    await assert.rejects(read(file, [{ name: file, open: endless }]), refused, file);
    assert.ok(given < 40, `${file}: ${given} MiB were read`);

    const packed = join(folder, `${file}.gz`);
    await pipeline([head, ...Array<Uint8Array>(24).fill(block)], createGzip(), createWriteStream(packed));
    await assert.rejects(async () => allOf(rowsOf(await openTable(packed))), refused, packed);
  }
  await writeFile(join(folder, 'nothing.csv.gz'), gzipSync(''));
  await assert.rejects(openTable(join(folder, 'nothing.csv.gz')), (error) => error instanceof BadInput && error.code === 'empty-file');
});

test('Parquet written with NaN and infinities reads them as missing and as values', async () => {
  const columns = [
    { kind: 'number' as const, values: Float64Array.of(1, Number.POSITIVE_INFINITY, Number.NaN), missing: Uint8Array.of(0, 0, 1) },
  ];
  const table = tableOfColumns('t', [{ name: 'n', type: 'number' }], columns, 3);
  const bytes = Buffer.concat(await allOf(writeParquet(table)));
  assert.deepEqual(await read('t.parquet', [bytesOf('t.parquet', bytes)]), [{ n: 1 }, { n: Number.POSITIVE_INFINITY }, { n: undefined }]);
});
