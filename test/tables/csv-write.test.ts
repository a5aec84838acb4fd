import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../src/statistics/random.ts';
import { bytesOf } from '../../src/tables/byte-source.ts';
import { rowsOf, tableOf } from '../../src/tables/memory-table.ts';
import { tableFrom } from '../../src/tables/open-table.ts';
import { writeCsv } from '../../src/tables/write-csv.ts';
import { allOf } from './all-of.ts';

const text = async (...given: Parameters<typeof writeCsv>): Promise<string> => (await allOf(writeCsv(...given))).join('');

test('csv writing: quotes where they are needed, the empty text apart from missing', async () => {
  const table = tableOf({ 'a,b': ['x', '', undefined, 'say "hi"', 'two\nlines', ' x '], n: [1, 0.1, undefined, -0, 1e21, 2 ** 53 * 4] });
  assert.equal(await text(table), '"a,b",n\nx,1\n"",0.1\n,\n"say ""hi""",-0\n"two\nlines",1e+21\n x ,3.602879701896397e+16\n');
  assert.match(await text(table, { delimiter: ';', columns: ['n', 'a,b'] }), /^n;a,b\n1;x\n/);
});

test('csv writing: dates and booleans in their ISO and JSON forms', async () => {
  const table = tableOf({ d: [new Date('2024-02-29')], t: [new Date('2024-02-29T01:02:03.4Z')], b: [true] }, { types: { d: 'date' } });
  assert.equal(await text(table), 'd,t,b\n2024-02-29,2024-02-29T01:02:03.400Z,true\n');
});

test('csv writing: formulas are defused for people only, and numbers never touched (S16)', async () => {
  const table = tableOf({ t: ['=1+1', '@x', '+4930', '-x', '\tx', 'x=1', '-0.12'], n: [-0.12, 1, 2, 3, 4, 5, 6] });
  assert.equal(await text(table), 't,n\n=1+1,-0.12\n@x,1\n+4930,2\n-x,3\n\tx,4\nx=1,5\n-0.12,6\n');
  assert.equal(await text(table, { forPeople: true }), "t,n\n'=1+1,-0.12\n'@x,1\n'+4930,2\n'-x,3\n'\tx,4\nx=1,5\n-0.12,6\n");
});

test('csv writing: what is written reads back equal', async () => {
  const random = Random.of(11, 6);
  const pieces = ['a', ',', '"', '\n', '\r', 'é', '😀', ' ', '0', ';'];
  const n = 2000;
  const table = tableOf({
    n: Array.from({ length: n }, () => (random.below(9) === 0 ? undefined : (random.float() - 0.5) * 10 ** (random.below(600) - 300))),
    t: Array.from({ length: n }, () =>
      random.below(9) === 0 ? undefined : `${Array.from({ length: random.below(6) }, () => pieces[random.below(pieces.length)]).join('')}`,
    ),
    i: Array.from({ length: n }, () => random.below(2 ** 31) - 2 ** 30),
    b: Array.from({ length: n }, () => random.below(2) === 1),
    d: Array.from({ length: n }, () => new Date(random.below(2 ** 31) * 1000 + random.below(1000))),
  });
  for (const delimiter of [',', ';', '|', '\t']) {
    const written = await text(table, { delimiter });
    const back = await tableFrom('t.csv', [bytesOf('t.csv', written)], { delimiter, types: { t: 'text' } });
    assert.deepEqual(back.schema, table.schema);
    assert.deepEqual(await allOf(rowsOf(back)), await allOf(rowsOf(table)));
  }
});
