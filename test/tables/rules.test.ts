import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CheckOptions } from '../../src/tables/rules/check-options.ts';
import { checkRules } from '../../src/tables/rules/check-rules.ts';
import { brokenRules, type QualityReport } from '../../src/tables/rules/quality-report.ts';
import { rulesSchema } from '../../src/tables/rules/rules-schema.ts';
import type { Table } from '../../src/tables/table.ts';
import { tinyTable } from './tiny-table.ts';

const logicalDate = new Date('2026-11-21');
const check = (table: Table, spec: unknown, options: Partial<CheckOptions> = {}): Promise<QualityReport> =>
  checkRules(table, rulesSchema.parse(spec), { logicalDate, ...options });
const rule = (report: QualityReport, id: string) => report.rules.find((result) => result.id === id)!;

test('each key of a column is a rule with counts, shares and example rows', async () => {
  const table = tinyTable({ tenure: [1, -2, undefined, 3.5, 900], Contract: ['a', 'b', 'zz', undefined, 'a'] });
  const report = await check(table, {
    rules: { tenure: { type: 'integer', min: 0, max: 100, 'not-null': true }, Contract: { in: ['a', 'b'] } },
  });
  assert.deepEqual(
    report.rules.map(({ id, checked, failed, missing, passed }) => [id, checked, failed, missing, passed]),
    [
      ['tenure: not-null', 5, 1, 1, false],
      ['tenure: type', 4, 1, 1, false],
      ['tenure: range', 4, 2, 1, false],
      ['Contract: in', 4, 1, 1, false],
    ],
  );
  assert.deepEqual(rule(report, 'tenure: range').examples, [
    { row: 2, value: '-2' },
    { row: 5, value: '900' },
  ]);
  assert.equal(rule(report, 'tenure: range').share, 0.5);
  assert.equal(rule(report, 'tenure: range').shareOfRows, 0.4);
  assert.deepEqual(rule(report, 'Contract: in').examples, [{ row: 3, value: 'zz' }]);
});

test('unique counts every occurrence of a repeated value and shows where they stand', async () => {
  const report = await check(tinyTable({ id: [undefined, 'a', 'b', undefined, 'a', 'c', 'b', 'a'] }), {
    rules: { id: { unique: true } },
    examples: 3,
  });
  const { checked, failed, missing, examples } = rule(report, 'id: unique');
  assert.deepEqual([checked, failed, missing], [6, 5, 2]);
  assert.deepEqual(examples, [
    { row: 2, value: 'a' },
    { row: 3, value: 'b' },
    { row: 5, value: 'a' },
  ]);
});

test('mostly: the share of present values that keep the rule; nothing present passes', async () => {
  const v = [1, 2, 3, -1, undefined];
  assert.equal(rule(await check(tinyTable({ v }), { rules: { v: { min: 0, mostly: '75 %' } } }), 'v: range').passed, true);
  assert.equal(rule(await check(tinyTable({ v }), { rules: { v: { min: 0, mostly: 0.76 } } }), 'v: range').passed, false);
  assert.equal(rule(await check(tinyTable({ v: [undefined, undefined] }), { rules: { v: { min: 0 } } }), 'v: range').passed, true);
});

test('patterns run in linear time and are checked with the file', async () => {
  const hostile = `${'a'.repeat(50_000)}!`;
  const report = await check(tinyTable({ t: [hostile, 'aaa', 'b'] }), { rules: { t: { pattern: '^(a+)+$' } } });
  assert.deepEqual([rule(report, 't: pattern').failed, rule(report, 't: pattern').examples[0]!.value.length], [2, 201]);
  assert.match(rulesSchema.safeParse({ rules: { t: { pattern: '(' } } }).error!.issues[0]!.message, /RE2 syntax/);
  assert.match(rulesSchema.safeParse({ rules: { t: { pattern: 'a(?=b)' } } }).error!.issues[0]!.message, /RE2 syntax/);
});

test('types, ranges, sets and lengths of texts, dates and booleans', async () => {
  const table = tinyTable(
    { n: ['1', '2.5', 'x'], d: ['2024-01-01', '2025-01-01', '2026-01-01'], b: [true, false, true], t: ['😀', 'ab', 'abc'] },
    { d: 'date' },
  );
  const report = await check(table, {
    rules: {
      n: { type: 'number', max: 2 },
      d: { min: '2024-06-01', in: ['2025-01-01'], type: 'date' },
      b: { in: [true], type: 'boolean' },
      t: { 'max-length': 2, 'not-in': ['ab'] },
    },
  });
  assert.deepEqual(Object.fromEntries(report.rules.map(({ id, failed }) => [id, failed])), {
    'n: type': 1,
    'n: range': 2,
    'd: type': 0,
    'd: range': 1,
    'd: in': 2,
    'b: type': 0,
    'b: in': 1,
    't: not-in': 1,
    't: length': 1,
  });
});

test('"*" speaks of every column, a column may differ; an absent column breaks its rules unless it is optional', async () => {
  const report = await check(tinyTable({ a: [1, undefined], b: ['x', undefined] }), {
    rules: { '*': { 'not-null': true }, b: { 'not-null': false }, aa: { min: 0 }, gone: { min: 0, optional: true } },
  });
  assert.deepEqual(
    report.rules.map(({ id }) => id),
    ['aa: present', 'a: not-null'],
  );
  assert.match(rule(report, 'aa: present').note!, /Did you mean "a"/);
  assert.equal(brokenRules(report, 'error').length, 2);
});

