import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { executionScorer } from '../../../src/metrics/text-to-sql-execution.ts';
import type { ExecutionPool } from '../../../src/providers/engines/engine.ts';
import { openExecutions } from '../../../src/providers/engines/execution.ts';
import { startFromSources } from '../../../src/providers/engines/start.ts';
import { linesOf, type PredictionRow, root, type SpiderRow } from '../../sql/samples.ts';
import { buildDatabase, type DatabaseRow, type Folder, scratchFolder } from './databases.ts';

const never = new AbortController().signal;
let folder: Folder;
let path: string;
let pool: ExecutionPool;
before(async () => {
  folder = scratchFolder();
  path = buildDatabase(join(folder.path, 'shop.sqlite'), {
    db_id: 'shop',
    instance: 0,
    tables: [
      {
        table: 't',
        columns: ['a', 'b'],
        types: ['INTEGER', 'TEXT'],
        rows: [
          [1, 'x'],
          [2, 'y'],
          [3, null],
        ],
      },
    ],
  });
  pool = await openExecutions(startFromSources(root), { deadlineMs: 2_000, processes: 2 }, never);
});
after(async () => {
  await pool.close();
  folder[Symbol.dispose]();
});

test('rows come as arrays, equal column names apart, great integers exact', async () => {
  assert.deepEqual(await pool.execute(path, 'SELECT a, b, a FROM t ORDER BY a'), {
    kind: 'rows',
    columns: 3,
    rows: [
      [1, 'x', 1],
      [2, 'y', 2],
      [3, null, 3],
    ],
  });
  assert.deepEqual(await pool.execute(path, 'SELECT 9007199254740993, 1.5, 1.0'), {
    kind: 'rows',
    columns: 3,
    rows: [[9007199254740993n, 1.5, 1]],
  });
  assert.deepEqual(await pool.execute(path, 'SELECT count(*) FROM t WHERE b = "x"'), { kind: 'rows', columns: 1, rows: [[1]] });
});

test('what is no query, reaches a file or changes anything is refused, and nothing happens', async () => {
  const files = readdirSync(folder.path);
  for (const source of [
    'SELECT 1; DROP TABLE t',
    'DROP TABLE t',
    'DELETE FROM t',
    "WITH q AS (SELECT 1) INSERT INTO t SELECT 1, 'x' FROM q",
    `ATTACH '${join(folder.path, 'new.db')}' AS x`,
    `VACUUM INTO '${join(folder.path, 'copy.db')}'`,
    'PRAGMA writable_schema=1',
    'SELECT * FROM pragma_database_list',
    "SELECT load_extension('x')",
    `SELECT writefile('${join(folder.path, 'x')}', 'x')`,
    'CREATE TEMP TABLE x (a)',
    'BEGIN EXCLUSIVE',
    'EXPLAIN SELECT 1',
    'SELECT 1\0; DROP TABLE t',
    '',
  ]) {
    const { kind } = await pool.execute(path, source);
    assert.ok(kind === 'refused' || kind === 'error', `${source}: ${kind}`);
  }
  assert.deepEqual(readdirSync(folder.path), files);
  assert.deepEqual(await pool.execute(path, 'SELECT count(*) FROM t'), { kind: 'rows', columns: 1, rows: [[3]] });
});

