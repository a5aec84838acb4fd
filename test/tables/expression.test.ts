import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileExpression } from '../../src/tables/expression/compile.ts';
import { fitExpressions } from '../../src/tables/expression/fits.ts';
import { parseExpression, printNode } from '../../src/tables/expression/syntax.ts';
import { textAt } from '../../src/tables/expression/vector.ts';
import type { ColumnType } from '../../src/tables/table.ts';
import { tinyTable } from './tiny-table.ts';

type Cells = Record<string, readonly (string | number | boolean | undefined)[]>;

async function evaluate(source: string, columns: Cells, types: Record<string, ColumnType> = {}, fitted = false): Promise<unknown[]> {
  const table = tinyTable(columns, types);
  const node = parseExpression(source);
  const fits = fitted ? await fitExpressions([{ source, node }], table) : undefined;
  const compiled = compileExpression(node, { source, schema: table.schema, ...(fits && { fits }) });
  const found: unknown[] = [];
  for await (const batch of table.batches()) {
    const vector = compiled.evaluate(batch);
    for (let row = 0; row < batch.rows; row++) {
      if (vector.kind === 'text') found.push(textAt(vector, row));
      else found.push(Number.isNaN(vector.values[row]!) ? undefined : vector.values[row]);
    }
  }
  return found;
}

const x = [1, 2, undefined, 4];
const y = [2, 0, 3, -4];

test('operators bind as in mathematics', () => {
  assert.equal(
    printNode(parseExpression('a + b * -c < 3 or not d = 1 and e is missing')),
    `((("a" + ("b" * (- "c"))) < 3) or ((not ("d" = 1)) and ("e" is missing)))`,
  );
  assert.equal(printNode(parseExpression('a - b - c')), `(("a" - "b") - "c")`);
  assert.equal(printNode(parseExpression('(a - (b - c)) / 2 % 5')), `((("a" - ("b" - "c")) / 2) % 5)`);
  assert.equal(printNode(parseExpression('a NOT IN (1, -2)')), `("a" not in (1, -2))`);
});

test('arithmetic runs over whole columns; missing propagates; a division by zero is missing', async () => {
  assert.deepEqual(await evaluate('x + y * 2', { x, y }), [5, 2, undefined, -4]);
  assert.deepEqual(await evaluate('x / y', { x, y }), [0.5, undefined, undefined, -1]);
  assert.deepEqual(await evaluate('y % 3', { x, y }), [2, 0, 0, 2]);
  assert.deepEqual(await evaluate('-x', { x }), [-1, -2, undefined, -4]);
});

test('comparisons of numbers, texts and dates', async () => {
  assert.deepEqual(await evaluate('x >= 2', { x }), [0, 1, undefined, 1]);
  assert.deepEqual(await evaluate("c = 'One year'", { c: ['One year', 'Two year', undefined, ''] }), [1, 0, undefined, 0]);
  assert.deepEqual(await evaluate('a != b', { a: ['x', 'y', 'z', undefined], b: ['x', 'x', 'z', 'z'] }), [0, 1, 0, undefined]);
  assert.deepEqual(await evaluate("d >= '2024-02-29'", { d: ['2024-02-28', '2024-02-29'] }, { d: 'date' }), [0, 1]);
});

test('columns with blanks stand in double quotes or backticks, quotes inside are doubled', async () => {
  assert.deepEqual(await evaluate('"Monthly Charges" + `say ""hi""` * 0', { 'Monthly Charges': [7], 'say ""hi""': [1] }), [7]);
  assert.deepEqual(await evaluate('"a""b"', { 'a"b': [3] }), [3]);
  assert.deepEqual(await evaluate("t = 'it''s'", { t: ["it's"] }), [1]);
});

test('and, or follow three-valued logic', async () => {
  const p = [1, 1, 1, 0, 0, 0, undefined, undefined, undefined];
  const q = [1, 0, undefined, 1, 0, undefined, 1, 0, undefined];
  assert.deepEqual(await evaluate('p = 1 and q = 1', { p, q }), [1, 0, undefined, 0, 0, 0, undefined, 0, undefined]);
  assert.deepEqual(await evaluate('p = 1 or q = 1', { p, q }), [1, 1, 1, 1, 0, undefined, 1, undefined, undefined]);
  assert.deepEqual(await evaluate('not p = 1', { p }), [0, 0, 0, 1, 1, 1, undefined, undefined, undefined]);
});

test('in, is missing, coalesce and if', async () => {
  const c = ['a', 'b', undefined, 'c'];
  assert.deepEqual(await evaluate("c in ('a', 'c')", { c }), [1, 0, undefined, 1]);
  assert.deepEqual(await evaluate("c not in ('a', 'c')", { c }), [0, 1, undefined, 0]);
  assert.deepEqual(await evaluate('x in (1, 4)', { x }), [1, 0, undefined, 1]);
  assert.deepEqual(await evaluate('c is missing', { c }), [0, 0, 1, 0]);
  assert.deepEqual(await evaluate('x is not missing', { x }), [1, 1, 0, 1]);
  assert.deepEqual(await evaluate('coalesce(x, y, 0)', { x, y }), [1, 2, 3, 4]);
  assert.deepEqual(await evaluate("if(x > 1, 'many', c)", { x, c }), ['a', 'many', undefined, 'many']);
  assert.deepEqual(await evaluate('if(x > 1, x, -1)', { x }), [-1, 2, undefined, 4]);
});

