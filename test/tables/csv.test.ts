import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BadInput } from '../../src/tables/bad-input.ts';
import { bytesOf } from '../../src/tables/byte-source.ts';
import { type Cell, rowsOf } from '../../src/tables/memory-table.ts';
import { tableFrom } from '../../src/tables/open-table.ts';
import type { ReadOptions } from '../../src/tables/read-options.ts';
import { allOf } from './all-of.ts';

type Row = Readonly<Record<string, Cell>>;

async function read(content: string | Uint8Array, options: ReadOptions = {}): Promise<Row[]> {
  const table = await tableFrom('t.csv', [bytesOf('t.csv', content)], options);
  return allOf(rowsOf(table));
}

const types = async (content: string, options: ReadOptions = {}): Promise<Record<string, string>> => {
  const table = await tableFrom('t.csv', [bytesOf('t.csv', content)], options);
  return Object.fromEntries(table.schema.map((field) => [field.name, field.type]));
};

async function refusal(content: string | Uint8Array, options: ReadOptions = {}): Promise<BadInput> {
  try {
    await read(content, options);
  } catch (error) {
    if (error instanceof BadInput) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: 'was read without an error' });
}

test('csv: LF, CRLF and CR end records; the last one needs none', async () => {
  const expected = [
    { a: 1, b: 'x' },
    { a: 2, b: 'y' },
  ];
  for (const end of ['\n', '\r\n', '\r']) {
    assert.deepEqual(await read(`a,b${end}1,x${end}2,y${end}`), expected);
    assert.deepEqual(await read(`a,b${end}1,x${end}2,y`), expected);
  }
});

test('csv: a byte order mark is no part of the first name', async () => {
  assert.deepEqual(await read('\uFEFFa,b\n1,x\n'), [{ a: 1, b: 'x' }]);
});

test('csv: quotes hold delimiters, line ends and doubled quotes; a quote within a field is itself', async () => {
  assert.deepEqual(await read('a,b\n"x,1","say ""hi"""\n"two\r\nlines",5" pipe\n'), [
    { a: 'x,1', b: 'say "hi"' },
    { a: 'two\r\nlines', b: '5" pipe' },
  ]);
});

test('csv: every block boundary gives the same rows', async () => {
  const content = 'id,text,n\r\n1,"a ""q"" b",1.25\r\n2,"li\r\nne",-3\r\n\r\n3,é€😀,\r\n';
  const whole = await read(content);
  assert.equal(whole.length, 3);
  for (let block = 1; block < 60; block++) assert.deepEqual(await read(content, { blockBytes: block }), whole);
});

test('csv: an unquoted empty field is missing, "" is the empty text, other words only when declared', async () => {
  assert.deepEqual(await read('a,b\n,""\nNA,NA\n'), [
    { a: undefined, b: '' },
    { a: 'NA', b: 'NA' },
  ]);
  assert.deepEqual(await read('a,b\n1,""\nNA,NA\n', { missing: ['NA'] }), [
    { a: 1, b: '' },
    { a: undefined, b: undefined },
  ]);
});

test('csv: empty lines are skipped and counted, but a missing value where there is one column', async () => {
  const table = await tableFrom('t.csv', [bytesOf('t.csv', '\na,b\n\n1,2\n\n3,4\n')]);
  assert.equal((await allOf(rowsOf(table))).length, 2);
  assert.equal(table.counts().emptyLines, 2);
  assert.deepEqual(await read('a\n1\n\n3\n'), [{ a: 1 }, { a: undefined }, { a: 3 }]);
});

test('csv: nothing is trimmed', async () => {
  assert.deepEqual(await read('a, b\n x ,y \n'), [{ a: ' x ', ' b': 'y ' }]);
  assert.deepEqual(await types('a\n 1\n2\n'), { a: 'text' });
});

