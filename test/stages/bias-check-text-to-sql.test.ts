import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { biasCheck } from '../../src/stages/bias-check/stage.ts';
import { evaluate } from '../../src/stages/evaluate/stage.ts';
import { FIXTURES, SqlBench } from './sql-stage.ts';

const TASK = { task: 'text-to-sql' };
const REFERENCE = join(FIXTURES, 'reference-eval.csv');

test("the reference system's figures by bucket, from the file it leaves behind", async () => {
  using bench = new SqlBench();
  const { result, file, metric } = await bench.run(biasCheck, { ...TASK, predictions: REFERENCE });
  assert.deepEqual(result.verdict, { kind: 'passed' });
  const cells = file('per_bucket_complexity_eval.csv')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));
  assert.deepEqual(cells[0]!.slice(0, 5), ['sql_complexity', 'exact_match_mean', 'exact_match_count', 'f1_score_mean', 'f1_score_count']);
  assert.deepEqual(
    cells.slice(1).map(([label, exact, n, f1, again]) => [label, Number(exact).toFixed(4), n, Number(f1).toFixed(4), again]),
    [
      ['easy', '0.6210', '248', '0.9128', '248'],
      ['medium', '0.3453', '446', '0.7249', '446'],
      ['hard', '0.3103', '174', '0.6786', '174'],
      ['extra', '0.0181', '166', '0.5219', '166'],
    ],
  );
  assert.deepEqual(cells[0]!.slice(5), ['exact_match_low', 'exact_match_high', 'f1_score_low', 'f1_score_high', 'small']);
  // Wilson's interval of 3 of 166; the interval of F1 lies around its mean.
  assert.deepEqual(
    cells[4]!.slice(5, 7).map((cell) => Number(cell).toFixed(4)),
    ['0.0062', '0.0518'],
  );
  assert.ok(Number(cells[4]![7]) < 0.5219 && Number(cells[4]![8]) > 0.5219);
  assert.deepEqual(
    cells.slice(1).map((cell) => cell[9]),
    ['0', '0', '0', '0'],
  );
  assert.equal(
    file('sql_complexity_distribution.csv'),
    'sql_complexity,count,perc\nmedium,446,43.13\neasy,248,23.98\nhard,174,16.83\nextra,166,16.05\n',
  );
  // 154 + 154 of 694 simple queries are right, 54 + 3 of 340 complex ones.
  assert.equal(metric('gap')?.value?.toFixed(12), (308 / 694 - 57 / 340).toFixed(12));
  assert.equal(metric('gap')?.interval?.method, 'newcombe');
  assert.equal(metric('gap_f1_score')?.interval?.method, 'welch');
  assert.equal(metric('f1_score', 'sql_complexity=easy')?.n, 248);
  assert.deepEqual([result.outputs?.groups, result.outputs?.['too-few']], [4, 0]);
  assert.match(result.found, /^4 buckets of SQL; exact match simple − complex 0\.276 \[0\.2/);
});

test('scores of another kind than those in the file are made when asked for', async () => {
  using bench = new SqlBench();
  const { metric } = await bench.run(biasCheck, { ...TASK, predictions: REFERENCE, 'exact-match': 'normalized' });
  assert.equal(metric('exact_match', 'sql_complexity=easy')?.value, 183 / 248);
  assert.equal(metric('f1_score', 'sql_complexity=easy')?.value?.toFixed(6), '0.953273');
});

test('the gap is judged on its interval, and only where asked', async () => {
  using bench = new SqlBench();
  const verdict = async (gate: unknown) =>
    (await bench.run(biasCheck, { ...TASK, predictions: REFERENCE, gates: { gap: gate } })).result.verdict.kind;
  assert.equal(await verdict('<= 0.10'), 'failed');
  assert.equal(await verdict('<= 0.28'), 'incomparable');
  assert.equal(await verdict({ threshold: '<= 0.28' }), 'incomparable');
  assert.equal(await verdict({ threshold: '<= 0.28', judge: 'point' }), 'passed');
  assert.equal(await verdict('<= 0.40'), 'passed');
});

