import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { openData } from '../../src/providers/sources/data.ts';
import { evaluate } from '../../src/stages/evaluate/stage.ts';
import { readSqlRows } from '../../src/stages/sql-rows.ts';
import { FIXTURES, SqlBench } from './sql-stage.ts';

const TASK = { task: 'text-to-sql' };
const csv = (header: string, rows: readonly (readonly string[])[]): string =>
  `${header}\n${rows.map((cells) => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')).join('\n')}\n`;

test('the figures of the reference system, on the file it leaves behind', async () => {
  using bench = new SqlBench();
  const predictions = join(FIXTURES, 'reference-eval.csv');
  const { result, metric, file } = await bench.run(evaluate, { ...TASK, predictions, 'exact-match': 'string', 'token-f1': 'jaccard' });
  assert.deepEqual([metric('exact_match')?.value, metric('exact_match')?.n], [365 / 1034, 1034]);
  assert.equal(metric('f1_score')?.value?.toFixed(4), '0.7296');
  assert.equal(metric('exact_match_normalized')?.value, 423 / 1034);
  assert.equal(metric('token_f1')?.value?.toFixed(4), '0.8346');
  assert.equal(metric('exact_match')?.interval?.method, 'wilson');
  assert.deepEqual(
    result.tables?.[0]?.rows.map(([name, kind]) => [name, kind]),
    [
      ['exact_match', 'string'],
      ['f1_score', 'jaccard'],
    ],
  );
  const theirs = readFileSync(predictions, 'utf8').split('\r\n')[0];
  const [header, first] = file('evaluation.csv').split('\n');
  assert.equal(header, `${theirs},id,exact_match_string,exact_match_normalized,token_f1,jaccard`);
  assert.equal(first, 'How many singers do we have?,SELECT count(*) FROM singer,easy,SELECT count(*) FROM singer,1,1,,1,1,1,1');
});

test('predictions are joined by key; one that is missing counts as empty, text stays text', async () => {
  using bench = new SqlBench();
  const rows = bench.write(
    'rows.csv',
    csv('id,input_text,sql', [
      ['1', 'a?', 'SELECT 1'],
      ['2', 'b?', 'NULL'],
      ['3', 'c?', '007'],
    ]),
  );
  const predictions = bench.write('p.jsonl', '{"id":3,"predicted_sql":"007"}\n{"id":2,"predicted_sql":"NULL"}\n');
  const inputs = { ...TASK, target: 'sql', key: 'id', rows, predictions };
  const { metric, file } = await bench.run(evaluate, inputs);
  assert.equal(metric('exact_match')?.value, 2 / 3);
  assert.deepEqual(bench.warnings, ['missing-predictions']);
  assert.deepEqual(
    file('evaluation.csv')
      .split('\n')
      .slice(1, 4)
      .map((line) => line.split(',').slice(0, 6).join()),
    ['a?,SELECT 1,basic SQL,"",0,0', 'b?,NULL,unparsed,NULL,1,1', 'c?,007,unparsed,007,1,1'],
  );
  bench.write('p.jsonl', '{"id":9,"predicted_sql":"SELECT 1"}\n');
  await assert.rejects(bench.run(evaluate, inputs), { code: 'unknown-key', fault: 'user' });
  bench.write('p.jsonl', '{"id":1,"predicted_sql":"SELECT 1"}\n{"id":1,"predicted_sql":"SELECT 1"}\n');
  await assert.rejects(bench.run(evaluate, inputs), { code: 'duplicate-key' });
});

test('NULL, NA, None, nan and numbers come as they were written, and CRLF ends a row', async () => {
  using bench = new SqlBench();
  const words = ['NULL', 'NA', 'None', 'nan', 'null', '1e5', '007', '2026-01-01', 'true'];
  const predictions = bench.write('p.csv', `sql,pred\r\n${words.map((word) => `${word},${word}\r\n`).join('')}`);
  const { metric, file } = await bench.run(evaluate, { ...TASK, predictions });
  assert.deepEqual([metric('exact_match')?.value, metric('exact_match')?.n], [1, words.length]);
  const lines = file('evaluation.csv').trimEnd().split('\n').slice(1);
  assert.deepEqual(
    lines.map((line) => line.split(',').slice(1, 6).join()),
    words.map((word) => `${word},unparsed,${word},1,1`),
  );
});