test('csv: types follow from the values', async () => {
  assert.deepEqual(
    await types(
      'i,n,b,d,t,x,e,z,k\n1,1.5,true,2024-02-29,2024-02-29T10:00:00Z,a,,007,12345678901234567890\n-2,3,false,2023-01-01,2023-01-01,1,,8,1\n',
    ),
    {
      i: 'integer',
      n: 'number',
      b: 'boolean',
      d: 'date',
      t: 'timestamp',
      x: 'text',
      e: 'text',
      z: 'text',
      k: 'text',
    },
  );
  assert.deepEqual(await types('a,b,c,d,e,f,g\n0x10,1_000,"1,5",1e,True,inf,nan\n'), {
    a: 'text',
    b: 'text',
    c: 'text',
    d: 'text',
    e: 'text',
    f: 'text',
    g: 'text',
  });
});

test('csv: declared types win', async () => {
  const content = 'z,b,x,d\n007,TRUE,5,2024-01-02\n';
  assert.deepEqual(await read(content, { types: { z: 'integer', b: 'boolean', x: 'text', d: 'text' } }), [
    { z: 7, b: true, x: '5', d: '2024-01-02' },
  ]);
  assert.deepEqual(await read('x\ninf\n-Infinity\n1\n', { types: { x: 'number' } }), [{ x: Infinity }, { x: -Infinity }, { x: 1 }]);
  assert.equal((await refusal('a\n1\n', { types: { b: 'text' } })).code, 'unknown-column');
});

test('csv: numbers equal Number(text)', async () => {
  const texts = [
    '0.1',
    '-0',
    '123456789012345',
    '1234567890123456',
    '9007199254740992',
    '.5',
    '5.',
    '+5',
    '1e3',
    '2.5E-3',
    '0.30000000000000004',
    '4.35',
    '1e-320',
    '179769313486231570000e288',
    '0.000000000000000000000001',
  ];
  const rows = await read(`x\n${texts.join('\n')}\n`, { types: { x: 'number' } });
  assert.deepEqual(
    rows.map((row) => row.x),
    texts.map(Number),
  );
});

test('csv: ISO dates and timestamps become milliseconds, no zone means UTC', async () => {
  const texts = ['2024-02-29T12:30:15.250Z', '2024-02-29 12:30', '2024-02-29T12:30:15+05:30', '1900-03-01T00:00:00-0330', '0001-01-01'];
  const rows = await read(`t\n${texts.join('\n')}\n`);
  assert.deepEqual(
    rows.map((row) => (row.t as Date).toISOString()),
    [
      '2024-02-29T12:30:15.250Z',
      '2024-02-29T12:30:00.000Z',
      '2024-02-29T07:00:15.000Z',
      '1900-03-01T03:30:00.000Z',
      '0001-01-01T00:00:00.000Z',
    ],
  );
});

test('csv: what S7 refuses has a code of its own and says where', async () => {
  const cases: [string | Uint8Array, string, string][] = [
    ['', 'empty-file', 't.csv: '],
    ['\n\n', 'empty-file', 't.csv: '],
    ['a,b\n', 'no-rows', 't.csv: '],
    ['a,b\n1\n', 'ragged-row', 't.csv, row 2: expected 2 fields, found 1'],
    ['a,b\n1,2\n1,2,3\n', 'ragged-row', 't.csv, row 3: expected 2 fields, found 3'],
    ['a,a\n1,2\n', 'duplicate-column', 't.csv, row 1, column 2: '],
    ['a,b\n1,"x\n', 'unterminated-quote', 't.csv, row 2, column "b": '],
    ['a,b\n1,"x"y\n', 'text-after-quote', 't.csv, row 2, column "b": '],
    ['a,b\n1,"x" \n', 'text-after-quote', 't.csv, row 2, column "b": '],
    ['a,b\n1,x\0y\n', 'nul-byte', 't.csv, row 2, column "b": '],
    [Uint8Array.of(97, 10, 0xff, 10), 'bad-encoding', 't.csv, row 2, column "a": '],
    [Uint8Array.of(97, 10, 0xed, 0xa0, 0x80, 10), 'bad-encoding', 't.csv, row 2, column "a": '],
    [Uint8Array.of(0xff, 0xfe, 97, 0), 'utf-16', 't.csv: '],
    ['d\n2023-02-29\n', 'no-such-date', 't.csv, row 2, column "d": "2023-02-29"'],
    ['d\n2023-01-01T24:00\n', 'no-such-date', 't.csv, row 2, column "d": '],
  ];
  for (const [content, code, message] of cases) {
    const error = await refusal(content);
    assert.equal(error.code, code, error.message);
    assert.ok(error.message.startsWith(message), `${error.message} should begin with ${message}`);
  }
});

