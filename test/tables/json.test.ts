import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BadInput } from '../../src/tables/bad-input.ts';
import { bytesOf } from '../../src/tables/byte-source.ts';
import { type Cell, rowsOf, tableOf } from '../../src/tables/memory-table.ts';
import { tableFrom } from '../../src/tables/open-table.ts';
import type { ReadOptions } from '../../src/tables/read-options.ts';
import { writeJsonl } from '../../src/tables/write-jsonl.ts';
import { allOf } from './all-of.ts';

async function read(
  name: string,
  content: string | Uint8Array,
  options: ReadOptions = {},
  block?: number,
): Promise<Readonly<Record<string, Cell>>[]> {
  return allOf(rowsOf(await tableFrom(name, [bytesOf(name, content, block)], options)));
}

async function refusal(name: string, content: string | Uint8Array, options: ReadOptions = {}): Promise<BadInput> {
  try {
    await read(name, content, options);
  } catch (error) {
    if (error instanceof BadInput) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: 'was read without an error' });
}

const rows = [
  { a: 1, t: 'x,"]}', b: true, d: '2024-02-29', n: 0.5 },
  { t: 'é😀\n', a: -2, b: null, d: null },
];

test('json: an array and lines of objects give the same rows, at every block boundary', async () => {
  const expected = [
    { a: 1, t: 'x,"]}', b: true, d: new Date('2024-02-29'), n: 0.5 },
    { a: -2, t: 'é😀\n', b: undefined, d: undefined, n: undefined },
  ];
  const lines = rows.map((row) => JSON.stringify(row)).join('\n');
  for (const block of [1, 2, 3, 5, 7, 11, 64, 4096]) {
    assert.deepEqual(await read('t.json', ` ${JSON.stringify(rows, null, 1)} \n`, {}, block), expected);
    assert.deepEqual(await read('t.jsonl', `\uFEFF${lines}\r\n\n`, {}, block), expected);
  }
});

test('json: columns are the keys of all first records; strings stay text, mixed kinds become text', async () => {
  const table = await tableFrom('t.jsonl', [bytesOf('t.jsonl', '{"a":"1","m":1}\n{"m":"x","z":true}\n{"big":12345678901234567890}\n')]);
  assert.deepEqual(
    table.schema.map((field) => `${field.name}:${field.type}`),
    ['a:text', 'm:text', 'z:boolean', 'big:text'],
  );
  assert.deepEqual((await allOf(rowsOf(table)))[2].big, '12345678901234567890');
  assert.deepEqual(
    (await allOf(rowsOf(table))).map((row) => row.m),
    ['1', 'x', undefined],
  );
});

test('json: a declared number reads text that is a decimal', async () => {
  assert.deepEqual(await read('t.json', '[{"a":"12"},{"a":3}]', { types: { a: 'integer' } }), [{ a: 12 }, { a: 3 }]);
});

test('json: what is no table is refused with a code and its record', async () => {
  const cases: [string, string | Uint8Array, string, number?][] = [
    ['t.json', '', 'empty-file'],
    ['t.jsonl', '', 'empty-file'],
    ['t.json', '[]', 'no-rows'],
    ['t.jsonl', '\n\n', 'no-rows'],
    ['t.json', '{"a":1}', 'bad-json', 1],
    ['t.json', '[{"a":1}', 'bad-json', 1],
    ['t.json', '[{"a":1},]', 'bad-json', 2],
    ['t.json', '[{"a":1}] x', 'bad-json', 2],
    ['t.json', '[{"a":1},{"a":1]', 'bad-json', 2],
    ['t.json', '[{"a":NaN}]', 'bad-json', 1],
    ['t.json', '[1]', 'not-an-object', 1],
    ['t.jsonl', '{"a":1}\n[1]\n', 'not-an-object', 2],
    ['t.json', '[{"a":{"b":1}}]', 'nested-value', 1],
    ['t.jsonl', '{"a":1}\n{"a":[1]}\n', 'nested-value', 2],
    ['t.jsonl', '{"a":"\\ud800"}\n', 'lone-surrogate', 1],
    ['t.jsonl', Uint8Array.of(123, 34, 97, 34, 58, 34, 0xff, 34, 125), 'bad-encoding', 1],
    ['t.jsonl', '{"d":"2024-02-30"}\n', 'no-such-date', 1],
  ];
  for (const [name, content, code, row] of cases) {
    const error = await refusal(name, content);
    assert.deepEqual([error.code, error.place.row], [code, row], `${content}: ${error.message}`);
  }
  assert.equal((await refusal('t.jsonl', '{"a":12345678901234567890}\n', { types: { a: 'integer' } })).code, 'number-too-large');
  assert.equal((await refusal('t.jsonl', '{"a":1e999}\n', { types: { a: 'number' } })).code, 'number-too-large');
});

test('json: after the first records a new key or another kind is an error, or counted', async () => {
  const first = `${JSON.stringify({ a: 1, pad: 'x'.repeat(1000) })}\n`.repeat(4200);
  assert.equal((await refusal('t.jsonl', `${first}{"a":1,"z":2}\n`)).code, 'new-column');
  const wrong = await refusal('t.jsonl', `${first}{"a":"7"}\n`);
  assert.deepEqual([wrong.code, wrong.place.row, wrong.place.column], ['wrong-type', 4201, 'a']);
  const table = await tableFrom('t.jsonl', [bytesOf('t.jsonl', `${first}{"a":1,"z":2}\n{"a":\n{"a":5}\n`)], { onBadRow: 'count' });
  let count = 0;
  for await (const batch of table.batches({ columns: ['a'] })) count += batch.rows;
  assert.equal(count, 4201);
  assert.deepEqual(table.counts().badByCode, { 'new-column': 1, 'bad-json': 1 });
});

test('json: a record of a gigabyte stops at the bound', async () => {
  for (const name of ['t.json', 't.jsonl']) {
    let given = 0;
    const source = {
      name,
      async *open() {
        yield new TextEncoder().encode('[{"a":"');
        const block = new Uint8Array(1 << 20).fill(120);
        for (given = 0; given < 1024; given++) yield block;
      },
    };
    await assert.rejects(tableFrom(name, [source]), (error) => error instanceof BadInput && error.code === 'record-too-long');
    assert.ok(given < 40, `${given} MiB were read`);
  }
});

test('jsonl: what is written reads back equal', async () => {
  const table = tableOf({
    i: [1, undefined, -3],
    n: [0.1, 1e300, undefined],
    t: ['a"b', '', undefined],
    b: [true, undefined, false],
    d: [new Date(0), new Date('2024-02-29T01:02:03.456Z'), undefined],
  });
  const text = (await allOf(writeJsonl(table))).join('');
  assert.deepEqual(await read('t.jsonl', text), await allOf(rowsOf(table)));
});