test('without keys rows are joined by position, and their number must agree', async () => {
  using bench = new SqlBench();
  const rows = bench.write('rows.jsonl', '{"question":"a?","query":"SELECT 1"}\n{"question":"b?","query":"SELECT 2"}\n');
  const predictions = bench.write('p.csv', csv('pred', [['select 1'], ['SELECT 3']]));
  assert.equal((await bench.run(evaluate, { ...TASK, rows, predictions })).metric('exact_match')?.value, 0.5);
  const named = bench.write(
    'named.jsonl',
    '{"qid":"b","said":"SELECT 2","gold":"SELECT 2"}\n{"qid":"a","said":"SELECT 9","gold":"SELECT 1"}\n',
  );
  const truth = bench.write('truth.jsonl', '{"qid":"a","gold":"SELECT 1"}\n{"qid":"b","gold":"SELECT 2"}\n');
  const columns = { id: 'qid', expected: 'gold', predicted: 'said' };
  const joined = await bench.run(evaluate, { ...TASK, rows: truth, predictions: named, columns });
  assert.equal(joined.metric('exact_match')?.value, 0.5);
  assert.match((await bench.run(evaluate, { ...TASK, predictions: named, columns })).file('evaluation.csv'), /,SELECT 2,1,1,b,/);
  const comment = bench.write(
    'comment.csv',
    csv('sql,pred', [
      ['SELECT 1', 'SELECT 1 # one'],
      ['', 'SELECT 1'],
    ]),
  );
  for (const [dialect, value] of [
    ['mysql', 0.5],
    ['sqlite', 0],
  ] as const)
    assert.equal((await bench.run(evaluate, { ...TASK, predictions: comment, dialect })).metric('exact_match')?.value, value, dialect);
  assert.ok(bench.warnings.includes('empty-expected'));
  bench.write('p.csv', csv('pred', [['select 1']]));
  await assert.rejects(bench.run(evaluate, { ...TASK, rows, predictions }), { code: 'row-count', todo: /joined by position/ });
  await assert.rejects(
    bench.run(evaluate, { ...TASK, rows, predictions, columns: { predicted: 'nope' } }),
    /no column "nope"; there are pred/,
  );
});

const LONG = 'SELECT a, b, c FROM t WHERE x = 1 AND y = 2 ORDER BY a';
const sqlOf = (name: string): string => (name === 'right' ? LONG : name === 'near' ? `${LONG} DESC` : 'DELETE');
const side = (names: readonly string[]): string =>
  csv(
    'id,predicted_sql',
    names.map((name, i) => [String(i), sqlOf(name)]),
  );

test('a champion is beaten beyond noise, unless token F1 became worse by more than its usual margin', async () => {
  using bench = new SqlBench();
  const n = 200;
  const rows = bench.write(
    'rows.csv',
    csv(
      'id,sql',
      Array.from({ length: n }, (_, i) => [String(i), LONG]),
    ),
  );
  const of = (pick: (i: number) => string): string => side(Array.from({ length: n }, (_, i) => pick(i)));
  const champion = bench.write(
    'champion.csv',
    of((i) => (i % 2 === 0 ? 'right' : 'near')),
  );
  const inputs = { ...TASK, key: 'id', rows, 'champion-predictions': champion, 'champion-version': 3 };
  const compared = async (text: string) =>
    (await bench.run(evaluate, { ...inputs, predictions: bench.write('p.csv', text) })).result.comparison;

  const better = await compared(of((i) => (i % 8 === 0 ? 'near' : 'right')));
  assert.deepEqual([better?.verdict, better?.champion, better?.n], ['better', 3, n]);
  assert.deepEqual(
    better?.guards.map(({ metric, margin }) => [metric, margin]),
    [['f1_score', 0.01]],
  );
  assert.equal((await compared(of((i) => (i % 2 === 0 ? 'right' : i === 1 ? 'right' : 'near'))))?.verdict, 'not-better');
  const worse = await compared(of((i) => (i % 4 === 0 ? 'wrong' : 'right')));
  assert.deepEqual([worse?.verdict, worse?.reason?.code], ['not-better', 'guard']);
  const { result } = await bench.run(evaluate, { ...inputs, predictions: 'p.csv', guards: { jaccard: 1 } });
  assert.deepEqual(
    result.comparison?.guards.map(({ metric }) => metric),
    ['jaccard'],
    'named guards are all there are',
  );
});

