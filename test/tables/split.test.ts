import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startOfDay } from '../../src/tables/calendar.ts';
import { hashKey, shareOf } from '../../src/tables/row-keys.ts';
import { partTable, splitTable } from '../../src/tables/split.ts';
import { decodeMembers, trainedMembers, withoutMembers } from '../../src/tables/split-members.ts';
import { splitSchema } from '../../src/tables/split-schema.ts';
import { cellsOf, tinyTable } from './tiny-table.ts';

const ids = (n: number, from = 0) => Array.from({ length: n }, (_, i) => `id-${from + i}`);
const spec = (input: unknown = {}) => splitSchema.parse(input);

test('u(key) is the first 53 bits of SHA-256 of salt|key', () => {
  const u = (key: string) => {
    const { high, low } = hashKey('v1', key);
    return shareOf(high, low);
  };
  assert.equal(u('7590-VHVEG'), 0.6831479023777811);
  assert.equal(u('5575-GNVDE'), 0.021611583855724148);
});

test('shares are fractions or percentages', () => {
  assert.equal(spec({ test: '20 %' }).test, 0.2);
  assert.equal(spec({ test: '12.5%' }).test, 0.125);
  assert.equal(spec().test, 0.2);
  assert.equal(splitSchema.safeParse({ test: 'a fifth' }).success, false);
  assert.equal(splitSchema.safeParse({ test: 0.6, validation: 0.4 }).success, false);
  assert.equal(splitSchema.safeParse({ method: 'temporal' }).success, false);
  assert.equal(splitSchema.safeParse({ method: 'grouped' }).success, false);
});

test('hash: a row is test when u < share, whatever its place and neighbours; new rows move no old row', async () => {
  const before = await splitTable(tinyTable({ id: ids(500) }), spec({ validation: 0.1 }), { key: 'id' });
  const after = await splitTable(tinyTable({ id: [...ids(300, 500), ...ids(500)] }), spec({ validation: 0.1 }), { key: 'id' });
  for (let row = 0; row < 500; row++) {
    const { high, low } = hashKey('v1', `id-${row}`);
    const u = shareOf(high, low);
    assert.equal(before.parts[before.partOf[row]!], u < 0.2 ? 'test' : u < 0.2 + 0.1 ? 'validation' : 'train');
    assert.equal(after.partOf[300 + row], before.partOf[row]);
  }
  assert.equal(
    before.counts.reduce((sum, { rows }) => sum + rows, 0),
    500,
  );
});

test('a key that stands twice is refused with its two rows', async () => {
  const id = ids(20);
  id[13] = 'id-4';
  await assert.rejects(splitTable(tinyTable({ id }), spec(), { key: 'id' }), {
    code: 'duplicate-key',
    message: /"id-4" stands in rows 5 and 14/,
  });
});

test('a missing key is refused with its row', async () => {
  await assert.rejects(splitTable(tinyTable({ id: ['a', 'b', undefined] }), spec(), { key: 'id' }), {
    code: 'missing-key',
    place: { file: 'tiny', row: 3, column: 'id' },
  });
});

test('without a key the whole row is the key: equal rows stay together and are counted', async () => {
  const x = Array.from({ length: 40 }, (_, i) => i % 20);
  const y = x.map((value) => `v${value}`);
  const split = await splitTable(tinyTable({ x, y }), spec());
  assert.equal(split.repeatedRows, 20);
  for (let row = 0; row < 20; row++) assert.equal(split.partOf[row], split.partOf[row + 20]);
  const swapped = await splitTable(tinyTable({ y, x }), spec());
  assert.deepEqual(swapped.partOf, split.partOf);
});

test('grouped: all rows of a group fall into one part', async () => {
  const group = Array.from({ length: 300 }, (_, i) => `g${i % 30}`);
  const split = await splitTable(tinyTable({ id: ids(300), group }), spec({ method: 'grouped', group: 'group', test: 0.3 }), { key: 'id' });
  const parts = new Map<string, number>();
  group.forEach((name, row) => {
    assert.equal(parts.get(name) ?? split.partOf[row], split.partOf[row]);
    parts.set(name, split.partOf[row]!);
  });
  assert.ok(split.counts.every(({ rows }) => rows > 0));
});

