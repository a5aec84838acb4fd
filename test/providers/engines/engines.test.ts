import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { openApproximate } from '../../../src/providers/engines/approximate.ts';
import { openTextJudge, TEXT_BYTES_MAX } from '../../../src/providers/engines/judge-text.ts';
import { openMysql } from '../../../src/providers/engines/mysql.ts';
import { openNodeSqlParser } from '../../../src/providers/engines/node-sql-parser.ts';
import { openPostgres } from '../../../src/providers/engines/postgres.ts';
import { connectToPrepare, openSqlite } from '../../../src/providers/engines/sqlite.ts';
import { engineContract } from '../../contracts/engine.ts';
import { linesOf, root, type SyntaxRow } from '../../sql/samples.ts';

engineContract('sqlite', async () => openSqlite());
engineContract('postgres', () => openPostgres({ root }));
engineContract('mysql', () => openMysql({ dialect: 'mysql' }, { root }));
engineContract('mariadb', () => openMysql({ dialect: 'mariadb' }, { root }));
engineContract('approximate (bigquery)', () => openApproximate('bigquery', { root }));
engineContract('node-sql-parser (mysql)', async () => (await openNodeSqlParser('mysql'))!);

test('no engine left a file behind', () => {
  assert.equal(existsSync('contract.db'), false);
});

test('sqlite: pragmas that act while prepared do not; names that do not exist are notes', () => {
  const sqlite = openSqlite();
  assert.deepEqual(sqlite.judge('PRAGMA query_only=1'), { verdict: 'valid', statements: 1 });
  assert.equal(sqlite.judge('PRAGMA query_only=').verdict, 'invalid');
  const connection = connectToPrepare(undefined);
  assert.throws(() => connection.prepare('PRAGMA query_only=1'), /not authorized/);
  connection.exec('CREATE TABLE still_writable (a)');
  connection.close();
  assert.deepEqual(sqlite.judge('select a from nowhere; select 1'), { verdict: 'valid', statements: 2, notes: ['no such table: nowhere'] });
  const trigger = sqlite.judge('create trigger t after insert on nowhere begin select 1; selec; end');
  assert.equal(trigger.verdict, 'invalid');
});

test('postgres: after many refusals the parser is renewed, because each leaves memory taken', async () => {
  const postgres = await openPostgres({ root });
  for (let i = 0; i < 5_000; i++) postgres.judge('SELECT a FROM');
  assert.equal(postgres.worn, true);
  await postgres.renew?.();
  assert.equal(postgres.worn, false);
  assert.equal(postgres.judge('SELECT 1').verdict, 'valid');
});

test('sqlite: every kind of message becomes a code and a place', () => {
  const sqlite = openSqlite();
  const of = (source: string): unknown[] => {
    const verdict = sqlite.judge(source);
    return verdict.verdict === 'invalid' ? [verdict.code, verdict.at.offset] : [verdict.verdict];
  };
  assert.deepEqual(of('select a from'), ['incomplete', 13]);
  assert.deepEqual(of('select a from t where from'), ['syntax', 22]);
  assert.deepEqual(of('select 1a2'), ['bad-token', 7]);
  assert.deepEqual(of('select 1 limit 1 union select 2')[0], 'clause-order');
  assert.deepEqual(of(`select ${'('.repeat(100_000)}`)[0], 'engine-limit');
});

test('the labelled samples: sqlite and postgres right on every row, mysql (MariaDB) on almost every query', async () => {
  const engines = {
    sqlite: openSqlite(),
    postgres: await openPostgres({ root }),
    mysql: await openMysql({ dialect: 'mariadb' }, { root }),
  };
  let wrong = 0;
  for (const file of ['bird-mini-dev-predictions.jsonl', 'syntax-mutations.jsonl', 'mysql-from-sqlite-models.jsonl', 'syntax-corpus.jsonl'])
    for (const { dialect, sql, valid } of linesOf<SyntaxRow>(file, 'samples')) {
      const verdict = engines[dialect].judge(sql);
      if (verdict.verdict === 'not judged') assert.equal(dialect, 'mysql');
      else if ((verdict.verdict === 'valid') !== valid) {
        assert.equal(dialect, 'mysql', sql);
        wrong++;
      }
    }
  assert.ok(wrong <= 4, `${wrong} MySQL rows judged wrongly`);
});

test('a text judge: limits of length, single statements, clean-up, looks, cross-check, names', async () => {
  const judge = await openTextJudge(
    { dialect: 'sqlite', engine: 'auto', singleStatement: true, crossCheck: true, schema: 'CREATE TABLE t (a)' },
    { root },
  );
  const brief = async (source: string): Promise<unknown[]> => {
    const { verdict, looksLike, validAfterCleanup, crossCheck, namesResolve } = await judge.judge(source);
    return [verdict.verdict === 'valid' ? 'valid' : verdict.code, looksLike, validAfterCleanup, crossCheck, namesResolve];
  };
  assert.deepEqual(await brief('SELECT a FROM t'), ['valid', undefined, undefined, 'agrees', true]);
  assert.deepEqual(await brief('SELECT b FROM t'), ['valid', undefined, undefined, 'agrees', false]);
  assert.deepEqual(await brief('SELECT 1; SELECT 2'), ['several-statements', undefined, undefined, 'agrees', undefined]);
  assert.deepEqual(await brief('```sql\nSELECT a FROM t\n```'), ['syntax', 'fence', true, 'agrees', undefined]);
  assert.deepEqual(await brief('SELECT a INTERSECT SELECT b'), ['valid', undefined, undefined, 'differs', false]);
  assert.deepEqual(await brief('SELECT a::int FROM t'), ['bad-token', 'wrong-dialect', undefined, 'differs', undefined]);
  assert.deepEqual(await brief('SELECT a FROM t WHERE'), ['incomplete', 'truncated', undefined, 'agrees', undefined]);
  assert.deepEqual(await brief(`SELECT '${'x'.repeat(TEXT_BYTES_MAX)}'`), ['too-long', undefined, undefined, undefined, undefined]);
  judge.close();
});

test('approximate dialects say so; an unknown one is not judged', async () => {
  const bigquery = await openTextJudge({ dialect: 'bigquery', engine: 'auto' }, { root });
  assert.equal(bigquery.facts.approximate, true);
  const forced = await openTextJudge({ dialect: 'mysql', engine: 'node-sql-parser' }, { root });
  assert.deepEqual([forced.facts.name, forced.facts.approximate], ['node-sql-parser', true]);
  const unknown = await openTextJudge({ dialect: 'duckdb', engine: 'node-sql-parser' }, { root });
  const { verdict } = await unknown.judge('SELECT 1');
  assert.deepEqual([verdict.verdict, verdict.verdict === 'not judged' && verdict.code], ['not judged', 'unsupported-dialect']);
});