test('SQL is run on the databases its rows name; all instances must agree', async () => {
  using bench = new SqlBench();
  for (const [path, values] of [
    ['shop/1.sqlite', '(1),(2)'],
    ['shop/2.sqlite', '(1),(2),(3)'],
    ['zoo.db', '(7)'],
  ] as const) {
    mkdirSync(join(bench.folder, 'dbs/shop'), { recursive: true });
    const database = new DatabaseSync(join(bench.folder, 'dbs', path));
    database.exec(`CREATE TABLE t (a INTEGER); INSERT INTO t VALUES ${values}`);
    database.close();
  }
  const pairs = [
    ['shop', 'SELECT a FROM t', 'select t.a from t'],
    ['shop', 'SELECT count(*) FROM t', 'SELECT 2'],
    ['zoo', 'SELECT a FROM t', 'SELECT 7'],
    ['zoo', 'SELECT nope FROM t', 'SELECT 7'],
    ['zoo', 'SELECT a FROM t', 'DROP TABLE t'],
    ['zoo', 'SELECT a FROM t', 'SELECT random()'],
  ];
  const predictions = bench.write('p.csv', csv('db_id,expected_sql,predicted_sql', pairs));
  const inputs = { ...TASK, predictions, execution: { databases: 'dbs' }, gates: { execution: '>= 0.5' } };
  const { result, metric, file } = await bench.run(evaluate, inputs);
  assert.deepEqual([metric('execution')?.value, metric('execution')?.n], [2 / 5, 5]);
  assert.equal(result.verdict.kind, 'failed');
  const reasons = file('evaluation.csv')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split(',').slice(-2).join());
  assert.deepEqual(reasons, ['1,equal', '0,different', '1,equal', ',gold-error', '0,refused', '0,different']);
  assert.deepEqual(bench.warnings, ['unsteady-sql', 'gold-error']);
  assert.deepEqual(result.tables?.[1]?.rows.length, 4);

  const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n';
  const turned = ['zoo', 'SELECT 1, a FROM t', 'SELECT a, 1 FROM t'];
  bench.write('p.csv', csv('db_id,expected_sql,predicted_sql', [turned, ['zoo', 'SELECT a FROM t', endless]]));
  for (const [rule, reason] of [
    ['strict', '0,different'],
    ['spider', '1,equal'],
    ['bird', '0,different'],
  ]) {
    const ran = await bench.run(evaluate, { ...TASK, predictions, execution: { databases: 'dbs', rule, deadline: '1s' } });
    assert.deepEqual(ran.file('evaluation.csv').match(/\d?,[a-z-]+$/gm), [reason, '0,timeout'], rule);
  }

  bench.write('p.csv', csv('db_id,expected_sql,predicted_sql', [['../shop', 'SELECT 1', 'SELECT 1']]));
  await assert.rejects(bench.run(evaluate, inputs), { code: 'no-database', fault: 'user' });
});

test("Spider's exact match and hardness equal the official verdicts of the sample", async () => {
  using bench = new SqlBench();
  const linesOf = (name: string) => readFileSync(join(FIXTURES, name), 'utf8').trimEnd().split('\n');
  const theirs = linesOf('spider-dev-predictions.jsonl').filter((line) => line.includes('"codes-7b-spider"'));
  const inputs = {
    ...TASK,
    key: 'idx',
    rows: join(FIXTURES, 'spider-dev.jsonl'),
    predictions: bench.write('p.jsonl', `${theirs.reverse().join('\n')}\n`),
    schemas: join(FIXTURES, 'spider-dev-schemas.json'),
    'exact-match': 'spider',
    complexity: 'spider',
  };
  const { metric, out, result } = await bench.run(evaluate, inputs);
  const components = result.tables?.find(({ name }) => name === 'spider-components');
  assert.deepEqual(components?.rows.find(([level, , component]) => level === 'all' && component === 'select')?.slice(0, 2), [
    'all',
    theirs.length,
  ]);
  const right = theirs.filter((line) => line.includes('"exact_set_match":1')).length;
  assert.equal(metric('exact_match')?.value, right / theirs.length);
  const { texts } = await readSqlRows(
    openData({ base: out, cache: out }),
    { predictions: 'evaluation.csv' },
    { signal: new AbortController().signal },
  );
  const hardness = linesOf('spider-dev.jsonl').map((line) => /"hardness":"(\w+)"/.exec(line)![1]);
  assert.deepEqual(
    texts.map(({ complexity }) => complexity),
    hardness,
  );
});

test('what one task needs and another cannot have is said before anything runs', async () => {
  using bench = new SqlBench();
  const predictions = bench.write('p.csv', csv('expected_sql,predicted_sql', [['SELECT 1', 'SELECT 1']]));
  const refused = (inputs: Record<string, unknown>, path: string) =>
    assert.rejects(bench.run(evaluate, { predictions, ...inputs }), { message: `refused: ${path}` });
  await refused({ task: 'classification', target: 'y', 'exact-match': 'string' }, 'exact-match');
  await refused({ task: 'regression' }, 'target');
  await refused({ ...TASK, 'exact-match': 'spider' }, 'exact-match');
  await refused({ ...TASK, gates: { execution: '>= 0.5' } }, 'gates');
  assert.deepEqual(evaluate.inputs.execution.parse({ databases: 'dbs' }), { databases: 'dbs', rule: 'strict', deadline: 10 });
});
