import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf } from '../../src/tables/byte-source.ts';
import { datePattern } from '../../src/tables/date-pattern.ts';
import { NO_SUCH_DATE } from '../../src/tables/iso-date.ts';
import { type Cell, rowsOf, tableOf } from '../../src/tables/memory-table.ts';
import { tableFrom } from '../../src/tables/open-table.ts';
import type { ReadOptions } from '../../src/tables/read-options.ts';
import { writeParquet } from '../../src/tables/write-parquet.ts';
import { allOf } from './all-of.ts';

const iso = (time: number): string => new Date(time).toISOString();

test('a declared pattern reads days and times, one digit or two where it says so', () => {
  const read = (pattern: string, text: string): number => datePattern(pattern, 'd').parse(text);
  assert.equal(iso(read('DD.MM.YYYY', '29.02.2024')), '2024-02-29T00:00:00.000Z');
  assert.equal(iso(read('M/D/YYYY h:mm', '2/9/2024 7:05')), '2024-02-09T07:05:00.000Z');
  assert.equal(iso(read('M/D/YYYY h:mm', '12/31/2024 23:59')), '2024-12-31T23:59:00.000Z');
  assert.equal(iso(read('YYYYMMDDThhmmss', '20240229T010203')), '2024-02-29T01:02:03.000Z');
  assert.equal(datePattern('DD.MM.YYYY', 'd').type, 'date');
  assert.equal(datePattern('DD.MM.YYYY hh:mm', 'd').type, 'timestamp');
  for (const text of ['1.2.2024', '29.02.24', '29-02-2024', ' 29.02.2024', '29.02.2024 ', '29x02x2024'])
    assert.ok(Number.isNaN(read('DD.MM.YYYY', text)), text);
  for (const text of ['29.02.2023', '31.04.2024', '00.01.2024', '01.13.2024']) assert.equal(read('DD.MM.YYYY', text), NO_SUCH_DATE, text);
  assert.equal(read('DD.MM.YYYY hh:mm', '01.01.2024 24:00'), NO_SUCH_DATE);
});

test('a pattern that would have to guess is refused', () => {
  const refused: Readonly<Record<string, RegExp>> = {
    'DD.MM.YY': /"YY" means nothing/,
    'DD.MMM.YYYY': /"MMM" means nothing/,
    'MM.YYYY': /it has no day/,
    'DD.MM.YYYY hh': /it has no minute/,
    'DD.MM.YYYY mm': /it has no hour/,
    'DD.D.MM.YYYY': /the day stands twice/,
    '': /it has no year/,
  };
  for (const [pattern, why] of Object.entries(refused)) assert.throws(() => datePattern(pattern, 'born'), why, pattern);
  assert.throws(() => datePattern('x', 'born'), /column "born": expected a pattern such as DD\.MM\.YYYY/);
});

const readAs = async (name: string, content: string | Uint8Array, options: ReadOptions): Promise<Readonly<Record<string, Cell>>[]> =>
  allOf(rowsOf(await tableFrom(name, [bytesOf(name, content)], options)));

test('every format reads a declared pattern alike, and names row and column of a day that does not exist', async () => {
  const parquet = async (...days: string[]): Promise<Uint8Array> =>
    Buffer.concat(await allOf(writeParquet(tableOf({ d: days, n: days.map((_, i) => i) }))));
  const written: Readonly<Record<string, (...days: string[]) => Promise<string | Uint8Array>>> = {
    't.csv': async (...days) => `d,n\n${days.map((day, i) => `${day},${i}\n`).join('')}`,
    't.tsv': async (...days) => `d\tn\n${days.map((day, i) => `${day}\t${i}\n`).join('')}`,
    't.json': async (...days) => JSON.stringify(days.map((d, n) => ({ d, n }))),
    't.jsonl': async (...days) => days.map((d, n) => `${JSON.stringify({ d, n })}\n`).join(''),
    't.parquet': parquet,
  };
  for (const [name, write] of Object.entries(written)) {
    const header = /sv$/.test(name) ? 1 : 0;
    const dates = { d: 'DD.MM.YYYY' };
    const rows = await readAs(name, await write('01.02.2024', '29.02.2024'), { dates });
    assert.deepEqual(
      rows.map(({ d }) => d),
      [new Date('2024-02-01'), new Date('2024-02-29')],
      name,
    );
    const refused = (code: string, text: RegExp) => (error: Error & { code?: string; place?: { row?: number; column?: string } }) => {
      assert.deepEqual([error.code, error.place?.row, error.place?.column], [code, 2 + header, 'd'], name);
      return text.test(error.message);
    };
    await assert.rejects(readAs(name, await write('01.02.2024', '30.02.2024'), { dates }), refused('no-such-date', /"30\.02\.2024"/));
    await assert.rejects(readAs(name, await write('01.02.2024', '2024-02-01'), { dates }), refused('wrong-type', /a date as DD\.MM\.YYYY/));
    await assert.rejects(readAs(name, await write('01.02.2024'), { dates: { x: 'DD.MM.YYYY' } }), /expected a column "x"/);
    await assert.rejects(readAs(name, await write('01.02.2024'), { dates, types: { d: 'text' } }), /its declared type is text/);
  }
});
