import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { compareExecutions, executionScorer, sameResult } from '../../src/metrics/text-to-sql-execution.ts';
import { changesByItself, type Execution, orderMatters, refusal, type SqlValue, textToRun } from '../../src/sql/execution.ts';

const result = (...rows: SqlValue[][]): { columns: number; rows: SqlValue[][] } => ({ columns: rows[0]?.length ?? 0, rows });
type R = ReturnType<typeof result>;
const all = (a: R, b: R): (boolean | undefined)[] => [
  sameResult(a, b, 'spider', false),
  sameResult(a, b, 'spider', true),
  sameResult(a, b, 'bird', false),
];

test('worked results under spider unordered, spider ordered, bird', () => {
  const two = result([1, 'a'], [2, 'b']);
  assert.deepEqual(all(two, result([2, 'b'], [1, 'a'])), [true, false, true]);
  assert.deepEqual(all(two, result(['a', 1], ['b', 2])), [true, true, false]);
  assert.deepEqual(all(result([1], [1], [2]), result([1], [2])), [false, false, true]);
  assert.deepEqual(all(result([1], [1], [2]), result([1], [2], [2])), [false, false, true]);
  assert.deepEqual(all({ columns: 1, rows: [] }, { columns: 2, rows: [] }), [true, true, true]);
  assert.deepEqual(all(result([1]), result(['1'])), [false, false, false]);
  assert.deepEqual(all(result([0.3]), result([0.1 + 0.2])), [false, false, false]);
  assert.deepEqual(all(result([null]), result([null])), [true, true, true]);
  assert.deepEqual(all(result([2n ** 60n]), result([2 ** 60])), [true, true, true]);
  assert.deepEqual(all(result([-0]), result([0])), [true, true, true]);
});

test('strict: columns in order, duplicates count, order of rows only where it is asked for', () => {
  const two = result([1, 'a'], [2, 'b']);
  assert.equal(sameResult(two, result([2, 'b'], [1, 'a']), 'strict', false), true);
  assert.equal(sameResult(two, result([2, 'b'], [1, 'a']), 'strict', true), false);
  assert.equal(sameResult(two, result(['a', 1], ['b', 2]), 'strict', false), false);
  assert.equal(sameResult(result([1], [1]), result([1], [2]), 'strict', false), false);
  assert.equal(sameResult({ columns: 1, rows: [] }, { columns: 2, rows: [] }, 'strict', false), false);
});

test('the search over column orders finds what is there and gives up in time', () => {
  const columns = 9;
  const rows = Array.from({ length: columns }, (_, r) => Array.from({ length: columns }, (_, c) => Number(r === c)));
  assert.equal(sameResult(result(...rows), result(...rows.map((row) => [...row].reverse())), 'spider', false), true);
  const turned = result([1, 2], [2, 3], [3, 1]);
  assert.equal(sameResult(turned, result([2, 1], [3, 2], [1, 3]), 'spider', false), true, 'the second order of columns');
  // One ring of nine against rings of four and five: every column looks alike, no order makes them equal, and there are 362,880 of them.
  const rings = (next: (i: number) => number) =>
    result(...Array.from({ length: columns }, (_, r) => Array.from({ length: columns }, (_, c) => Number(c === r || c === next(r)))));
  const [one, two] = [rings((i) => (i + 1) % 9), rings((i) => (i < 4 ? (i + 1) % 4 : i === 8 ? 4 : i + 1))];
  assert.equal(sameResult(one, two, 'spider', false), undefined);
  const execution = (rows: ReturnType<typeof result>): Execution => ({ kind: 'rows', ...rows });
  assert.equal(compareExecutions(execution(one), execution(two), 'spider', false).reason, 'not-compared');
});

test('results whose columns cannot be paired differ at once, however many columns are alike', () => {
  const row = (ones: number, twos: number): R => result([...Array(ones).fill(1), ...Array(twos).fill(2)]);
  const work = (): boolean | undefined => sameResult(row(40, 1), row(39, 2), 'spider', false);
  assert.equal(runInNewContext('work()', { work }, { timeout: 10_000 }), false);
});

test('of a large result fewer orders of columns are tried', () => {
  // Columns that are orders of the same values, in rows no order of columns makes equal: lines through and beside the origin.
  const rows = (beside: number): R =>
    result(...Array.from({ length: 4_999 }, (_, r) => Array.from({ length: 12 }, (_, c) => (r * (c + 1) + beside * (c % 2)) % 4_999)));
  const work = (): boolean | undefined => sameResult(rows(0), rows(1), 'spider', false);
  assert.equal(runInNewContext('work()', { work }, { timeout: 60_000 }), undefined);
});