test('stratified: in each class the first share of rows by u is test, rounded half up, at least one of two', async () => {
  const target = Array.from({ length: 57 }, (_, i) => (i < 33 ? 'no' : i < 55 ? 'yes' : 'rare'));
  const id = ids(57);
  const split = await splitTable(tinyTable({ id, target }), spec({ method: 'stratified' }), { key: 'id', target: 'target' });
  const inTest = split.counts.find(({ part }) => part === 'test')!.classes!;
  assert.deepEqual(inTest, [
    { label: 'no', rows: 7 },
    { label: 'rare', rows: 1 },
    { label: 'yes', rows: 4 },
  ]);
  const u = (key: string) => {
    const { high, low } = hashKey('v1', key);
    return shareOf(high, low);
  };
  const order = id.slice(0, 33).sort((a, b) => u(a) - u(b));
  for (const [i, key] of order.entries()) assert.equal(split.parts[split.partOf[id.indexOf(key)]!], i < 7 ? 'test' : 'train');
});

test('stratified: a numeric target is binned at its deciles, a 0/1 target is two classes however rare one is', async () => {
  const split = await splitTable(
    tinyTable({ id: ids(1000), target: Array.from({ length: 1000 }, (_, i) => (i * 37) % 1000) }),
    spec({ method: 'stratified' }),
    {
      key: 'id',
      target: 'target',
    },
  );
  for (let decile = 0; decile < 10; decile++) {
    let tests = 0;
    for (let row = 0; row < 1000; row++) {
      if (Math.floor(((row * 37) % 1000) / 100) === decile && split.parts[split.partOf[row]!] === 'test') tests++;
    }
    assert.equal(tests, 20, `decile ${decile}`);
  }
  const rare = await splitTable(
    tinyTable({ id: ids(200), target: Array.from({ length: 200 }, (_, i) => (i % 50 === 0 ? 0 : 1)) }),
    spec({ method: 'stratified', test: 0.5 }),
    {
      key: 'id',
      target: 'target',
    },
  );
  assert.deepEqual(rare.counts.find(({ part }) => part === 'test')!.classes, [
    { label: '0', rows: 2 },
    { label: '1', rows: 98 },
  ]);
});

const windows = {
  train: { from: '1999-01-01', to: '2005-12-31' },
  test: { from: '2006-01-01', to: '2007-12-31' },
  oot: { from: '2008-01-01', to: '2008-12-31' },
};

test('temporal: both ends of a window belong to it; 2005-12-31 23:59 is train; others are left out and counted', async () => {
  const day = [
    '1998-12-31',
    '1999-01-01',
    '2005-12-31T23:59:00Z',
    '2006-01-01',
    '2007-12-31T23:59:59.999Z',
    '2008-01-01',
    '2008-12-31',
    '2009-01-01',
    undefined,
  ];
  const split = await splitTable(tinyTable({ day }), spec({ method: 'temporal', column: 'day', windows }));
  assert.deepEqual(
    [...split.partOf].map((part) => split.parts[part]),
    [undefined, 'train', 'train', 'test', 'test', 'oot', 'oot', undefined, undefined],
  );
  assert.deepEqual(split.leftOut, { outside: 2, undated: 1 });
  assert.deepEqual((await cellsOf(partTable(tinyTable({ day }), split, 'test'))).day, ['2006-01-01', '2007-12-31T23:59:59.999Z']);
});

