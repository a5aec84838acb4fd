import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { openStructureReader } from '../../src/providers/engines/approximate.ts';
import type { SqlParser } from '../../src/providers/engines/engine.ts';
import { openNodeSqlParser } from '../../src/providers/engines/node-sql-parser.ts';
import { complexityGroup, structureBucket } from '../../src/sql/complexity.ts';
import { linesOf, root } from './samples.ts';

let first: SqlParser;
let second: SqlParser;
before(async () => {
  first = await openStructureReader('sqlite', { root });
  second = (await openNodeSqlParser('sqlite'))!;
});

const WORKED: readonly (readonly [string, string])[] = [
  ['SELECT count(*) FROM a, b WHERE a.x = b.x', 'single join'],
  ['SELECT a.x, count(*) FROM a JOIN b ON a.x = b.x JOIN c ON b.y = c.y GROUP BY a.x', 'multiple_joins'],
  ['SELECT * FROM (SELECT 1) q', 'subqueries'],
  ['SELECT x FROM t WHERE x IN (SELECT y FROM u)', 'subqueries'],
  ['SELECT x FROM t WHERE EXISTS (SELECT y FROM u)', 'subqueries'],
  ['SELECT (SELECT max(y) FROM u) FROM t', 'subqueries'],
  ['SELECT x FROM t UNION SELECT y FROM u', 'set operations'],
  ['WITH q AS (SELECT 1) SELECT * FROM q, r', 'CTEs'],
  ['WITH q AS (SELECT 1) SELECT *, rank() OVER (ORDER BY 1) FROM q, r', 'window functions'],
  ['SELECT x FROM t NATURAL JOIN u', 'single join'],
  ['SELECT x FROM t CROSS JOIN u', 'single join'],
  ['SELECT max(a) FROM t', 'aggregation'],
  ['SELECT max(a, b) FROM t', 'basic SQL'],
  ['SELECT a FROM t GROUP BY a', 'aggregation'],
  ['SELECT a FROM t WHERE b > 1 ORDER BY a LIMIT 3', 'basic SQL'],
  ['INSERT INTO t VALUES (1)', 'basic SQL'],
  ['UPDATE t SET a = 1', 'basic SQL'],
  ['CREATE TABLE t (a int)', 'basic SQL'],
  ['SELEC nothing', 'unparsed'],
];

test('the first bucket that applies, by structure', () => {
  for (const [source, bucket] of WORKED) assert.equal(structureBucket(first.features(source)), bucket, source);
});

test('two parsers see the same structure where both can read the query', () => {
  const queries = [
    ...WORKED.map(([source]) => source),
    ...linesOf<{ gold: string }>('spider-dev.jsonl', 'samples').map(({ gold }) => gold),
    ...linesOf<{ dialect: string; sql: string }>('bird-mini-dev-gold.jsonl', 'samples')
      .filter(({ dialect }) => dialect === 'sqlite')
      .map(({ sql }) => sql),
  ];
  let both = 0;
  for (const source of queries) {
    const [one, other] = [first.features(source), second.features(source)];
    if (!one || !other) continue;
    both++;
    assert.equal(structureBucket(one), structureBucket(other), source);
  }
  assert.ok(both > 120, `${both} queries read by both`);
});

test('simple and complex: the labels of the two known schemes, the user’s groups, nothing for others', () => {
  assert.deepEqual(
    ['basic SQL', 'aggregation', 'single join', 'easy', 'medium'].map((label) => complexityGroup(label)),
    Array(5).fill('simple'),
  );
  assert.deepEqual(
    ['multiple_joins', 'subqueries', 'set operations', 'CTEs', 'window functions', 'hard', 'extra'].map((label) => complexityGroup(label)),
    Array(7).fill('complex'),
  );
  assert.equal(complexityGroup('unparsed'), undefined);
  assert.equal(complexityGroup('moderate'), undefined);
  assert.equal(complexityGroup('moderate', { simple: ['simple'], complex: ['moderate', 'challenging'] }), 'complex');
  assert.equal(complexityGroup('easy', { simple: ['simple'], complex: ['moderate'] }), undefined);
});
