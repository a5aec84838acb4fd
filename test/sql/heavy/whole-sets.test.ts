import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { executionScorer } from '../../../src/metrics/text-to-sql-execution.ts';
import { openStructureReader } from '../../../src/providers/engines/approximate.ts';
import type { SqlEngine } from '../../../src/providers/engines/engine.ts';
import { openExecutions } from '../../../src/providers/engines/execution.ts';
import { openMysql } from '../../../src/providers/engines/mysql.ts';
import { openNodeSqlParser } from '../../../src/providers/engines/node-sql-parser.ts';
import { openPostgres } from '../../../src/providers/engines/postgres.ts';
import { openSqlite } from '../../../src/providers/engines/sqlite.ts';
import { startFromSources } from '../../../src/providers/engines/start.ts';
import { structureBucket } from '../../../src/sql/complexity.ts';
import { evaluateSpider, spiderHardness } from '../../../src/sql/spider/evaluate.ts';
import { readSpiderSchema, type SpiderSchemaEntry } from '../../../src/sql/spider/schema.ts';
import { buildDatabase, type DatabaseRow, scratchFolder } from '../../providers/engines/databases.ts';
import { isOdd, linesOf, missingWhole, type PredictionRow, root, type SpiderRow, type SyntaxRow, textOf } from '../samples.ts';

const missing = missingWhole();

interface Counts {
  trueValid: number;
  falseValid: number;
  trueInvalid: number;
  falseInvalid: number;
  notJudged: number;
}

function count(engine: SqlEngine, rows: readonly SyntaxRow[]): Counts & { readonly accuracy: number; readonly judgedShare: number } {
  const counts: Counts = { trueValid: 0, falseValid: 0, trueInvalid: 0, falseInvalid: 0, notJudged: 0 };
  for (const { sql, valid } of rows) {
    const { verdict } = engine.judge(sql);
    if (verdict === 'not judged') counts.notJudged++;
    else if (verdict === 'valid') counts[valid ? 'trueValid' : 'falseValid']++;
    else counts[valid ? 'falseInvalid' : 'trueInvalid']++;
  }
  const judged = rows.length - counts.notJudged;
  return { ...counts, accuracy: (counts.trueValid + counts.trueInvalid) / judged, judgedShare: judged / rows.length };
}

const SETS = {
  'model output': 'bird-mini-dev-predictions.jsonl',
  mutations: 'syntax-mutations.jsonl',
  corpus: 'syntax-corpus.jsonl',
} as const;
type SetName = keyof typeof SETS;
/** Valid taken as valid, valid refused, invalid refused, invalid taken as valid, not judged: whoever changes a rule changes the page too. */
const PUBLISHED_OF_MYSQL: Readonly<Record<SetName, readonly [number, number, number, number, number]>> = {
  'model output': [796, 0, 178, 2, 1],
  mutations: [629, 2, 650, 1, 0],
  corpus: [109, 6, 75, 5, 176],
};
/** So that no row gets lost on the way. */
const ROWS: Readonly<Record<SyntaxRow['dialect'], Readonly<Record<SetName, number>>>> = {
  sqlite: { 'model output': 2_000, mutations: 2_423, corpus: 392 },
  postgres: { 'model output': 2_000, mutations: 2_505, corpus: 1_465 },
  mysql: { 'model output': 2_000, mutations: 2_494, corpus: 721 },
};

/** Odd rows only for MySQL, whose rules were written on the even ones; every row for the databases' own parsers. */
function measured(engine: SqlEngine, dialect: SyntaxRow['dialect'], set: SetName, odd: boolean): ReturnType<typeof count> {
  const rows = linesOf<SyntaxRow>(SETS[set], 'whole').filter((row) => row.dialect === dialect && (!odd || isOdd(row.sql)));
  const counts = count(engine, rows);
  console.log(`${engine.name} (${engine.dialect}), ${set}${odd ? ', odd rows' : ''}: ${JSON.stringify(counts)}`);
  return counts;
}