test('functions of numbers', async () => {
  assert.deepEqual(await evaluate('abs(y)', { y }), [2, 0, 3, 4]);
  assert.deepEqual(await evaluate('sqrt(y)', { y: [4, -1, 0] }), [2, undefined, 0]);
  assert.deepEqual(await evaluate('log(y)', { y: [1, 0, -1] }), [0, undefined, undefined]);
  assert.deepEqual(await evaluate('log1p(y)', { y: [1e-20] }), [1e-20]);
  assert.deepEqual(await evaluate('min(x, y, 1)', { x, y }), [1, 0, undefined, -4]);
  assert.deepEqual(await evaluate('max(x, y)', { x, y }), [2, 2, undefined, 4]);
  assert.deepEqual(await evaluate('round(y)', { y: [0.5, 1.5, 2.5, -0.5, -1.5, 2.6] }), [0, 2, 2, 0, -2, 3]);
  assert.deepEqual(await evaluate('round(y, 1)', { y: [0.25, 0.36] }), [0.2, 0.4]);
  assert.deepEqual(await evaluate('power(y, 2) + floor(0.7) + ceil(0.2) + exp(0) + sign(-3)', { y: [3] }), [10]);
});

test('functions of dates; Monday is 0', async () => {
  const d = ['2024-02-29T13:45:00Z', '1969-12-28T23:00:00Z'];
  const all = async (name: string) => evaluate(`${name}(d)`, { d }, { d: 'timestamp' });
  assert.deepEqual(await all('year'), [2024, 1969]);
  assert.deepEqual(await all('month'), [2, 12]);
  assert.deepEqual(await all('day'), [29, 28]);
  assert.deepEqual(await all('hour'), [13, 23]);
  assert.deepEqual(await all('day_of_week'), [3, 6]);
  assert.deepEqual(await all('is_weekend'), [0, 1]);
  assert.deepEqual(await evaluate("days_between(d, '2024-03-01')", { d: ['2024-02-29'] }, { d: 'date' }), [1]);
});

test('functions of texts', async () => {
  const t = ['Ab ', undefined, '12.5', '😀'];
  assert.deepEqual(await evaluate('lower(t)', { t }), ['ab ', undefined, '12.5', '😀']);
  assert.deepEqual(await evaluate('length(trim(t))', { t }), [2, undefined, 4, 1]);
  assert.deepEqual(await evaluate('number(t)', { t }), [undefined, undefined, 12.5, undefined]);
  assert.deepEqual(await evaluate("contains(upper(t), 'B')", { t }), [1, undefined, 0, 0]);
  assert.deepEqual(await evaluate("starts_with(t, '1') or ends_with(t, ' ')", { t }), [1, undefined, 1, 0]);
});

test('fitted functions are learned once and nest', async () => {
  const v = [1, 2, 3, undefined, 10];
  const g = ['a', 'a', 'b', 'b', undefined];
  assert.deepEqual(await evaluate('v > quantile(v, 0.75)', { v }, {}, true), [0, 0, 0, undefined, 1]);
  assert.deepEqual(await evaluate('v - mean(v)', { v }, {}, true), [-3, -2, -1, undefined, 6]);
  assert.deepEqual(await evaluate('group_mean(v, g)', { v, g }, {}, true), [1.5, 1.5, 3, 3, undefined]);
  assert.deepEqual(await evaluate('mean(v / mean(v)) + median(v) * 0 + std(v) * 0', { v }, {}, true), [1, 1, 1, 1, 1]);
});

test('a group not seen in training has the overall mean', async () => {
  const source = 'group_mean(v, g)';
  const node = parseExpression(source);
  const fits = await fitExpressions([{ source, node }], tinyTable({ v: [1, 3, 8], g: ['a', 'a', 'b'] }));
  const serving = tinyTable({ v: [0, 0, 0], g: ['b', 'new', '__proto__'] });
  const compiled = compileExpression(node, { source, schema: serving.schema, fits });
  for await (const batch of serving.batches())
    assert.deepEqual([...(compiled.evaluate(batch) as { values: Float64Array }).values], [8, 4, 4]);
});

const wrong: readonly [source: string, message: RegExp][] = [
  ['tenure >= mnthly', /position 11: there is no column "mnthly". Did you mean "monthly"\?/],
  ['sqr(tenure)', /position 1: there is no function "sqr". Did you mean "sqrt"\?/],
  ['tenure >', /position 9: expected a column, a number.*found the end/],
  ['tenure > 1 2', /position 12: expected an operator or the end, found "2"/],
  ['1 < tenure < 3', /position 12: comparisons do not chain/],
  ["tenure = 'a", /position 10: the quote ' is never closed/],
  ['tenure ^ 2', /position 8: unexpected "\^"/],
  ['plan + 1', /position 1: expected a number, found a text/],
  ['plan = 1', /a text cannot be compared with a number/],
  ['tenure and plan', /expected a condition, found a number/],
  ['abs(1, 2)', /abs takes 1 argument, found 2/],
  ["tenure in ('a')", /the list must hold values of the type number/],
  ['tenure in (monthly)', /expected a number or a text in single quotes/],
  ['mean(tenure)', /is fitted on training rows/],
  ['quantile(tenure, 2)', /a number from 0 to 1/],
  ['', /it is empty/],
  ['((((', /expected a column/],
  [`${'('.repeat(200)}1${')'.repeat(200)}`, /nested deeper than 100/],
  ['constructor.constructor', /unexpected "\."/],
  ['constructor(1)', /there is no function "constructor"/],
  ['__proto__', /there is no column "__proto__"/],
];
for (const [source, message] of wrong) {
  test(`refused, with position: ${source.slice(0, 40)}`, () => {
    const { schema } = tinyTable({ tenure: [1], monthly: [2], plan: ['a'] });
    assert.throws(() => compileExpression(parseExpression(source), { source, schema }), { code: 'bad-expression', message });
  });
}