test('temporal: timestamps become dates in the declared zone, calendar dates stay what they are', async () => {
  assert.equal(startOfDay(Date.UTC(2006, 0, 1), 'Europe/Berlin'), Date.UTC(2005, 11, 31, 23));
  assert.equal(startOfDay(Date.UTC(2006, 0, 1), 'America/New_York'), Date.UTC(2006, 0, 1, 5));
  const at = ['2005-12-31T23:30:00Z', '2005-12-31T22:30:00Z', '2007-01-01T00:00:00Z'];
  const berlin = { method: 'temporal', column: 'at', windows, timezone: 'Europe/Berlin' };
  const split = await splitTable(tinyTable({ at }, { at: 'timestamp' }), spec(berlin));
  assert.deepEqual(
    [...split.partOf].map((part) => split.parts[part]),
    ['test', 'train', 'test'],
  );
  const dates = await splitTable(tinyTable({ at: ['2005-12-31', '2006-01-01'] }, { at: 'date' }), spec(berlin));
  assert.deepEqual(
    [...dates.partOf].map((part) => dates.parts[part]),
    ['train', 'test'],
  );
});

test('temporal: overlap is an error, a gap a warning', async () => {
  const table = tinyTable({ day: ['2000-01-01', '2006-06-01'] });
  const overlap = { ...windows, test: { from: '2005-12-31', to: '2007-12-31' } };
  await assert.rejects(splitTable(table, spec({ method: 'temporal', column: 'day', windows: overlap })), { code: 'overlapping-windows' });
  const gap = { train: windows.train, test: { from: '2006-02-01', to: '2007-12-31' } };
  const split = await splitTable(table, spec({ method: 'temporal', column: 'day', windows: gap }));
  assert.match(split.warnings.join(), /2006-01-01 to 2006-01-31/);
});

test('temporal without windows: the latest share of the rows judges, cut between two dates', async () => {
  const day = [
    '2024-01-05',
    '2024-01-01',
    '2024-01-02',
    '2024-01-04',
    '2024-01-03',
    '2024-01-05',
    '2024-01-02',
    '2024-01-01',
    '2024-01-03',
    '2024-01-04',
  ];
  const split = await splitTable(tinyTable({ day }), spec({ method: 'temporal', column: 'day', test: 0.3 }));
  assert.deepEqual(day.filter((_, row) => split.parts[split.partOf[row]!] === 'test').sort(), [
    '2024-01-04',
    '2024-01-04',
    '2024-01-05',
    '2024-01-05',
  ]);
});

test('a date that does not exist is refused with its row', async () => {
  await assert.rejects(splitTable(tinyTable({ day: ['2001-01-01', '2001-02-30'] }), spec({ method: 'temporal', column: 'day', windows })), {
    code: 'not-a-date',
    place: { file: 'tiny', row: 2, column: 'day' },
  });
});

test('an empty train or test part is refused', async () => {
  await assert.rejects(splitTable(tinyTable({ id: ['7590-VHVEG'] }), spec(), { key: 'id' }), { code: 'empty-part' });
});

test('the rows trained on are remembered by hash, and left out of a later table', async () => {
  const table = tinyTable({ id: ids(100) });
  const split = await splitTable(table, spec({ validation: 0.1 }), { key: 'id' });
  const members = decodeMembers(trainedMembers(split).encode());
  for (let row = 0; row < 100; row++) assert.equal(members.has(`id-${row}`), split.parts[split.partOf[row]!] !== 'test');
  const later = await withoutMembers(tinyTable({ id: ids(120) }), members);
  const tests = split.counts.find(({ part }) => part === 'test')!.rows;
  assert.deepEqual([later.left, later.removed], [tests + 20, 100 - tests]);
  assert.equal((await cellsOf(later.table)).id!.length, tests + 20);
});

test('a damaged or newer list of members is refused', async () => {
  const bytes = trainedMembers(await splitTable(tinyTable({ id: ids(50) }), spec(), { key: 'id' })).encode();
  assert.throws(() => decodeMembers(bytes.subarray(0, bytes.length - 3)), { code: 'bad-members' });
  assert.throws(() => decodeMembers(new TextEncoder().encode('hello')), { code: 'bad-members' });
  const newer = new TextEncoder().encode('{"schema":"retrain/split-members/2"}\n');
  assert.throws(() => decodeMembers(newer), { code: 'newer-members' });
  const swapped = bytes.slice();
  swapped.set(bytes.subarray(-8), bytes.length - 16);
  swapped.set(bytes.subarray(-16, -8), bytes.length - 8);
  assert.throws(() => decodeMembers(swapped), { code: 'bad-members' });
});
