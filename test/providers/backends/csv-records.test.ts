import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvRecords } from '../../../src/providers/backends/csv-records.ts';

async function fieldsOf(text: string, size = text.length || 1): Promise<(readonly string[])[]> {
  async function* pieces() {
    for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
  }
  const found: (readonly string[])[] = [];
  for await (const { fields } of csvRecords(pieces(), 'x.csv')) found.push(fields);
  return found;
}

test('quotes, doubled quotes, line breaks inside quotes, both line ends, however the text is cut', async () => {
  const text = '\ufeffid,a\r\n"k ""1""","x\ny"\r\nk2,\n,""\n"",b\nlast,"q"';
  const expected = [
    ['id', 'a'],
    ['k "1"', 'x\ny'],
    ['k2', ''],
    ['', ''],
    ['', 'b'],
    ['last', 'q'],
  ];
  for (let size = 1; size <= text.length; size++) assert.deepEqual(await fieldsOf(text, size), expected, `pieces of ${size}`);
});

test('what is not CSV is refused with its row', async () => {
  for (const [text, message] of [
    ['a,b\nk"x,1\n', /row 2.*quote inside/],
    ['a\n"k"x\n', /row 2.*behind a closing quote/],
    ['a\n"k', /row 2.*never closes/],
    ['a\rb\n', /row 1.*carriage return/],
  ] as const) {
    for (const size of [1, 100]) await assert.rejects(fieldsOf(text, size), { code: 'not-csv', message });
  }
});
