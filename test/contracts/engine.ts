import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SqlEngine } from '../../src/providers/engines/engine.ts';

export type MakeEngine = () => Promise<SqlEngine>;

/** What every SQL judge promises; see {@link SqlEngine}. */
export function engineContract(name: string, make: MakeEngine): void {
  const proves = (promise: string, body: (engine: SqlEngine) => Promise<void> | void) =>
    test(`${name}: ${promise}`, async () => {
      const engine = await make();
      try {
        await body(engine);
      } finally {
        engine.close();
      }
    });
  const verdictOf = async (engine: SqlEngine, source: string): Promise<ReturnType<SqlEngine['judge']>> => {
    const verdict = engine.judge(source);
    if (verdict.verdict === 'not judged') await engine.renew?.();
    return verdict;
  };
  const invalid = (engine: SqlEngine, source: string) => {
    const verdict = engine.judge(source);
    assert.equal(verdict.verdict, 'invalid', `${JSON.stringify(source)}: ${JSON.stringify(verdict)}`);
    return verdict as Extract<typeof verdict, { verdict: 'invalid' }>;
  };

  proves('says who it is', (engine) => {
    assert.match(engine.version, /\d/);
    assert.equal(typeof engine.approximate, 'boolean');
  });

  proves('accepts what every dialect has, whatever the names', (engine) => {
    for (const source of [
      'SELECT 1',
      'select a, count(*) from no_such_table where b = 1 group by a order by a',
      "SELECT x.a FROM t AS x JOIN u ON x.a = u.a WHERE x.b IN (SELECT b FROM v) AND x.c LIKE 'a%'",
    ])
      assert.deepEqual([source, engine.judge(source).verdict], [source, 'valid']);
  });

  proves('refuses broken statements and gives the place', (engine) => {
    const at = invalid(engine, 'SELECT a\nFROM t WHERE WHERE b').at;
    assert.equal(at.line, 2);
    assert.ok(at.column >= 8 && at.offset >= 16 && at.offset <= 28, JSON.stringify(at));
    assert.equal(invalid(engine, 'SELECT a FROM').at.offset, 13);
    invalid(engine, 'SELECT (a FROM t');
    invalid(engine, 'THIS IS NOT VALID SQL');
    invalid(engine, "SELECT a FROM t WHERE b = 'open");
  });

  proves('a text without a statement is empty, not valid', (engine) => {
    for (const source of ['', ' \n', ';', ' ; ;', '-- nothing', '/* nothing */'])
      assert.equal(invalid(engine, source).code, 'empty', source);
  });

  proves('several statements are counted, and all must be valid', (engine) => {
    assert.deepEqual(engine.judge('SELECT 1; SELECT 2;'), { verdict: 'valid', statements: 2 });
    invalid(engine, 'SELECT 1; SELEC 2');
  });

  proves('U+0000 hides nothing', (engine) => {
    const verdict = invalid(engine, 'SELECT 1\0 nonsense');
    assert.deepEqual([verdict.code, verdict.at.offset], ['nul', 8]);
  });

  proves('places are UTF-16 code units, whatever stands before', (engine) => {
    const source = "SELECT 'é😀列' AS x FROM t WHERE WHERE b";
    const { at } = invalid(engine, source);
    assert.ok(at.offset >= source.indexOf('WHERE') && at.offset <= source.lastIndexOf('b'), JSON.stringify(at));
    assert.equal(at.near, source.slice(at.offset, at.offset + 40));
  });

  for (const [what, source] of [
    ['100,000 open parentheses', `SELECT ${'('.repeat(100_000)}`],
    ['20,000 additions', `SELECT 1${' + 1'.repeat(20_000)}`],
    ['1,000 ORs', `SELECT a FROM t WHERE ${'b = 1 OR '.repeat(1_000)}c`],
    ['2,000 nested SELECTs', `${'SELECT ('.repeat(2_000)}1${')'.repeat(2_000)}`],
  ] as const)
    proves(`${what}: a verdict, or a limit of the parser; the next text is judged rightly`, async (engine) => {
      const verdict = await verdictOf(engine, source);
      assert.ok(verdict.verdict !== 'not judged' || verdict.code === 'parser-limit', JSON.stringify(verdict));
      assert.equal(engine.judge('SELECT 1').verdict, 'valid');
      assert.equal(engine.judge('SELECT a FROM').verdict, 'invalid');
    });

  proves('lone surrogates, a BOM, U+2028 and full-width commas are judged', (engine) => {
    for (const source of ['SELECT \ud800', '\ufeffSELECT 1', 'SELECT 1\u2028', 'SELECT a， b FROM t', '\udfff']) {
      const verdict = engine.judge(source);
      assert.notEqual(verdict.verdict, 'not judged', JSON.stringify(source));
      assert.ok(JSON.stringify(verdict).isWellFormed());
    }
  });

  proves('judging does nothing: what changes a database or reaches a file is only read', (engine) => {
    for (const source of [
      'DROP TABLE t',
      "ATTACH 'contract.db' AS x",
      'PRAGMA query_only=1',
      'PRAGMA writable_schema=1',
      "VACUUM INTO 'contract.db'",
      "SELECT load_extension('x')",
      "COPY t FROM PROGRAM 'touch contract.db'",
    ])
      engine.judge(source);
    assert.equal(engine.judge('SELECT 1').verdict, 'valid');
    assert.equal(engine.judge('CREATE TABLE t (a int)').verdict === 'invalid', false);
  });
}