test('an endless query ends at the deadline, one too large at its limit; the next query is answered', async () => {
  const began = Date.now();
  const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n';
  const product =
    'SELECT sum(x.a * y.a) FROM t x, t y, t p, t q, t r, t s, t u, t v, t w, t aa, t bb, t cc, t dd, t ee, t ff, t gg, t hh, t ii, t jj';
  const all = await Promise.all([pool.execute(path, endless), pool.execute(path, product), pool.execute(path, 'SELECT 1')]);
  assert.deepEqual(
    all.map(({ kind }) => kind),
    ['timeout', 'timeout', 'rows'],
  );
  assert.ok(Date.now() - began < 15_000);
  const rows = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n';
  assert.equal((await pool.execute(path, rows)).kind, 'too-large');
  const wide = "SELECT printf('%8000000d', a) FROM t UNION ALL SELECT printf('%8000000d', a) FROM t";
  assert.match(JSON.stringify(await pool.execute(path, wide)), /"too-large","message":"More than 67108864 bytes of results/);
  assert.equal((await pool.execute(path, "SELECT printf('%1000000000d', 1)")).kind, 'too-large');
  assert.equal((await pool.execute(path, 'SELECT randomblob(1000000000)')).kind, 'refused');
  assert.equal((await pool.execute(path, 'SELECT 1')).kind, 'rows');
});

test('a query that takes too much memory loses its process, not the pool', async (context) => {
  const small = await openExecutions(startFromSources(root), { deadlineMs: 20_000, processes: 1, residentMax: 160 * 1_048_576 }, never);
  context.after(() => small.close());
  const sorted = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT printf('%10000d', i) AS s FROM n ORDER BY s";
  const { kind } = await small.execute(path, sorted);
  assert.equal(kind, 'too-large');
  assert.equal((await small.execute(path, 'SELECT 1')).kind, 'rows');
});

test('a database that is missing or no database is an error of the query, not of the pool', async () => {
  assert.equal((await pool.execute(join(folder.path, 'none.sqlite'), 'SELECT 1')).kind, 'error');
  const text = join(folder.path, 'text.sqlite');
  writeFileSync(text, 'not a database '.repeat(100));
  assert.equal((await pool.execute(text, 'SELECT * FROM t')).kind, 'error');
});

test('nothing is read from beside a database, and nothing is left there', async () => {
  const own = mkdtempSync(join(folder.path, 'wal-'));
  const live = join(own, 'live.sqlite');
  const writer = new DatabaseSync(live);
  writer.exec('PRAGMA journal_mode=WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1); PRAGMA wal_checkpoint; INSERT INTO t VALUES (2)');
  const copy = join(own, 'a?b#c%20.sqlite');
  copyFileSync(live, copy);
  copyFileSync(`${live}-wal`, `${copy}-wal`);
  writer.close();
  const before = readdirSync(own).sort();
  assert.deepEqual(await pool.execute(copy, 'SELECT a FROM t'), { kind: 'rows', columns: 1, rows: [[1]] });
  assert.deepEqual(readdirSync(own).sort(), before);
});

test('what a hostile file makes of its tables is refused, killed or an error, and the next query is answered', async () => {
  const made = (name: string, ddl: string): string => {
    const at = join(folder.path, name);
    const database = new DatabaseSync(at);
    database.exec(ddl);
    database.close();
    return at;
  };
  const endless = 'CREATE VIEW t AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n';
  for (const [name, ddl, kind] of [
    ['endless', endless, 'timeout'],
    ['extension', "CREATE VIEW t AS SELECT load_extension('x')", 'error'],
    ['generated', "CREATE TABLE t (a, b AS (printf('%100000000d', a))); INSERT INTO t (a) VALUES (1)", 'too-large'],
    ['virtual', 'CREATE VIRTUAL TABLE t USING fts5(x)', 'refused'],
  ] as const)
    assert.equal((await pool.execute(made(`${name}.sqlite`, ddl), 'SELECT * FROM t')).kind, kind, name);
  assert.equal((await pool.execute(path, 'SELECT 1')).kind, 'rows');
});

test('an answer that waits while this process is busy is no timeout', async (context) => {
  const short = await openExecutions(startFromSources(root), { processes: 1, deadlineMs: 500 }, never);
  context.after(() => short.close());
  const answered = short.execute(path, 'SELECT 1');
  // As the comparison of a large result does.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
  assert.equal((await answered).kind, 'rows');
});

test('where no process can be started any more, what waits and what comes fails with the reason, and gives no verdict', async (context) => {
  let started = 0;
  const starters = startFromSources(root);
  const lost = await openExecutions(
    {
      startChild: (role) =>
        ++started === 1
          ? starters.startChild(role)
          : fork(join(root, 'test/providers/engines/no-such-file.ts'), { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] }),
    },
    { processes: 1, deadlineMs: 500 },
    never,
  );
  context.after(() => lost.close());
  const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n';
  const [first, second] = await Promise.allSettled([lost.execute(path, endless), lost.execute(path, 'SELECT 1')]);
  assert.deepEqual([first.status, second.status], ['fulfilled', 'rejected']);
  await assert.rejects(lost.execute(path, 'SELECT 1'), { code: 'sql-process', fault: 'world' });
});

