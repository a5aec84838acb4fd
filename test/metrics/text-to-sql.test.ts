import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { findMetric, metricsOf, primaryOf } from '../../src/metrics/catalogue.ts';
import { readBucketFile } from '../../src/metrics/read-bucket-file.ts';
import { bucketsOf, complexityGap, NO_LABEL, scoreEstimate } from '../../src/metrics/text-to-sql-buckets.ts';
import { bucketFile, csvLine, distributionFile, evaluationFile } from '../../src/metrics/text-to-sql-files.ts';
import { exactMatchString, jaccard, tokenScores } from '../../src/metrics/text-to-sql-match.ts';
import { scoreTextToSql, spiderVerdicts, type TextToSqlPair } from '../../src/metrics/text-to-sql-rows.ts';
import { spiderComponents } from '../../src/metrics/text-to-sql-spider.ts';
import { SYNTAX_COLUMNS, SyntaxCounts, syntaxBucketFile, syntaxLine } from '../../src/metrics/text-to-sql-syntax.ts';
import { lexisOf } from '../../src/sql/dialect.ts';
import { readSpiderSchema, type SpiderSchemaEntry } from '../../src/sql/spider/schema.ts';
import { invalid, notJudged } from '../../src/sql/verdict.ts';
import { isComputed } from '../../src/statistics/estimate.ts';
import { openTable } from '../../src/tables/open-table.ts';
import { linesOf, type PredictionRow, type SpiderRow, textOf } from '../sql/samples.ts';