test('expressions over columns; rows where the condition is missing are not judged', async () => {
  const table = tinyTable({ total: [10, 5, undefined], monthly: [5, 6, 1] });
  const report = await check(table, {
    expressions: ['total >= monthly', { expression: 'monthly < 6', name: 'small', severity: 'warn', mostly: 0.5 }],
  });
  const first = rule(report, 'expression: total >= monthly');
  assert.deepEqual([first.checked, first.failed, first.missing, first.passed], [2, 1, 1, false]);
  assert.deepEqual(first.examples, [{ row: 2, value: 'total = 5, monthly = 6' }]);
  assert.equal(rule(report, 'expression: small').passed, true);
  await assert.rejects(check(table, { expressions: ['total + 1'] }), { code: 'bad-rule', message: /is a number, expected a condition/ });
  await assert.rejects(check(table, { expressions: ['totl > 1'] }), { code: 'bad-expression', message: /Did you mean "total"/ });
});

test('references: values must stand in another table', async () => {
  const references = new Map([['regions.csv', tinyTable({ code: [1, 2], land: ['x', 'y'] })]]);
  const table = tinyTable({ region: ['1', '3', undefined, '2'], land: ['x', 'x', 'x', 'x'] });
  const one = await check(table, { references: [{ columns: 'region', to: 'regions.csv', 'to-columns': 'code' }] }, { references });
  assert.deepEqual(
    one.rules.map(({ checked, failed, missing, examples }) => [checked, failed, missing, examples]),
    [[3, 1, 1, [{ row: 2, value: '3' }]]],
  );
  const two = await check(
    table,
    { references: [{ columns: ['region', 'land'], to: 'regions.csv', 'to-columns': ['code', 'land'] }] },
    { references },
  );
  assert.deepEqual(
    two.rules[0]!.examples.map(({ value }) => value),
    ['3 | x', '2 | x'],
  );
});

test('freshness is measured from the logical date, by column or last change', async () => {
  const table = tinyTable({ at: ['2026-10-01', '2026-10-25', undefined] }, { at: 'date' });
  const spec = (age: string) => ({ freshness: { column: 'at', 'max-age': age } });
  assert.equal(rule(await check(table, spec('30d')), 'freshness').passed, true);
  const old = rule(await check(table, spec('26d')), 'freshness');
  assert.deepEqual([old.passed, old.note], [false, 'The newest data is of 2026-10-25T00:00:00.000Z: 27 days old.']);
  const source = { freshness: { 'max-age': '2d' } };
  assert.equal(rule(await check(table, source, { lastModified: new Date('2026-11-20') }), 'freshness').passed, true);
  assert.equal(rule(await check(table, source), 'freshness').passed, false);
  assert.equal(rulesSchema.safeParse({ freshness: { 'max-age': 'a month' } }).success, false);
});

test('row count: bounds, and change against the median of earlier runs', async () => {
  const table = tinyTable({ v: [1, 2, 3, 4] });
  const passes = async (spec: unknown, history?: number[]) =>
    rule(await check(table, { 'row-count': spec }, history && { history }), 'row-count').passed;
  assert.equal(await passes({ min: 4, max: 4 }), true);
  assert.equal(await passes({ min: 5 }), false);
  assert.equal(await passes({ max: 3 }), false);
  assert.equal(await passes({ 'max-change': '50 %' }, [100, 8, 7, 2]), true);
  assert.equal(await passes({ 'max-change': '40 %' }, [100, 8, 7, 2]), false);
  assert.equal(await passes({ 'max-change': 0.1 }), true);
});

test('the score is 100 × (0.4 completeness + 0.4 validity + 0.2 uniqueness) of D30', async () => {
  const table = tinyTable({ id: ['a', 'b', 'b', 'd'], v: [1, undefined, -5, 4], free: [undefined, undefined, 1, undefined] });
  const spec = { rules: { v: { 'not-null': true, min: 0 }, id: { 'not-null': true } } };
  const { score } = await check(table, spec, { key: 'id' });
  // required: id, v: 7 of 8 there; present cells 4 + 3 + 1, one out of range; 3 of 4 rows repeat no key
  assert.deepEqual([score.completeness, score.validity, score.uniqueness], [7 / 8, 7 / 8, 3 / 4]);
  assert.ok(Math.abs(score.value - 100 * (0.4 * (7 / 8) + 0.4 * (7 / 8) + 0.2 * 0.75)) < 1e-12);
  const weighted = await check(table, { ...spec, score: { weights: { completeness: 1, validity: 0, uniqueness: 1 } } }, { key: 'id' });
  assert.ok(Math.abs(weighted.score.value - 81.25) < 1e-12);
});

test('a cell that breaks two rules counts once in the score', async () => {
  const { score } = await check(tinyTable({ v: [0.5, 2, 3, 4] }), { rules: { v: { type: 'integer', min: 1 } } });
  assert.equal(score.validity, 0.75);
});

test('without rules and key every column counts for completeness and whole rows for uniqueness', async () => {
  const { score } = await check(tinyTable({ a: [1, 1, undefined], b: ['x', 'x', 'y'] }), {});
  assert.deepEqual([score.completeness, score.validity, score.uniqueness], [5 / 6, 1, 2 / 3]);
});

test('every key of the rules has a description, every optional one that is read has a default or may be absent', async () => {
  const { z } = await import('zod');
  const schema = z.toJSONSchema(rulesSchema, { io: 'input' }) as { properties: Record<string, { description?: string }> };
  for (const [key, { description }] of Object.entries(schema.properties)) assert.ok(description, key);
});