/** Counts of a set of which every row is judged, and all but `but` of them rightly. */
function exactly(engine: SqlEngine, dialect: SyntaxRow['dialect'], set: SetName, but: Partial<Counts> = {}): void {
  const { trueValid, trueInvalid, falseValid, falseInvalid, notJudged } = measured(engine, dialect, set, false);
  assert.deepEqual({ falseValid, falseInvalid, notJudged }, { falseValid: 0, falseInvalid: 0, notJudged: 0, ...but }, set);
  assert.equal(trueValid + trueInvalid + falseValid + falseInvalid, ROWS[dialect][set], set);
}

if (missing === undefined) {
  test('SQLite: no row of any set judged wrongly', () => {
    const engine = openSqlite();
    for (const set of Object.keys(SETS) as SetName[]) exactly(engine, 'sqlite', set);
  });

  test('PostgreSQL: one row wrong of all sets, a FROM subquery without alias that PostgreSQL 16 and later accept', async () => {
    const engine = await openPostgres({ root });
    exactly(engine, 'postgres', 'model output', { falseValid: 1 });
    exactly(engine, 'postgres', 'mutations');
    exactly(engine, 'postgres', 'corpus');
  });

  test('MySQL (truth: MariaDB 10.11): at least 99 % of judged rows, at most 1 % of valid ones refused, never worse than node-sql-parser', async () => {
    const engine = await openMysql({ dialect: 'mariadb' }, { root });
    const other = (await openNodeSqlParser('mysql'))!;
    for (const set of ['model output', 'mutations'] as const) {
      const ours = measured(engine, 'mysql', set, true);
      const theirs = measured(other, 'mysql', set, true);
      assert.ok(ours.accuracy >= 0.99 && ours.judgedShare > 0.99, set);
      assert.ok(ours.falseInvalid / (ours.falseInvalid + ours.trueValid) <= 0.01, set);
      assert.ok(ours.accuracy >= theirs.accuracy, set);
    }
    const corpus = measured(engine, 'mysql', 'corpus', true);
    assert.ok(corpus.accuracy > 0.9 && corpus.judgedShare > 0.5);
    // The table of docs/text-to-sql.md, to the row.
    for (const [set, [trueValid, falseInvalid, trueInvalid, falseValid, notJudged]] of Object.entries(PUBLISHED_OF_MYSQL)) {
      const { accuracy, judgedShare, ...counts } = measured(engine, 'mysql', set as SetName, true);
      assert.deepEqual(counts, { trueValid, falseInvalid, trueInvalid, falseValid, notJudged }, set);
    }
  });

  test('MySQL as the database of SQLite-flavoured output: at least 98 %, in both flavours', async () => {
    const rows = linesOf<SyntaxRow>('mysql-from-sqlite-models.jsonl', 'whole');
    const mariadb = count(await openMysql({ dialect: 'mariadb' }, { root }), rows);
    const mysql8 = count(
      await openMysql({ dialect: 'mysql' }, { root }),
      rows.filter((row) => !row.mariadb_only),
    );
    console.log(`from SQLite models: ${JSON.stringify({ mariadb, mysql8 })}`);
    // At least 98 % is the target; tuned on these rows, every one is right.
    assert.deepEqual([mariadb.accuracy, mariadb.judgedShare, mysql8.accuracy, mysql8.judgedShare], [1, 1, 1, 1]);
  });

  test('approximate dialects: measured on GoogleSQL’s parser cases, claimed nowhere', async () => {
    const { openApproximate } = await import('../../../src/providers/engines/approximate.ts');
    const counts = count(await openApproximate('bigquery', { root }), linesOf<SyntaxRow>('googlesql-parser-cases.jsonl', 'whole'));
    console.log(`approximate (bigquery), GoogleSQL's cases: ${JSON.stringify(counts)}`);
    assert.ok(counts.accuracy > 0.5);
  });

  test('structure: every gold query of Spider and BIRD is read; two parsers agree where both can', async () => {
    const first = await openStructureReader('sqlite', { root });
    const second = (await openNodeSqlParser('sqlite'))!;
    const gold = [
      ...linesOf<SpiderRow>('spider-dev.jsonl', 'whole').map((row) => row.gold),
      ...linesOf<SyntaxRow>('bird-mini-dev-gold.jsonl', 'whole')
        .filter(({ dialect }) => dialect === 'sqlite')
        .map(({ sql }) => sql),
    ];
    let unlike = 0;
    let both = 0;
    for (const source of gold) {
      const one = first.features(source);
      assert.ok(one, source);
      const other = second.features(source);
      if (!other) continue;
      both++;
      if (structureBucket(one) !== structureBucket(other)) {
        unlike++;
        console.log(`${structureBucket(one)} | ${structureBucket(other)} | ${source}`);
      }
    }
    console.log(`structure: ${gold.length} read, ${both} by both, ${unlike} unlike`);
    assert.equal(unlike, 0);
  });

  test('Spider: exact match of 3,102 predictions and hardness of 1,034 queries, row by row as the official evaluator', () => {
    const schemas = new Map(
      (JSON.parse(textOf('spider-dev-schemas.json', 'whole')) as SpiderSchemaEntry[]).map((entry) => [
        entry.db_id,
        readSpiderSchema(entry),
      ]),
    );
    const gold = linesOf<SpiderRow>('spider-dev.jsonl', 'whole');
    for (const { gold: source, db_id, component1, component2, others, hardness } of gold)
      assert.deepEqual(spiderHardness(source, schemas.get(db_id)!), { component1, component2, others, hardness });
    const right: Record<string, number> = {};
    const predictions = linesOf<PredictionRow>('spider-dev-predictions.jsonl', 'whole');
    for (const { model, idx, db_id, pred, exact_set_match, pred_parse_error } of predictions) {
      const verdict = evaluateSpider(pred, gold[idx]!.gold, schemas.get(db_id)!);
      assert.ok('exact' in verdict);
      assert.equal(verdict.exact, exact_set_match, pred);
      assert.equal(verdict.predictionUnreadable !== undefined, pred_parse_error !== null, pred);
      right[model] = (right[model] ?? 0) + verdict.exact;
    }
    assert.equal(predictions.length, 3_102);
    assert.deepEqual(Object.values(right), [821, 621, 797]);
  });

  test('execution: the verdicts of both public rules and of the test suite on 3,102 predictions', async (context) => {
    using folder = scratchFolder();
    const pool = await openExecutions(startFromSources(root), { processes: 2 }, new AbortController().signal);
    context.after(() => pool.close());
    const instances = new Map<string, string[]>();
    for (const row of linesOf<DatabaseRow>('exec-dbs.jsonl', 'whole')) {
      const path = buildDatabase(join(folder.path, `${row.db_id}.${row.instance}.sqlite`), row);
      instances.set(row.db_id, [...(instances.get(row.db_id) ?? []), path]);
    }
    const gold = linesOf<SpiderRow>('spider-dev.jsonl', 'whole');
    const [spider, bird] = [executionScorer(pool.execute, 'spider'), executionScorer(pool.execute, 'bird')];
    const unlike: string[] = [];
    for (const row of linesOf<PredictionRow>('spider-dev-predictions.jsonl', 'whole')) {
      const databases = instances.get(row.db_id)!;
      const pair = { predicted: row.pred, expected: gold[row.idx]!.gold };
      const [one, suite, set] = await Promise.all([
        spider({ ...pair, databases: databases.slice(0, 1) }),
        spider({ ...pair, databases }),
        bird({ ...pair, databases: databases.slice(0, 1) }),
      ]);
      if (one.score !== row.exec_single || suite.score !== row.test_suite || set.score !== row.bird_ex)
        unlike.push(JSON.stringify([row.pred, gold[row.idx]!.gold, one, suite, set, row]));
    }
    assert.deepEqual(unlike, []);
    await pool.close();
  });
} else {
  before(() => assert.equal(process.env.CI, undefined));
  test('the whole labelled sets are proven where they are', () => assert.match(missing, /not there/));
}
