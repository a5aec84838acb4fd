import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { openApproximate } from '../../../src/providers/engines/approximate.ts';
import type { SqlEngine } from '../../../src/providers/engines/engine.ts';
import { openTextJudge } from '../../../src/providers/engines/judge-text.ts';
import { openMysql } from '../../../src/providers/engines/mysql.ts';
import { openNodeSqlParser } from '../../../src/providers/engines/node-sql-parser.ts';
import { openPostgres } from '../../../src/providers/engines/postgres.ts';
import { connectToPrepare, openSqlite } from '../../../src/providers/engines/sqlite.ts';
import { loadSqlparser } from '../../../src/providers/engines/sqlparser-wasm.ts';
import { DIALECTS } from '../../../src/sql/dialect.ts';
import { root } from '../../sql/samples.ts';
import { scratchFolder } from './databases.ts';

/** `valid`, or the code with the offset of the place; `parser-limit` and its like alone. */
const brief = (engine: SqlEngine, source: string): string => {
  const found = engine.judge(source);
  if (found.verdict === 'valid') return 'valid';
  return found.verdict === 'invalid' ? `${found.code} ${found.at.offset}` : found.code;
};
const judged = (engine: SqlEngine, expected: Readonly<Record<string, string>>): void =>
  assert.deepEqual(Object.fromEntries(Object.keys(expected).map((source) => [source, brief(engine, source)])), expected);

const nested = (depth: number): string => `select ${'('.repeat(depth)}1${')'.repeat(depth)}`;

test('sqlite: what is found after parsing is a note, and the next statement is judged', () => {
  const sqlite = openSqlite();
  for (const [source, note] of [
    ['select a from t', /^no such table: t$/],
    ['select a', /^no such column: a$/],
    ['select nope(1)', /^no such function: nope$/],
    ['select max(count(*))', /^misuse of aggregate/],
    ['select abs()', /^wrong number of arguments/],
    ['select 1 from sqlite_master natural weird join sqlite_master', /^unknown join type/],
    ['values (1), (1, 2)', /^all VALUES must have the same number of terms$/],
    ['select 1 union select 1, 2', /do not have the same number of result columns$/],
    [`select ${'1+'.repeat(1_500)}1`, /^Expression tree is too large/],
    [`select 1 from ${Array.from({ length: 66 }, (_, i) => `sqlite_master t${i}`).join()}`, /^at most 64 tables in a join$/],
  ] as const) {
    const found = sqlite.judge(source);
    assert.ok(found.verdict === 'valid' && note.test(found.notes?.[0] ?? ''), `${source}: ${JSON.stringify(found)}`);
    judged(sqlite, { [`${source}; selec`]: `syntax ${source.length + 2}` });
  }
});

test('sqlite: limits of Node’s build, unclosed comments and clauses out of order, each with its place', () => {
  judged(openSqlite(), {
    'select 1 /* open': 'valid',
    '/* open': 'empty 7',
    '\ufeffselect 1; select 😀 from': 'incomplete 25',
    'select 1 -- one\n; select 2': 'valid',
    'delete from sqlite_master limit 1': 'syntax 26',
    'select a from t limit 1 union select 1': 'clause-order 16',
    'select 1 Order By 1 Union select 2': 'clause-order 9',
    'pragma query_only =': 'incomplete 19',
  });
});

test('sqlite: a statement that attaches a file is parsed, and no file appears', () => {
  using folder = scratchFolder();
  const connection = connectToPrepare(undefined);
  assert.throws(() => connection.prepare(`attach '${folder.path}/new.db' as x`), /not authorized/);
  assert.throws(() => connection.prepare('detach main'), /not authorized/);
  connection.close();
  judged(openSqlite(), { [`attach '${folder.path}/new.db' as x`]: 'valid', 'detach main': 'valid' });
  assert.deepEqual(readdirSync(folder.path), []);
});

test('postgres: what its grammar takes and refuses, where, and whose limit was met', async () => {
  const postgres = await openPostgres({ root });
  judged(postgres, {
    select: 'valid',
    'select from t': 'valid',
    'select 1_000': 'valid',
    'select a from (select 1)': 'valid',
    'select a notnull, substring(x from 2) from t': 'valid',
    "select 'é😀' where where": 'syntax 19',
    'select `a`': 'incomplete 10',
    'select a from': 'incomplete 13',
    "select 'Women\\'s'": 'incomplete 16',
    'select 1a': 'bad-token 7',
    [nested(12_000)]: 'engine-limit 10003',
    [`select 1${' + 1'.repeat(20_000)}`]: 'parser-limit',
    'select 1': 'valid',
    'select 1 1': 'syntax 9',
  });
});

