import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluateSpider, spiderHardness } from '../../src/sql/spider/evaluate.ts';
import { SPIDER_COMPONENTS } from '../../src/sql/spider/match.ts';
import { readSpiderSchema, type SpiderSchemaEntry } from '../../src/sql/spider/schema.ts';
import { spiderTokens } from '../../src/sql/spider/tokens.ts';
import { linesOf, type PredictionRow, type SpiderRow, textOf } from './samples.ts';

const shop = readSpiderSchema({
  db_id: 'shop',
  table_names_original: ['customer', 'orders'],
  column_names_original: [
    [-1, '*'],
    [0, 'id'],
    [0, 'name'],
    [0, 'city'],
    [0, 'age'],
    [1, 'id'],
    [1, 'customer_id'],
    [1, 'amount'],
    [1, 'status'],
    [1, 'day'],
  ],
  foreign_keys: [[6, 1]],
});
const J = 'FROM customer AS T1 JOIN orders AS T2 ON T1.id = T2.customer_id';

function compare(gold: string, predicted: string): { exact: number; zero: string[]; unreadable: boolean } {
  const verdict = evaluateSpider(predicted, gold, shop);
  assert.ok('exact' in verdict, JSON.stringify(verdict));
  return {
    exact: verdict.exact,
    zero: SPIDER_COMPONENTS.filter((name) => verdict.components[name].score === 0),
    unreadable: verdict.predictionUnreadable !== undefined,
  };
}

test('literals, order of columns and of conditions, and join conditions are not compared', () => {
  assert.deepEqual(compare("SELECT name , age FROM customer WHERE city = 'Bonn'", "SELECT age , name FROM customer WHERE city = 'Kiel'"), {
    exact: 1,
    zero: [],
    unreadable: false,
  });
  assert.equal(compare(`SELECT T1.name ${J}`, 'SELECT T1.name FROM customer AS T1 JOIN orders AS T2 ON T1.age = T2.amount').exact, 1);
  assert.equal(compare('SELECT DISTINCT name FROM customer LIMIT 3', 'SELECT name FROM customer LIMIT 5').exact, 1);
});

test('the letters `value` of a prediction become 1 first, even inside names', () => {
  const gold = 'SELECT name FROM customer WHERE age > 3';
  assert.deepEqual(compare(gold, 'SELECT name FROM customer WHERE age > value'), { exact: 1, zero: [], unreadable: false });
  assert.equal(compare(gold, 'SELECT name FROM customervalue WHERE age > 3').unreadable, true);
});

test('connectors are compared as a set, set operations in order, count(*) is not count(id)', () => {
  const gold = "SELECT name FROM customer WHERE age > 3 AND city = 'x'";
  assert.deepEqual(compare(gold, "SELECT name FROM customer WHERE city = 'x' OR age > 3").zero, ['and/or', 'keywords']);
  const [a, b] = ['SELECT name FROM customer WHERE age > 3', "SELECT name FROM customer WHERE city = 'x'"];
  assert.deepEqual(compare(`${a} UNION ${b}`, `${b} UNION ${a}`).zero, ['where', 'where(no OP)', 'IUEN']);
  assert.deepEqual(compare('SELECT count(*) FROM customer', 'SELECT count(id) FROM customer').zero, ['select', 'select(no AGG)']);
});

test('columns joined by a foreign key are one; INNER JOIN is outside the grammar', () => {
  assert.equal(
    compare(`SELECT count(*) , T1.id ${J} GROUP BY T1.id`, `SELECT count(*) , T2.customer_id ${J} GROUP BY T2.customer_id`).exact,
    1,
  );
  const inner = compare(`SELECT T1.name ${J}`, 'SELECT T1.name FROM customer AS T1 INNER JOIN orders AS T2 ON T1.id = T2.customer_id');
  assert.deepEqual([inner.exact, inner.unreadable], [0, true]);
});

test('an expected query outside the grammar is named, not scored', () => {
  assert.ok('goldUnreadable' in evaluateSpider('SELECT name FROM customer', 'SELECT name FROM customer WHERE age IS NULL', shop));
  assert.ok('goldUnreadable' in spiderHardness("SELECT 'open FROM customer", shop));
});

test('hardness: the official counts and levels', () => {
  const of = (source: string): unknown[] => {
    const found = spiderHardness(source, shop);
    return 'hardness' in found ? [found.component1, found.component2, found.others, found.hardness] : [found.goldUnreadable];
  };
  assert.deepEqual(of("SELECT name , age FROM customer WHERE city = 'Bonn'"), [1, 0, 1, 'medium']);
  assert.deepEqual(of("SELECT name FROM customer WHERE name LIKE '%a%'"), [2, 0, 0, 'medium']);
  assert.deepEqual(of('SELECT name FROM customer WHERE id NOT IN (SELECT customer_id FROM orders)'), [1, 1, 0, 'hard']);
  assert.deepEqual(of('SELECT name FROM customer WHERE id NOT IN (SELECT customer_id FROM orders) AND age > 3'), [1, 1, 1, 'extra']);
  assert.deepEqual(of(`SELECT T1.name , T1.city ${J} WHERE T2.status = 'paid' AND T2.amount > 5`), [2, 0, 2, 'extra']);
});

test('tokens: texts keep their case, commas between digits and equals signs without blanks do not fall apart', () => {
  assert.deepEqual(
    spiderTokens("SELECT A.B , c FROM t WHERE x >= 'Bonn am Rhein' ;"),
    ['select', 'a.b', ',', 'c', 'from', 't', 'where', 'x', '>', '=', '"Bonn am Rhein"', ';'].flatMap((token, i, all) =>
      token === '>' && all[i + 1] === '=' ? ['>='] : token === '=' && all[i - 1] === '>' ? [] : [token],
    ),
  );
  assert.deepEqual(spiderTokens('in (1,2) a=1'), ['in', '(', '1,2', ')', 'a=1']);
  assert.equal(spiderTokens("a = 'b"), undefined);
});

test('sample of published predictions: exact match, readability and hardness row by row as the official evaluator', () => {
  const entries = JSON.parse(textOf('spider-dev-schemas.json', 'samples')) as SpiderSchemaEntry[];
  const schemas = new Map(entries.map((entry) => [entry.db_id, readSpiderSchema(entry)]));
  const gold = new Map(linesOf<SpiderRow>('spider-dev.jsonl', 'samples').map((row) => [row.idx, row]));
  for (const row of gold.values()) {
    const found = spiderHardness(row.gold, schemas.get(row.db_id)!);
    assert.deepEqual(
      found,
      { component1: row.component1, component2: row.component2, others: row.others, hardness: row.hardness },
      row.gold,
    );
  }
  const predictions = linesOf<PredictionRow>('spider-dev-predictions.jsonl', 'samples');
  assert.equal(predictions.length, 402);
  for (const row of predictions) {
    const found = evaluateSpider(row.pred, gold.get(row.idx)!.gold, schemas.get(row.db_id)!);
    assert.ok('exact' in found);
    assert.equal(found.exact, row.exact_set_match, row.pred);
    assert.equal(found.predictionUnreadable !== undefined, row.pred_parse_error !== null, row.pred);
  }
});
