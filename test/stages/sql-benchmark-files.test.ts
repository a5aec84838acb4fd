import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluate } from '../../src/stages/evaluate/stage.ts';
import { syntaxValidate } from '../../src/stages/syntax-validate/stage.ts';
import { SqlBench } from './sql-stage.ts';

const GOLD = ['SELECT name FROM singer', 'SELECT count(*) FROM concert', 'SELECT 1'];

test('Spider: gold as lines or as its JSON, predictions as lines; a blank line ends a dialogue and is no row', async () => {
  using bench = new SqlBench();
  const lines = bench.write('gold.sql', `${GOLD[0]}\tconcert_singer\n${GOLD[1]}\tconcert_singer\n\n${GOLD[2]}\tpets_1\n`);
  const json = bench.write('dev.json', JSON.stringify(GOLD.map((query, i) => ({ db_id: 'pets_1', question: `q ${i}?`, query }))));
  const predictions = bench.write('pred.txt', `select name from singer\nSELECT count(*) FROM\n\nSELECT 1\n`);
  for (const rows of [lines, json]) {
    const { metric, file } = await bench.run(evaluate, { task: 'text-to-sql', rows, predictions });
    assert.equal(metric('exact_match')?.n, 3);
    assert.equal(metric('exact_match')?.value, 2 / 3);
    assert.match(file('evaluation.csv'), /SELECT name FROM singer/);
  }
  const { result } = await bench.run(syntaxValidate, { predictions, dialect: 'sqlite' });
  assert.equal(result.outputs?.validity, 2 / 3);
});

test('BIRD: gold as its JSON with difficulty, predictions as an object by position', async () => {
  using bench = new SqlBench();
  const rows = bench.write(
    'mini_dev.json',
    JSON.stringify(GOLD.map((SQL, i) => ({ question_id: 40 + i, db_id: 'd', question: 'q?', evidence: '', difficulty: 'simple', SQL }))),
  );
  const said = (sql: string) => `${sql}\t----- bird -----\td`;
  const predictions = bench.write('predict.json', JSON.stringify({ 0: said(GOLD[0]!), 2: said('SELECT 2'), 1: said(GOLD[1]!) }));
  const { metric, file } = await bench.run(evaluate, { task: 'text-to-sql', rows, predictions });
  assert.equal(metric('exact_match')?.value, 2 / 3);
  assert.match(file('evaluation.csv'), /^q\?,SELECT 1,simple,SELECT 2,0/m);
  const byId = bench.write('by-id.csv', `question_id,pred\n42,${GOLD[2]}\n40,${GOLD[0]}\n41,${GOLD[1]}\n`);
  assert.equal((await bench.run(evaluate, { task: 'text-to-sql', rows, predictions: byId })).metric('exact_match')?.value, 1);
  const gap = bench.write('gap.json', JSON.stringify({ 0: said('SELECT 1'), 7: said('SELECT 1') }));
  await assert.rejects(bench.run(syntaxValidate, { predictions: gap, dialect: 'sqlite' }), /positions 0 to 1, found "7"/);
});