test('after evaluate its CSV is read: its labels, its scores', async () => {
  using bench = new SqlBench();
  const rows =
    'expected_sql,predicted_sql\nSELECT 1,select 1\n"SELECT count(*) FROM a, b WHERE a.x = b.x",SELECT 2\n"WITH q AS (SELECT 1) SELECT * FROM q",SELECT 3\n';
  const predictions = bench.write('p.csv', rows);
  const { out } = await bench.run(evaluate, { ...TASK, predictions });
  const { file, metric } = await bench.run(biasCheck, { ...TASK, predictions, evaluation: join(out, 'evaluation.csv') });
  const alone = await bench.run(biasCheck, { ...TASK, predictions });
  assert.equal(
    file('sql_complexity_distribution.csv'),
    'sql_complexity,count,perc\nCTEs,1,33.33\nbasic SQL,1,33.33\nsingle join,1,33.33\n',
  );
  for (const name of ['per_bucket_complexity_eval.csv', 'sql_complexity_distribution.csv']) assert.equal(file(name), alone.file(name));
  assert.equal(file('per_bucket_complexity_eval.csv').match(/,1$/gm)?.length, 3, 'small buckets are marked, not hidden');
  assert.equal(metric('gap')?.value, 0.5);
  const strict = await bench.run(evaluate, {
    ...TASK,
    predictions: bench.write('q.csv', rows.replace('select 1', 'select 1 ;')),
    'exact-match': 'string',
  });
  const theirs = await bench.run(biasCheck, { ...TASK, predictions, evaluation: join(strict.out, 'evaluation.csv') });
  assert.equal(theirs.metric('exact_match', 'sql_complexity=basic SQL')?.value, 0);
  assert.match(alone.result.found, /; too few rows in CTEs, basic SQL, single join$/);
});

test('schemes are never mixed: a column with holes stays the scheme, other labels have no gap until they are told', async () => {
  using bench = new SqlBench();
  const predictions = bench.write(
    'p.csv',
    'sql,pred,difficulty\nSELECT 1,SELECT 1,challenging\nSELECT 2,SELECT 2,\nSELECT 3,SELECT 4,simple\n',
  );
  const { result, file, metric } = await bench.run(biasCheck, { ...TASK, predictions, gates: { gap: '<= 0.1' } });
  assert.match(file('sql_complexity_distribution.csv'), /\n\(none\),1,33\.33\n/);
  assert.equal(metric('gap'), undefined);
  assert.deepEqual(
    [result.gates?.[0]?.verdict, result.gates?.[0]?.reason?.slice(0, 35)],
    ['failed', 'No gap: the labels are of no scheme'],
  );
  const groups = { simple: ['simple'], complex: ['moderate', 'challenging'] };
  assert.equal((await bench.run(biasCheck, { ...TASK, predictions, groups })).metric('gap')?.value, -1);
  const structure = await bench.run(biasCheck, { ...TASK, predictions, complexity: 'structure' });
  assert.equal(structure.file('sql_complexity_distribution.csv'), 'sql_complexity,count,perc\nbasic SQL,3,100\n');
  bench.write('p.csv', 'sql,pred,exact_match,f1_score\nSELECT 1,SELECT 1,1,1\nSELECT 1,SELECT 1,yes,1\n');
  await assert.rejects(bench.run(biasCheck, { ...TASK, predictions }), { code: 'bad-score', message: /found "yes"/ });
  bench.write('p.csv', 'sql,pred\nSELECT 1,SELECT 1\n');
  await assert.rejects(bench.run(biasCheck, { ...TASK, predictions, complexity: 'column' }), { code: 'no-column', fault: 'user' });
});

test('what one task needs and another cannot have is said before anything runs', async () => {
  using bench = new SqlBench();
  const refused = (inputs: Record<string, unknown>, paths: string) =>
    assert.rejects(bench.run(biasCheck, { predictions: REFERENCE, ...inputs }), { message: `refused: ${paths}` });
  await refused({ ...TASK, slices: ['a'] }, 'slices');
  await refused({ ...TASK, gates: { disparate_impact: '>= 0.8' } }, 'gates.disparate_impact');
  await refused({ task: 'classification', target: 'y', complexity: 'column', gates: { gap: '<= 0.1' } }, 'gates.gap, complexity');
  await refused({ task: 'regression' }, 'target');
});
