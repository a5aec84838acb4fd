import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { Random } from '../../src/statistics/random.ts';
import { BadInput } from '../../src/tables/bad-input.ts';
import { bytesOf } from '../../src/tables/byte-source.ts';
import { type Cell, rowsOf } from '../../src/tables/memory-table.ts';
import { tableFrom } from '../../src/tables/open-table.ts';
import { allOf } from './all-of.ts';

const ORACLE = new URL('python-oracle.py', import.meta.url).pathname;

/** What Python makes of each case: rows, or null where it refuses. */
function oracle<T>(kind: 'csv' | 'json', cases: readonly Uint8Array[]): (T | null)[] {
  const input = JSON.stringify(cases.map((bytes) => [kind, Buffer.from(bytes).toString('base64')]));
  const { stdout, stderr, status } = spawnSync('python3', [ORACLE], { input, maxBuffer: 1 << 28, timeout: 60_000 });
  assert.equal(status, 0, stderr?.toString());
  return JSON.parse(stdout.toString());
}

const concat = (pieces: readonly (string | Uint8Array)[]): Uint8Array => Buffer.concat(pieces.map((piece) => Buffer.from(piece as string)));

async function unlessRefused<T>(read: () => Promise<T>): Promise<T | BadInput> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof BadInput) return error;
    throw error;
  }
}

test('fuzz: 6,000 CSV files are read as Python reads them strictly, or both refuse', async () => {
  const random = Random.of(20261121, 6, 1);
  const pieces = [
    ',',
    ',',
    ',',
    '"',
    '"',
    '""',
    '\n',
    '\r',
    '\r\n',
    'a',
    'bc',
    ' ',
    '1',
    'é',
    '\u2028',
    '😀',
    '\uFEFF',
    '\0',
    Uint8Array.of(0xff),
    Uint8Array.of(0xc3),
  ];
  const cases = Array.from({ length: 6000 }, () => {
    const width = 1 + random.below(3);
    const header = ['x', 'y', 'z'].slice(0, width).join(',');
    const wellFormed = random.below(2) === 0;
    const field = (): (string | Uint8Array)[] => {
      const text = Array.from(
        { length: random.below(4) },
        () => pieces[random.below(random.below(20) === 0 ? pieces.length : pieces.length - 3)],
      );
      return wellFormed ? ['"', ...text.map((piece) => (typeof piece === 'string' ? piece.replaceAll('"', '""') : piece)), '"'] : text;
    };
    const body = Array.from({ length: 1 + random.below(4) }, () => [
      ...Array.from({ length: width }, (_, i) => (i === 0 ? field() : [',', ...field()])).flat(),
      ['\n', '\r\n', '\r', ''][random.below(random.below(10) === 0 ? 4 : 3)],
    ]).flat();
    return concat([random.below(10) === 0 ? '\uFEFF' : '', header, '\n', ...body]);
  });
  const expected = oracle<string[][]>('csv', cases);
  let read = 0;
  for (const [i, bytes] of cases.entries()) {
    const rows = expected[i];
    const found = await unlessRefused(async () => {
      const names = new TextDecoder().decode(bytes).replace('\uFEFF', '').split('\n')[0].split(',');
      const options = { types: Object.fromEntries(names.map((name) => [name, 'text' as const])), blockBytes: 1 + (i % 9) };
      return allOf(rowsOf(await tableFrom('f.csv', [bytesOf('f.csv', bytes)], options)));
    });
    const shown = JSON.stringify(Buffer.from(bytes).toString('latin1'));
    if (rows === null) assert.ok(found instanceof BadInput, `case ${i} ${shown}: Python refuses, we read ${JSON.stringify(found)}`);
    else if (rows.length === 1) assert.ok(found instanceof BadInput && found.code === 'no-rows', `case ${i} ${shown}`);
    else {
      assert.ok(!(found instanceof BadInput), `case ${i} ${shown}: Python reads it, we say ${found}`);
      assert.deepEqual(
        found.map((row) => rows[0].map((name) => row[name] ?? '')),
        rows.slice(1),
        `case ${i} ${shown}`,
      );
      read++;
    }
  }
  assert.ok(read > 1500, `only ${read} cases were readable`);
});

test('fuzz: 3,000 JSON arrays are read as Python reads them, or both refuse', async () => {
  const random = Random.of(20261121, 6, 2);
  const values = [
    '1',
    '-2.5',
    '1e3',
    'true',
    'null',
    '"x"',
    '"é\\n\\u00e9"',
    '"\\ud83d\\ude00"',
    '"a,]}"',
    '12345678901',
    '-0',
    '0.1',
    '""',
    '""',
    'NaN',
    '01',
    '1.',
    '"\\ud800"',
    '[1]',
    '{"a":1}',
    '"\t"',
    "'x'",
    '',
  ];
  const cases = Array.from({ length: 3000 }, () => {
    const value = (): string => values[random.below(random.below(12) === 0 ? values.length : 14)];
    const object = (): string =>
      `{${Array.from({ length: random.below(4) }, (_, i) => `"${'abc'[i]}"${random.below(60) === 0 ? '' : ':'}${' '.repeat(random.below(2))}${value()}`).join(',')}}`;
    const text = `[${Array.from({ length: 1 + random.below(3) }, object).join(random.below(40) === 0 ? ',,' : ', ')}]`;
    const cut = random.below(30) === 0 ? text.slice(0, random.below(text.length)) : text;
    return concat([cut, random.below(60) === 0 ? Uint8Array.of(0xff) : '', random.below(40) === 0 ? ' ]' : '\n']);
  });
  const expected = oracle<Record<string, unknown>[]>('json', cases);
  let read = 0;
  for (const [i, bytes] of cases.entries()) {
    const rows = expected[i];
    const found = await unlessRefused(async () => allOf(rowsOf(await tableFrom('f.json', [bytesOf('f.json', bytes, 1 + (i % 13))]))));
    const shown = `case ${i} ${JSON.stringify(Buffer.from(bytes).toString('latin1'))}`;
    if (rows === null) assert.ok(found instanceof BadInput, `${shown}: Python refuses, we read ${JSON.stringify(found)}`);
    else if (rows.every((row) => Object.keys(row).length === 0)) continue;
    else {
      assert.ok(!(found instanceof BadInput), `${shown}: Python reads it, we say ${found}`);
      const same = (cell: Cell, value: unknown): boolean =>
        value === null || value === undefined
          ? cell === undefined
          : cell === value || Number(cell) === value || String(cell) === String(value);
      for (const [r, row] of found.entries())
        for (const name of Object.keys(row)) assert.ok(same(row[name], rows[r][name]), `${shown}: ${name} is ${row[name]}`);
      assert.equal(found.length, rows.length, shown);
      read++;
    }
  }
  assert.ok(read > 1500, `only ${read} cases were readable`);
});