test('csv: a value that does not fit its type later is an error with its row, never another number', async () => {
  const first = `n,i,pad\n${`1.5,1,${'x'.repeat(1000)}\n`.repeat(4200)}`;
  const cases: [string, string, string][] = [
    ['x,1', 'wrong-type', 'n'],
    ['007,1', 'wrong-type', 'n'],
    ['"1,5",1', 'wrong-type', 'n'],
    ['9007199254740993,1', 'number-too-large', 'n'],
    ['1e400,1', 'number-too-large', 'n'],
    ['1,1.5', 'wrong-type', 'i'],
    ['1,9007199254740993', 'number-too-large', 'i'],
  ];
  for (const [line, code, column] of cases) {
    const error = await refusal(`${first}${line},x\n`);
    assert.deepEqual([error.code, error.place.row, error.place.column], [code, 4202, column]);
  }
  const comma = await refusal('x\n1,5\n', { types: { x: 'number' }, delimiter: ';' });
  assert.match(comma.message, /decimal comma/);
});

test('csv: on-bad-row count leaves bad rows out, whatever columns are asked for, and counts them', async () => {
  const content = 'a,b,c\n1,x,1\n2,"y"z,2\n3,w\n4,v,oops\n5,u\0,5\n6,t,6\n';
  const table = await tableFrom('t.csv', [bytesOf('t.csv', content)], { onBadRow: 'count', types: { c: 'integer' } });
  for (const columns of [['a'], ['b'], ['a', 'b', 'c']]) {
    assert.equal((await allOf(rowsOf(table, { columns }))).length, 2);
    const { rows, badRows, badByCode, examples } = table.counts();
    assert.deepEqual([rows, badRows, badByCode], [2, 4, { 'text-after-quote': 1, 'ragged-row': 1, 'wrong-type': 1, 'nul-byte': 1 }]);
    assert.equal(examples[0], 't.csv, row 3, column "b": text follows a closing quote.');
  }
});

test('csv: delimiter and encoding are declared, never guessed', async () => {
  assert.deepEqual(await read('a;b\n1,5;x\n', { delimiter: ';' }), [{ a: '1,5', b: 'x' }]);
  assert.deepEqual(await read('a\tb\n1\tx\n', { format: 'tsv' }), [{ a: 1, b: 'x' }]);
  assert.deepEqual(await read(Uint8Array.of(97, 10, 0xe9, 0x80, 10), { encoding: 'windows-1252' }), [{ a: 'é€' }]);
  assert.deepEqual(await read(Uint8Array.of(97, 10, 0xe9, 0x80, 10), { encoding: 'iso-8859-1' }), [{ a: 'é\u0080' }]);
  assert.equal((await refusal(Uint8Array.of(97, 10, 0x81, 10), { encoding: 'windows-1252' })).code, 'bad-encoding');
  assert.equal((await refusal('a\n1\n', { encoding: 'utf-7' })).code, 'unknown-encoding');
  assert.equal((await refusal('a\n1\n', { delimiter: '::' })).code, 'bad-delimiter');
});

test('csv: a record beyond max-record-bytes is an error, also a complete one', async () => {
  const error = await refusal(`a,b\n1,${'x'.repeat(200)}\n`, { maxRecordBytes: 100 });
  assert.deepEqual([error.code, error.place.row], ['record-too-long', 2]);
});