test('mysql: codes, places, and what the parser cannot say', async () => {
  const mysql = await openMysql({ dialect: 'mysql' }, { root });
  judged(mysql, {
    'select rank from t': 'reserved-word 7',
    'select * from t full outer join u on a = b': 'reserved-word 21',
    'select a from t where': 'incomplete 21',
    "select a from t where b = 'open": 'bad-token 26',
    'select 1; select 2; selec': 'syntax 20',
    'select a. as x from t': 'syntax 8',
    'select a from t where b =': 'incomplete 25',
    'create event e on schedule every 1 day do select 1': 'unsupported-statement',
    "select * into outfile 'x' from t": 'unsupported-statement',
    [nested(60)]: 'parser-limit',
    [`${'select ('.repeat(40)}1${')'.repeat(40)}`]: 'parser-limit',
    'select 1': 'valid',
    'select 1 1': 'syntax 9',
  });
});

test('sqlparser: an instance that has crashed is replaced, and the next text is parsed', async () => {
  const parser = await loadSqlparser({ root });
  let limit = parser.problem('mysql', 'select 1');
  for (let terms = 1_000; limit === undefined && terms < 500_000; terms *= 4)
    limit = parser.problem('mysql', `select a from t where ${'b = 1 or '.repeat(terms)}c`);
  assert.equal(limit?.kind, 'limit', JSON.stringify(limit));
  assert.equal(parser.problem('mysql', 'select 1'), undefined);
  assert.equal(parser.problem('mysql', 'select from')?.kind, 'refused');
});

test('node-sql-parser: its known false verdicts, which is why it judges by force alone', async () => {
  const sqlite = (await openNodeSqlParser('sqlite'))!;
  for (const source of [
    'select 1 intersect select 2',
    'select 1 except select 2',
    'select count(*) filter (where a) from t',
    'insert into t values (1) on conflict do nothing',
    'select a from t order by a nulls last',
    'select a from t full join u on 1',
    'select a is distinct from b',
    'select rank() over (order by a) from t',
  ])
    assert.deepEqual([source, sqlite.judge(source).verdict, openSqlite().judge(source).verdict], [source, 'invalid', 'valid']);
  assert.equal(brief(sqlite, nested(1_200)), 'parser-limit');
  const [theirs, ours] = [(await openNodeSqlParser('mysql'))!, await openMysql({ dialect: 'mysql' }, { root })];
  for (const source of [
    'select 1 limit 1 order by a',
    'select count ( * ) from t',
    'select a from "t"',
    'select a::int from t',
    'select a from t full outer join u on 1 = 1',
    'select a from (select 1)',
  ])
    assert.deepEqual([source, theirs.judge(source).verdict, ours.judge(source).verdict], [source, 'valid', 'invalid']);
  for (const source of ['select a from t natural join u', 'select cast(a as real) from t'])
    assert.deepEqual([source, theirs.judge(source).verdict, ours.judge(source).verdict], [source, 'invalid', 'valid']);
  const [other, postgres] = [(await openNodeSqlParser('postgres'))!, await openPostgres({ root })];
  for (const source of ["select 'Women\\'s'", 'select `a` from t'])
    assert.deepEqual([source, other.judge(source).verdict, postgres.judge(source).verdict], [source, 'valid', 'invalid']);
});

test('every other dialect is judged approximately, and says so', async () => {
  const measured = ['sqlite', 'postgres', 'mysql', 'mariadb'];
  for (const dialect of DIALECTS.filter((name) => !measured.includes(name))) {
    const engine = await openApproximate(dialect, { root });
    assert.deepEqual(
      [dialect, engine.approximate, engine.judge('select 1').verdict, engine.judge('select from from').verdict],
      [dialect, true, 'valid', 'invalid'],
    );
  }
});

test('a text that only MySQL reads looks like the wrong dialect; one the second parser cannot judge is not cross-checked', async () => {
  const sqlite = await openTextJudge({ dialect: 'sqlite', engine: 'auto', crossCheck: true }, { root });
  const found = await sqlite.judge('select straight_join a from t lock in share mode');
  assert.deepEqual([found.verdict.verdict, found.looksLike], ['invalid', 'wrong-dialect']);
  assert.deepEqual(await sqlite.judge(nested(1_200)).then(({ crossCheck }) => crossCheck), undefined);
  sqlite.close();
});

test('what sqlparser cannot read, node-sql-parser gives the structure of', async () => {
  const mysql = await openTextJudge({ dialect: 'mysql', engine: 'auto' }, { root });
  assert.equal((await mysql.features('select a, b from t group by a with rollup'))?.grouped, 1);
  assert.equal(await mysql.features('selec'), undefined);
  mysql.close();
});
