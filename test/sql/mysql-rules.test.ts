import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { SqlEngine } from '../../src/providers/engines/engine.ts';
import { openMysql } from '../../src/providers/engines/mysql.ts';
import { root } from './samples.ts';

let mysql: SqlEngine;
let mariadb: SqlEngine;
before(async () => {
  mysql = await openMysql({ dialect: 'mysql' }, { root });
  mariadb = await openMysql({ dialect: 'mariadb' }, { root });
});

const accepts = (engine: SqlEngine, source: string): void => {
  const verdict = engine.judge(source);
  assert.equal(verdict.verdict, 'valid', `${source}: ${JSON.stringify(verdict)}`);
};
const refuses = (engine: SqlEngine, source: string, near?: string): void => {
  const verdict = engine.judge(source);
  assert.equal(verdict.verdict, 'invalid', `${source}: ${JSON.stringify(verdict)}`);
  if (near !== undefined && verdict.verdict === 'invalid')
    assert.ok(verdict.at.near.startsWith(near), `${source}: ${JSON.stringify(verdict)}`);
};

test('reserved words are no bare names, but are after a dot, in backticks and as functions', () => {
  refuses(mysql, 'SELECT a FROM Match', 'Match');
  refuses(mysql, 'SELECT order FROM t', 'order');
  refuses(mysql, 'SELECT a AS group FROM t', 'group');
  refuses(mysql, 'SELECT a FROM t WHERE show = 1', 'show');
  refuses(mysql, 'SELECT SELECT a FROM t');
  accepts(mysql, 'SELECT t.order, `match` FROM t');
  accepts(mysql, "SELECT LEFT(a, 1), REPLACE(a, 'x', 'y'), IF(a, 1, 2), MOD(a, 2), DATABASE() FROM t");
  accepts(mysql, 'SELECT a FROM t WHERE b IS NOT NULL AND c NOT IN (1) OR NOT d AND e BETWEEN 1 AND 2');
});

test('each flavour has its own reserved words', () => {
  refuses(mysql, 'SELECT rank FROM t', 'rank');
  accepts(mariadb, 'SELECT rank FROM t');
  refuses(mysql, 'SELECT a FROM groups');
  accepts(mariadb, 'SELECT a FROM groups');
  accepts(mysql, 'SELECT offset FROM t');
  refuses(mariadb, 'SELECT offset FROM t');
});

test('"x" is text: no table, no part of a name; with ANSI_QUOTES it is a name', async () => {
  refuses(mysql, 'SELECT a FROM "t"', '"t"');
  refuses(mysql, 'SELECT "t".a FROM t');
  accepts(mysql, 'SELECT a FROM t WHERE b = "x"');
  accepts(await openMysql({ dialect: 'mysql', sqlModes: ['ANSI_QUOTES'] }, { root }), 'SELECT "t".a FROM "t"');
});

test('a blank before the parenthesis of a built-in matters where only a built-in may stand', async () => {
  refuses(mysql, 'SELECT COUNT ( * ) FROM t', 'COUNT');
  refuses(mysql, 'SELECT SUM (DISTINCT a) FROM t');
  refuses(mysql, 'SELECT CAST (a AS CHAR) FROM t');
  accepts(mysql, 'SELECT MAX (a) FROM t');
  accepts(mysql, 'SELECT AVG (DISTINCT a) FROM t');
  accepts(await openMysql({ dialect: 'mysql', sqlModes: ['IGNORE_SPACE'] }, { root }), 'SELECT COUNT ( * ) FROM t');
  refuses(mysql, 'SELECT COUNT() FROM t');
});

test('a derived table needs an alias', () => {
  refuses(mysql, 'SELECT a FROM (SELECT a FROM t)');
  refuses(mysql, 'SELECT a FROM t WHERE b = (SELECT max(c) FROM (SELECT c FROM u))');
  accepts(mysql, 'SELECT a FROM (SELECT a FROM t) q');
  accepts(mysql, 'SELECT a FROM (SELECT a FROM t) AS q JOIN u ON q.a = u.a');
  accepts(mysql, 'SELECT a FROM t WHERE b IN (SELECT c FROM u)');
});

test('operators, clauses and types of other dialects', () => {
  for (const source of [
    'SELECT a::int FROM t',
    'SELECT TOP 3 a FROM t',
    'SELECT a FROM t WHERE b ILIKE "x"',
    'SELECT a FROM t WHERE b == 1',
    'SELECT a, * FROM t',
  ])
    refuses(mysql, source);
  refuses(mysql, 'SELECT a FROM t x FULL OUTER JOIN u y ON x.a = y.a');
  accepts(mysql, "SELECT a->'$.b', a->>'$.b' FROM t");
  refuses(mariadb, "SELECT a->'$.b' FROM t");
  accepts(mysql, 'SELECT CAST(a AS REAL), CAST(a AS FLOAT) FROM t');
  refuses(mariadb, 'SELECT CAST(a AS REAL) FROM t', 'REAL');
  refuses(mysql, 'SELECT CAST(a AS INTEGER) FROM t', 'INTEGER');
  accepts(mariadb, 'SELECT CAST(a AS INTEGER) FROM t');
});

test('a dangling qualifier and a statement that ends too early', () => {
  refuses(mysql, 'SELECT a. AS x FROM t');
  refuses(mysql, 'SELECT T2. FROM t');
  refuses(mysql, 'SELECT a FROM t WHERE b AND NOT');
  refuses(mysql, 'SELECT a FROM t WHERE');
});

test('FROM inside EXTRACT and TRIM begins no clause; DELETE and INSERT modifiers, LOCK IN SHARE MODE and ! are read', () => {
  accepts(mysql, "SELECT EXTRACT(YEAR FROM '2019-07-02'), TRIM(BOTH 'x' FROM a) FROM t");
  accepts(mysql, 'DELETE LOW_PRIORITY QUICK IGNORE FROM t WHERE a = 1');
  accepts(mysql, 'SELECT 1 FROM t LOCK IN SHARE MODE');
  accepts(mysql, 'SELECT !1');
});

test('DDL that the parser cannot read is not judged; a word no statement begins with is invalid', () => {
  assert.equal(mysql.judge('CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1').verdict, 'not judged');
  refuses(mysql, 'PRAGMA table_info(t)');
  refuses(mysql, 'Here is the query: SELECT 1');
});