const lexis = lexisOf('sqlite');
const near = (actual: number, expected: number): void => assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`);

/** predicted, expected, string, normalised, Jaccard, bag F1 */
const WORKED: readonly (readonly [string, string, number, number, number, number])[] = [
  ['SELECT name FROM t WHERE a = 1;', 'select name from t where a = 1', 0, 1, 8 / 9, 1],
  ['SELECT name,salary FROM emp WHERE salary>50000', 'SELECT name , salary FROM emp WHERE salary > 50000', 0, 1, 7 / 10, 1],
  ['SELECT a, a FROM t', 'SELECT a FROM t', 0, 0, 4 / 5, 8 / 10],
  ["SELECT Name FROM t WHERE c = 'Bonn'", "select name from t where c = 'bonn'", 1, 0, 1, 7 / 8],
  ['', 'SELECT 1', 0, 0, 0, 0],
  ['SELECT 1', '', 0, 0, 1, 0],
  ['', '', 1, 1, 1, 1],
];

test('exact match and token F1 of each kind on worked pairs', () => {
  for (const [predicted, expected, text, normal, index, f1] of WORKED) {
    const tokens = tokenScores(predicted, expected, lexis);
    assert.equal(exactMatchString(predicted, expected), text, predicted);
    assert.equal(tokens.exactMatchNormalized, normal, predicted);
    near(jaccard(predicted, expected), index);
    near(tokens.tokenF1, f1);
  }
});

test('blanks are cut as Python cuts them', () => {
  assert.equal(exactMatchString('\x1c\x85 select 1\u2028', 'SELECT 1'), 1);
  assert.equal(exactMatchString('\ufeffselect 1', 'select 1'), 0);
});

async function referenceRows(): Promise<{ pairs: TextToSqlPair[]; labels: string[]; exact: number[]; f1: number[] }> {
  const path = join(resolve(import.meta.dirname, '../..'), 'test/fixtures/text-to-sql/reference-eval.csv');
  const table = await openTable(path, { types: { expected_sql: 'text', predicted_sql: 'text', sql_complexity: 'text' } });
  const pairs: TextToSqlPair[] = [];
  const labels: string[] = [];
  const exact: number[] = [];
  const f1: number[] = [];
  for await (const batch of table.batches({ columns: ['expected_sql', 'predicted_sql', 'sql_complexity', 'exact_match', 'f1_score'] })) {
    const [gold, ours, label, em, jac] = batch.columns;
    const text = (column: typeof gold, row: number): string =>
      column?.kind === 'text' ? (column.dictionary[column.codes[row]!] ?? '') : '';
    for (let row = 0; row < batch.rows; row++) {
      pairs.push({ expected: text(gold, row), predicted: text(ours, row) });
      labels.push(text(label, row));
      if (em?.kind === 'number' && jac?.kind === 'number') {
        exact.push(em.values[row]!);
        f1.push(jac.values[row]!);
      }
    }
  }
  return { pairs, labels, exact, f1 };
}

test('the reference system’s own evaluation file: every row, the means, and the buckets', async () => {
  const { pairs, labels, exact, f1 } = await referenceRows();
  const rows = scoreTextToSql(pairs, { exactMatch: 'string', tokenF1: 'jaccard' });
  assert.equal(rows.n, 1034);
  assert.deepEqual([...rows.exactMatch], exact);
  for (const [row, value] of rows.f1.entries()) assert.ok(Math.abs(value - f1[row]!) < 1e-6, `row ${row}`);
  const em = findMetric('text-to-sql', 'exact_match').value(rows);
  assert.ok(isComputed(em));
  assert.equal(Math.round(em.value * em.n), 365);
  const files = [...bucketFile(labels, rows).rows].map(([label, a, n, b]) => [label, n, Number(a).toFixed(4), Number(b).toFixed(4)]);
  assert.deepEqual(files, [
    ['easy', 248, '0.6210', '0.9128'],
    ['medium', 446, '0.3453', '0.7249'],
    ['hard', 174, '0.3103', '0.6786'],
    ['extra', 166, '0.0181', '0.5219'],
  ]);
  const ours = scoreTextToSql(pairs);
  assert.equal(
    ours.exactMatch.reduce((a, b) => a + b),
    423,
  );
  assert.equal((ours.f1.reduce((a, b) => a + b) / 1034).toFixed(4), '0.8346');
});

test('metrics: Wilson for shares, t for means; the chosen kinds; rows without an execution score are left out', async () => {
  const pairs = WORKED.slice(0, 4).map(([predicted, expected]) => ({ predicted, expected }));
  const execution = [
    { score: 1, reason: 'equal' },
    { score: 0, reason: 'error' },
    { score: undefined, reason: 'gold-error' },
    { score: 1, reason: 'equal' },
  ] as const;
  const rows = scoreTextToSql(pairs, { execution });
  assert.equal(primaryOf(rows), 'exact_match');
  assert.deepEqual(
    metricsOf(rows).map(({ name }) => name),
    ['exact_match', 'f1_score', 'execution'],
  );
  const exact = await findMetric('text-to-sql', 'exact_match').estimate(rows);
  assert.ok(isComputed(exact));
  assert.deepEqual([exact.value, exact.n, exact.interval?.method], [0.5, 4, 'wilson']);
  const ran = findMetric('text-to-sql', 'execution').value(rows);
  assert.deepEqual(ran, { value: 2 / 3, n: 3 });
  const f1 = await findMetric('text-to-sql', 'f1_score').estimate(rows);
  assert.ok(isComputed(f1) && f1.interval?.method === 't');
  assert.deepEqual(findMetric('text-to-sql', 'exact_match_string').value(rows), { value: 0.25, n: 4 });
  assert.equal(findMetric('text-to-sql', 'exact_match_spider').applies(rows), false);
  const half = rows.take(Uint32Array.of(0, 1));
  assert.deepEqual([half.n, findMetric('text-to-sql', 'exact_match').value(half)], [2, { value: 1, n: 2 }]);
});

test('two models on the same rows: discordant rows decide exact match, paired differences F1', async () => {
  const gold = Array.from({ length: 60 }, (_, i) => `SELECT a${i} FROM t`);
  const model = (right: (i: number) => boolean) =>
    scoreTextToSql(gold.map((expected, i) => ({ expected, predicted: right(i) ? expected : 'SELECT b FROM t' })));
  const compared = await findMetric('text-to-sql', 'exact_match').compare!(
    model((i) => i < 45),
    model((i) => i >= 30),
  );
  assert.ok('difference' in compared);
  near(compared.difference, 0.25);
  assert.deepEqual(compared.discordant, { candidateOnly: 30, championOnly: 15 });
  const f1 = await findMetric('text-to-sql', 'f1_score').compare!(
    model((i) => i < 45),
    model((i) => i >= 30),
  );
  assert.ok('difference' in f1 && f1.test === 'paired-t' && f1.difference > 0);
});

test('exact-match: spider needs schemas and a readable expected query; the row is named', () => {
  const entries = JSON.parse(textOf('spider-dev-schemas.json', 'samples')) as SpiderSchemaEntry[];
  const schemas = new Map(entries.map((entry) => [entry.db_id, readSpiderSchema(entry)]));
  const gold = new Map(linesOf<SpiderRow>('spider-dev.jsonl', 'samples').map((row) => [row.idx, row]));
  const rows = linesOf<PredictionRow>('spider-dev-predictions.jsonl', 'samples');
  const scored = scoreTextToSql(
    rows.map(({ idx, pred }) => ({ expected: gold.get(idx)!.gold, predicted: pred })),
    { exactMatch: 'spider', schemaOf: (row) => schemas.get(rows[row]!.db_id) },
  );
  assert.deepEqual(
    [...scored.exactMatch],
    rows.map(({ exact_set_match }) => exact_set_match),
  );
  const pair = [{ expected: 'SELECT a FROM t WHERE b IS NULL', predicted: '' }];
  assert.throws(() => scoreTextToSql(pair, { exactMatch: 'spider' }), { code: 'spider-schema' });
  assert.throws(() => scoreTextToSql(pair, { exactMatch: 'spider', schemaOf: () => [...schemas.values()][0] }), {
    code: 'spider-gold',
    message: /row 1: .*outside Spider's grammar/,
  });
});

test('Spider’s components by hardness: precision of what was predicted, recall of what was expected, F1 1 where neither is met', () => {
  const entries = JSON.parse(textOf('spider-dev-schemas.json', 'samples')) as SpiderSchemaEntry[];
  const schema = readSpiderSchema(entries.find(({ db_id }) => db_id === 'concert_singer')!);
  const pair = (expected: string, predicted: string) => ({ expected, predicted });
  const verdicts = spiderVerdicts(
    [
      pair('SELECT name FROM singer WHERE age > 3', 'SELECT name FROM singer WHERE age > 3'),
      pair('SELECT name FROM singer WHERE age > 3', 'SELECT country FROM singer'),
      pair('SELECT name FROM singer', 'SELECT name FROM singer WHERE age > 3'),
      pair('SELECT name , age FROM singer', 'SELECT name FROM'),
    ],
    () => schema,
  );
  const of = (level: string, component: string) => {
    const { rows, precision, recall, f1 } = spiderComponents(verdicts).find((row) => row.level === level && row.component === component)!;
    return [rows, ...[precision, recall, f1].map((value) => Number(value.toFixed(12)))];
  };
  assert.deepEqual(of('all', 'where'), [4, 1 / 2, 1 / 2, 1 / 2]);
  assert.deepEqual(of('all', 'select'), [4, 0.666666666667, 0.5, 0.571428571429]);
  assert.deepEqual(of('easy', 'select'), [3, 0.666666666667, 0.666666666667, 0.666666666667]);
  assert.deepEqual(of('medium', 'select'), [1, 0, 0, 1]);
  assert.deepEqual(of('hard', 'order'), [0, 0, 0, 1]);
  assert.equal(spiderComponents(verdicts).length, 50);
});

test('per_bucket_complexity_eval.csv is read with our header and with pandas’ three lines', () => {
  const scores = { exactMatch: Float64Array.of(1, 0, 1), f1: Float64Array.of(1, 0.5, 1) };
  const { header, rows } = bucketFile(['set, operations', 'set, operations', 'basic SQL'], scores);
  const ours = readBucketFile([header, ...rows].map(csvLine).join(''));
  const expected = [
    { label: 'basic SQL', exactMatch: { mean: 1, count: 1 }, f1: { mean: 1, count: 1 } },
    { label: 'set, operations', exactMatch: { mean: 0.5, count: 2 }, f1: { mean: 0.75, count: 2 } },
  ];
  assert.deepEqual(ours, expected);
  const pandas = `,exact_match,exact_match,f1_score,f1_score\r\n,mean,count,mean,count\r\nsql_complexity,,,,\r\nbasic SQL,1.0,1,1.0,1\r\n"set, operations",0.5,2,0.75,2\r\n`;
  assert.deepEqual(readBucketFile(pandas), expected);
  assert.throws(() => readBucketFile('sql_complexity,n\na,1\n'), { code: 'no-column' });
  assert.throws(() => readBucketFile(pandas.replace('0.75', '')), { code: 'bad-number', message: /row 5/ });
});

test('the gap simple − complex: Newcombe for shares, Welch for means, nothing for labels nobody knows', () => {
  const labels = ['easy', 'easy', 'medium', 'hard', 'extra', 'extra', undefined, 'odd'];
  const scores = Float64Array.of(1, 1, 0, 0, 1, 0, 1, 1);
  const share = complexityGap(labels, scores, 'share');
  assert.ok('gap' in share);
  near(share.gap, 2 / 3 - 1 / 3);
  assert.equal(share.interval?.method, 'newcombe');
  assert.deepEqual([share.simple.n, share.complex.n], [3, 3]);
  const mean = complexityGap(labels, scores, 'mean');
  assert.ok('gap' in mean && mean.interval?.method === 'welch');
  // Welch by hand: both sides s² = 1/3, n = 3, freedom 4, t = 2.776445, half = t·√(2/9), clipped at 1.
  near(mean.interval!.high, 1);
  assert.ok(Math.abs(mean.interval!.low - (1 / 3 - 2.7764451 * Math.sqrt(2 / 9))) < 1e-6);
  assert.deepEqual(complexityGap(['a', 'b'], Float64Array.of(1, 0), 'share'), { notComputable: 'no-groups' });
  assert.deepEqual(complexityGap(['easy'], Float64Array.of(1), 'share'), { notComputable: 'one-group' });
  const own = complexityGap(['a', 'b'], Float64Array.of(1, 0), 'share', { groups: { simple: ['a'], complex: ['b'] } });
  assert.ok('gap' in own && own.gap === 1);
});

test('buckets keep rows without a label; the distribution has per cent with two decimals', () => {
  const labels = ['a', undefined, 'b', 'a', '', 'a'];
  assert.deepEqual(
    bucketsOf(labels).map(({ label, rows }) => [label, ...rows]),
    [
      ['a', 0, 3, 5],
      [NO_LABEL, 1, 4],
      ['b', 2],
    ],
  );
  const { header, rows } = distributionFile(labels);
  assert.deepEqual(
    [header, ...rows],
    [
      ['sql_complexity', 'count', 'perc'],
      ['a', 3, 50],
      [NO_LABEL, 2, 33.33],
      ['b', 1, 16.67],
    ],
  );
  assert.deepEqual(scoreEstimate(Float64Array.of(Number.NaN), 'share'), { notComputable: 'empty', n: 0 });
});

test('the evaluation file begins with the reference system’s six columns; text stays as it is', () => {
  const rows = scoreTextToSql([{ expected: 'SELECT 1', predicted: 'NULL' }]);
  const file = evaluationFile([{ id: '7', inputText: '=1+1', expected: 'SELECT 1', complexity: undefined, predicted: 'NULL' }], rows, [
    { score: 0, reason: 'refused' },
  ]);
  assert.deepEqual(file.header, [
    'input_text',
    'expected_sql',
    'sql_complexity',
    'predicted_sql',
    'exact_match',
    'f1_score',
    'id',
    'exact_match_string',
    'exact_match_normalized',
    'token_f1',
    'jaccard',
    'execution',
    'execution_reason',
  ]);
  assert.deepEqual([...file.rows], [['=1+1', 'SELECT 1', undefined, 'NULL', 0, 0, '7', 0, 0, 0, 0, 0, 'refused']]);
});

test('syntax: valid among judged, what clean-up would mend, rows not judged apart; both files', () => {
  const source = '```sql\nSELECT 1\n```';
  const rows = [
    { complexity: 'easy', predicted: 'SELECT 1', verdict: { verdict: 'valid', statements: 1 } as const },
    {
      complexity: 'easy',
      predicted: source,
      verdict: invalid('syntax', 'near "```"', source, 0),
      looksLike: 'fence' as const,
      validAfterCleanup: true,
    },
    { complexity: 'hard', predicted: 'x\ud800', verdict: notJudged('timeout', 'No answer.') },
  ];
  const counts = new SyntaxCounts();
  for (const row of rows) counts.add(row);
  const rate = counts.rate();
  assert.ok(isComputed(rate.validity) && isComputed(rate.afterCleanup));
  assert.deepEqual([rate.rows, rate.judged, rate.validity.value, rate.afterCleanup.value], [3, 2, 0.5, 1]);
  const lines = rows.map((row) => syntaxLine(row, { dialect: 'sqlite', engine: 'sqlite', engineVersion: 'SQLite 3' }));
  assert.ok(lines.every((line) => line.length === SYNTAX_COLUMNS.length));
  assert.deepEqual(lines[0]!.slice(1, 5), ['easy', 'SELECT 1', 1, 'valid']);
  assert.deepEqual(lines[0]!.slice(13), [1, undefined, 'sqlite', 'sqlite', 'SQLite 3']);
  assert.deepEqual(lines[1]!.slice(3, 13), [0, 'invalid', 'syntax', 'near "```"', 1, 1, 0, '```sql', 'fence', 1]);
  assert.deepEqual(lines[2]!.slice(2, 6), ['x\ufffd', undefined, 'not judged', 'timeout']);
  assert.deepEqual(
    [...syntaxBucketFile(counts).rows].map((line) => line.slice(0, 4)),
    [
      ['easy', 0.5, 2, 2],
      ['hard', undefined, 1, 0],
    ],
  );
  assert.equal(csvLine(['a', '', undefined, 'x"y,\nz', 0.5]), 'a,"",,"x""y,\nz",0.5\n');
});
