import assert from 'node:assert/strict';
import { test } from 'node:test';
import { biasCheck } from '../../src/stages/bias-check/stage.ts';
import { evaluate } from '../../src/stages/evaluate/stage.ts';
import { syntaxValidate } from '../../src/stages/syntax-validate/stage.ts';
import { SqlBench } from './sql-stage.ts';

const SQL = { task: 'text-to-sql', dialect: 'sqlite' };
const CLASSES = { task: 'classification', target: { column: 'truth', positive: 'yes' }, key: 'customer' };

const lines = (...rows: readonly string[]): string => `${rows.join('\n')}\n`;
const refusal = (file: string, column: string, key: string, rows: string) => ({
  code: 'duplicate-key',
  fault: 'user',
  message: new RegExp(`${file}, row \\d+, column "${column}": The key "${key}" stands in rows ${rows}; each row needs its own\\.`),
});

test('predicted SQL alone: an id of two rows is refused with column, value and both rows, but where each row is judged by itself', async () => {
  using bench = new SqlBench();
  // A question of two lines, so that a row is not a line.
  const predictions = bench.write(
    'p.csv',
    lines('id,question,expected_sql,predicted_sql', 'a,"x\ny",SELECT 1,SELECT 1', 'b,z,SELECT 2,SELECT 2', 'a,x,SELECT 1,SELECT 2'),
  );
  const told = refusal('p.csv', 'id', 'a', '2 and 4');
  await assert.rejects(bench.run(evaluate, { ...SQL, predictions }), told);
  await assert.rejects(bench.run(biasCheck, { ...SQL, predictions }), told);
  await assert.rejects(bench.run(biasCheck, { ...SQL, predictions, evaluation: predictions }), told);
  assert.equal((await bench.run(syntaxValidate, { ...SQL, predictions })).result.outputs?.judged, 3);
});

test('predicted SQL alone: another column can be the id, and rows without one are no repetition', async () => {
  using bench = new SqlBench();
  const predictions = bench.write(
    'p.csv',
    lines(
      'id,sample,expected_sql,predicted_sql',
      'a,1,SELECT 1,SELECT 1',
      'a,2,SELECT 1,SELECT 2',
      ',3,SELECT 1,SELECT',
      ',4,SELECT 1,SELECT 1',
    ),
  );
  const columns = { id: 'sample' };
  assert.equal((await bench.run(evaluate, { ...SQL, predictions, columns })).metric('exact_match')?.value, 0.5);
  assert.equal((await bench.run(syntaxValidate, { ...SQL, predictions, columns })).result.outputs?.judged, 4);
  bench.write('p.csv', lines('id,expected_sql,predicted_sql', ',SELECT 1,SELECT 1', ',SELECT 1,SELECT 1'));
  assert.equal((await bench.run(evaluate, { ...SQL, predictions })).metric('exact_match')?.value, 1);
  assert.equal((await bench.run(syntaxValidate, { ...SQL, predictions })).result.outputs?.judged, 2);
});

test('predicted SQL for rows: a key of two rows is refused on either side, and so is a prediction without a key', async () => {
  using bench = new SqlBench();
  const rows = bench.write('rows.csv', lines('id,sql', 'a,SELECT 1', 'a,SELECT 2'));
  const predictions = bench.write('p.csv', lines('id,predicted_sql', 'a,SELECT 1', 'b,SELECT 2'));
  await assert.rejects(bench.run(evaluate, { ...SQL, rows, predictions }), refusal('rows.csv', 'id', 'a', '2 and 3'));
  bench.write('rows.csv', lines('id,sql', 'a,SELECT 1', 'b,SELECT 2'));
  bench.write('p.csv', lines('id,predicted_sql', 'b,SELECT 1', 'b,SELECT 2'));
  await assert.rejects(bench.run(evaluate, { ...SQL, rows, predictions }), refusal('p.csv', 'id', 'b', '2 and 3'));
  bench.write('rows.csv', lines('id,sql', 'a,SELECT 1', ',SELECT 2'));
  bench.write('p.csv', lines('id,predicted_sql', 'a,SELECT 1', ',SELECT 2'));
  await assert.rejects(bench.run(evaluate, { ...SQL, rows, predictions }), { code: 'missing-key', message: /p\.csv, row 3, column "id"/ });
});

test('features that are not what prepare-data writes are the user’s to mend', async () => {
  using bench = new SqlBench();
  const predictions = bench.write('p.csv', lines('customer,truth,predicted,plan', 'a,yes,yes,x', 'b,no,no,x'));
  for (const text of ['no JSON', '{}', '{"target":{"classes":"yes"}}']) {
    const inputs = { ...CLASSES, predictions, features: bench.write('features.json', text) };
    await assert.rejects(bench.run(evaluate, inputs), { code: 'damaged-input', fault: 'user', message: /features\.json: / });
    await assert.rejects(bench.run(biasCheck, { ...inputs, slices: ['plan'] }), { code: 'damaged-input' });
  }
});

test('predicted classes: a key of two rows is refused, in the rows as in the predictions', async () => {
  using bench = new SqlBench();
  const alone = bench.write('alone.csv', lines('customer,truth,predicted,plan', 'a,yes,yes,x', 'b,no,no,x', 'b,no,yes,x'));
  const told = refusal('alone.csv', 'customer', 'b', '3 and 4');
  await assert.rejects(bench.run(evaluate, { ...CLASSES, predictions: alone }), told);
  await assert.rejects(bench.run(biasCheck, { ...CLASSES, predictions: alone, slices: ['plan'] }), told);
  const rows = bench.write('rows.csv', lines('customer,truth', 'a,yes', 'a,no'));
  const predictions = bench.write('p.csv', lines('customer,predicted', 'a,yes', 'b,no'));
  await assert.rejects(bench.run(evaluate, { ...CLASSES, rows, predictions }), refusal('rows.csv', 'customer', 'a', '2 and 3'));
});