test('texts are changed before they run as each public rule does it', () => {
  assert.equal(textToRun('SELECT DISTINCT a FROM t WHERE b > = value', 'spider', 'predicted'), 'SELECT  a FROM t WHERE b >= 1');
  assert.equal(
    textToRun("SELECT count(distinct a) FROM t WHERE b = 'distinct' AND YEAR(CURDATE()) > 1;", 'spider', 'expected'),
    "SELECT count( a) FROM t WHERE b = 'distinct' AND 2020> 1",
  );
  assert.equal(textToRun('SELECT DISTINCT value FROM t', 'bird', 'predicted'), 'SELECT DISTINCT 1 FROM t');
  assert.equal(textToRun('SELECT DISTINCT value FROM t', 'bird', 'expected'), 'SELECT DISTINCT value FROM t');
  assert.equal(textToRun('SELECT DISTINCT value FROM t', 'strict', 'predicted'), 'SELECT DISTINCT value FROM t');
});

test('order matters to spider by the letters, to strict by the outermost query, to bird never', () => {
  const inner = 'SELECT a FROM (SELECT a FROM t ORDER BY b LIMIT 1)';
  assert.deepEqual([orderMatters(inner, 'spider'), orderMatters(inner, 'strict'), orderMatters(inner, 'bird')], [true, false, false]);
  assert.equal(orderMatters('SELECT a FROM t Order  By a', 'strict'), true);
});

test('only one statement that reads may run; clocks and chance are noticed', () => {
  assert.equal(refusal('SELECT 1;'), undefined);
  assert.equal(refusal('(SELECT 1)'), undefined);
  assert.match(refusal('SELECT 1; SELECT 2')!, /one statement/);
  assert.match(refusal('ATTACH x')!, /ATTACH/);
  assert.deepEqual(["SELECT date('now')", 'SELECT random()', 'SELECT CURRENT_DATE', "SELECT 'random', now FROM t"].map(changesByItself), [
    true,
    true,
    true,
    false,
  ]);
});

test('reasons: gold that fails leaves the row out, a failing prediction scores 0, two results too large are never equal', () => {
  const rows: Execution = { kind: 'rows', ...result([1]) };
  const large: Execution = { kind: 'too-large', message: 'x' };
  assert.deepEqual(compareExecutions({ kind: 'error', message: 'no such table' }, rows, 'strict', false), {
    score: undefined,
    reason: 'gold-error',
    message: 'error: no such table',
  });
  for (const kind of ['error', 'timeout', 'too-large', 'refused'] as const)
    assert.deepEqual(compareExecutions(rows, { kind, message: 'x' }, 'strict', false), { score: 0, reason: kind, message: 'x' });
  assert.equal(compareExecutions(large, large, 'spider', false).reason, 'not-compared');
  assert.deepEqual(compareExecutions(rows, rows, 'spider', false), { score: 1, reason: 'equal' });
});

test('every instance of a database must agree; gold results are asked for once', async () => {
  const asked: string[] = [];
  const score = executionScorer(async (database, source) => {
    asked.push(`${database} ${source}`);
    return { kind: 'rows', ...result([source === 'SELECT 2' && database === 'two' ? 9 : 1]) };
  }, 'strict');
  assert.deepEqual(await score({ predicted: 'SELECT 2', expected: 'SELECT 1', databases: ['one'] }), { score: 1, reason: 'equal' });
  assert.deepEqual(await score({ predicted: 'SELECT 2', expected: 'SELECT 1', databases: ['one', 'two'] }), {
    score: 0,
    reason: 'different',
  });
  assert.equal(asked.filter((call) => call === 'one SELECT 1').length, 1);
});

test('a large expected result is not kept: many of them would fill the memory', async () => {
  let calls = 0;
  const score = executionScorer((_, source) => {
    calls++;
    return Promise.resolve({ kind: 'rows', columns: 1, rows: [[source === 'large' ? 'x'.repeat(2_000_000) : 'x']] });
  }, 'strict');
  for (const [expected, wanted] of [
    ['small', 3],
    ['large', 7],
  ] as const) {
    for (let i = 0; i < 2; i++) assert.equal((await score({ predicted: expected, expected, databases: ['d'] })).reason, 'equal');
    assert.equal(calls, wanted);
  }
});