test('a cancelled pool gives no verdict on what was under way', async () => {
  const controller = new AbortController();
  const cancelled = await openExecutions(startFromSources(root), { processes: 1 }, controller.signal);
  const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n';
  const under = Promise.allSettled([cancelled.execute(path, endless), cancelled.execute(path, 'SELECT 1')]);
  controller.abort();
  for (const outcome of await under) assert.equal(outcome.status === 'rejected' && (outcome.reason as { code: string }).code, 'cancelled');
  await cancelled.close();
});

test('a process that dies on its own is replaced; a pool that cannot start says so', async (context) => {
  const children: ReturnType<typeof fork>[] = [];
  const starters = startFromSources(root);
  const watched = await openExecutions(
    {
      startChild: (role) => {
        const child = starters.startChild(role);
        children.push(child);
        return child;
      },
    },
    { processes: 1 },
    never,
  );
  context.after(() => watched.close());
  const lost = watched.execute(path, 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n');
  // Nothing of this process's environment is there for the SQL of a model.
  const environment = readFileSync(`/proc/${children[0]!.pid}/environ`, 'utf8').split('\0').filter(Boolean);
  assert.deepEqual(
    environment.map((entry) => entry.split('=')[0]).filter((name) => !name?.startsWith('NODE_CHANNEL_')),
    [],
  );
  setTimeout(() => children[0]!.kill('SIGKILL'), 100);
  assert.equal((await lost).kind, 'too-large');
  assert.equal((await watched.execute(path, 'SELECT 1')).kind, 'rows');
  assert.equal(children.length, 2);
  const broken = openExecutions(
    { startChild: () => fork(join(root, 'test/providers/engines/no-such-file.ts'), { stdio: 'ignore' }) },
    {},
    never,
  );
  await assert.rejects(broken, { code: 'sql-process', fault: 'world' });
});

test('sample of published predictions: execution verdicts of all three public rules, row by row', async () => {
  const gold = new Map(linesOf<SpiderRow>('spider-dev.jsonl', 'samples').map((row) => [row.idx, row]));
  const needed = new Set([...gold.values()].map(({ db_id }) => db_id));
  const instances = new Map<string, string[]>();
  for (const row of linesOf<DatabaseRow>('exec-dbs.jsonl', 'samples')) {
    if (!needed.has(row.db_id)) continue;
    const built = buildDatabase(join(folder.path, `${row.db_id}.${row.instance}.sqlite`), row);
    instances.set(row.db_id, [...(instances.get(row.db_id) ?? []), built]);
  }
  const spider = executionScorer(pool.execute, 'spider');
  const bird = executionScorer(pool.execute, 'bird');
  for (const row of linesOf<PredictionRow>('spider-dev-predictions.jsonl', 'samples')) {
    const databases = instances.get(row.db_id)!;
    const pair = { predicted: row.pred, expected: gold.get(row.idx)!.gold };
    const one = await spider({ ...pair, databases: databases.slice(0, 1) });
    const suite = await spider({ ...pair, databases });
    const set = await bird({ ...pair, databases: databases.slice(0, 1) });
    assert.deepEqual([one.score, suite.score, set.score], [row.exec_single, row.test_suite, row.bird_ex], row.pred);
  }
});