test('csv: one line of a gigabyte stops at the bound with flat memory', async () => {
  const block = new Uint8Array(1 << 20).fill(120);
  let given = 0;
  const source = {
    name: 'long.csv',
    async *open() {
      yield new TextEncoder().encode('a,b\n1,');
      for (given = 0; given < 1024; given++) yield block;
    },
  };
  const table = await tableFrom('long.csv', [source]);
  await assert.rejects(
    allOf(table.batches()),
    (error) => error instanceof BadInput && error.code === 'record-too-long' && error.place.row === 2,
  );
  assert.ok(given < 40, `${given} MiB were read`);
});

test('csv: with reuse every batch comes in the same arrays, with the same values', async () => {
  const lines = Array.from({ length: 40_000 }, (_, i) => `${i % 3 === 0 ? '' : i},${i % 2 === 0 ? 'a' : ''}`).join('\n');
  const table = await tableFrom('t.csv', [bytesOf('t.csv', `x,t\n${lines}`, 100_000)]);
  const plain = await allOf(table.batches());
  let batches = 0;
  let first: ArrayBufferLike | undefined;
  for await (const { columns, rows } of table.batches({ reuse: true })) {
    const [numbers, texts] = columns;
    assert.ok(numbers?.kind === 'number' && texts?.kind === 'text');
    first ??= numbers.values.buffer;
    assert.equal(numbers.values.buffer, first);
    assert.deepEqual(columns, plain[batches++]?.columns);
    numbers.values.fill(-1, 0, rows);
  }
  assert.equal(batches, 3);
});

test('csv: columns come in the order asked for; unknown ones are named', async () => {
  const table = await tableFrom('t.csv', [bytesOf('t.csv', 'a,b,c\n1,x,2\n')]);
  assert.deepEqual(await allOf(rowsOf(table, { columns: ['c', 'a'] })), [{ c: 2, a: 1 }]);
  await assert.rejects(allOf(table.batches({ columns: ['A'] })), /expected a column "A", found "a", "b", "c"/);
});

test('csv: many different texts and several batches keep their values', async () => {
  const rows = 60_000;
  const content = `k,v\n${Array.from({ length: rows }, (_, i) => `key-${i},${i % 7}`).join('\n')}\n`;
  const table = await tableFrom('t.csv', [bytesOf('t.csv', content, 100_003)], { blockBytes: 65_537 });
  let at = 0;
  for await (const row of rowsOf(table)) {
    assert.equal(row.k, `key-${at}`);
    assert.equal(row.v, at % 7);
    at++;
  }
  assert.equal(at, rows);
});

test('csv: several files are one table; types are found over all, columns matched by name', async () => {
  const table = await tableFrom('both', [bytesOf('1.csv', 'a,b\n1,x\n'), bytesOf('2.csv', 'b,a\ny,2.5\n')]);
  assert.deepEqual(table.schema, [
    { name: 'a', type: 'number' },
    { name: 'b', type: 'text' },
  ]);
  const batches = await allOf(table.batches());
  assert.deepEqual(
    batches.map((batch) => batch.firstRow),
    [0, 1],
  );
  assert.deepEqual(await allOf(rowsOf(table)), [
    { a: 1, b: 'x' },
    { a: 2.5, b: 'y' },
  ]);
  await assert.rejects(
    tableFrom('both', [bytesOf('1.csv', 'a,b\n1,x\n'), bytesOf('2.csv', 'a,c\n1,2\n')]),
    /2\.csv: the file lacks "b" and adds "c"/,
  );
});

test('csv: an aborted signal stops the reading', async () => {
  const table = await tableFrom('t.csv', [bytesOf('t.csv', `a\n${'1\n'.repeat(100_000)}`)]);
  const control = new AbortController();
  await assert.rejects(async () => {
    for await (const batch of table.batches({ signal: control.signal })) if (batch.firstRow === 0) control.abort();
  }, /abort/i);
});
