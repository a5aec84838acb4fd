import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cosine,
  embeddingRows,
  findMetric,
  gradedSimilarity,
  type RankingRows,
  type Rows,
  rankingMetrics,
  rankingRows,
} from '../../src/metrics/index.ts';
import { close, golden } from './close.ts';

type Pairs = Record<string, Record<string, number>>;
const reference = golden('ranking') as { qrels: Pairs; run: Pairs; expected: Record<string, number> };
const columns = (pairs: Pairs): { query: string[]; document: string[]; figures: number[] } => {
  const rows = Object.entries(pairs).flatMap(([query, documents]) =>
    Object.entries(documents).map(([document, figure]) => ({ query, document, figure })),
  );
  return { query: rows.map((row) => row.query), document: rows.map((row) => row.document), figures: rows.map((row) => row.figure) };
};
const ranked = (qrels: Pairs, run: Pairs): RankingRows => {
  const [q, r] = [columns(qrels), columns(run)];
  return rankingRows({
    judgements: { query: q.query, document: q.document, level: q.figures },
    results: { query: r.query, document: r.document, score: r.figures },
  });
};
const value = (name: string, rows: Rows): number => {
  const estimate = findMetric(rows.task, name).value(rows);
  return 'value' in estimate ? estimate.value : Number.NaN;
};

const q1 = { qrels: { q1: { d1: 3, d2: 1, d4: 2 } }, run: { q1: { d2: 0.9, d3: 0.8, d1: 0.7, d5: 0.6, d4: 0.5 } } };

test('worked example: one query', () => {
  const rows = ranked(q1.qrels, q1.run);
  const expected = {
    ndcg_at_3: 0.525004989385,
    ndcg_at_10: 0.68748471255,
    ndcg_burges_at_3: 0.47909091486,
    map: 0.755555555556,
    mrr: 1,
    precision_at_3: 2 / 3,
    recall_at_3: 2 / 3,
    f1_at_3: 2 / 3,
    success_at_3: 1,
    r_precision: 2 / 3,
  };
  for (const [name, figure] of Object.entries(expected)) close(value(name, rows), figure, name, 2e-12);
});

test('worked example: two queries', () => {
  const rows = ranked({ ...q1.qrels, q2: { d7: 1 } }, { ...q1.run, q2: { d8: 2, d7: 1 } });
  close(value('ndcg_at_10', rows), 0.65920723306, '', 1e-11);
  close(value('map', rows), 0.627777777778, '', 1e-11);
  close(value('mrr', rows), 0.75);
});

test('metrics equal ranx on random rankings', () => {
  const rows = ranked(reference.qrels, reference.run);
  for (const [name, figure] of Object.entries(reference.expected)) close(value(name, rows), figure, name);
});

test('equal scores rank by document id, greater first; queries without results or relevant documents score 0 and are counted', () => {
  const rows = ranked({ a: { x: 1, y: 0 }, b: { x: 1 }, c: { x: 0 } }, { a: { x: 1, y: 1 }, c: { x: 1 }, z: { x: 1 } });
  close(value('mrr', rows), 1 / 6);
  assert.deepEqual([rows.n, rows.withoutResults, rows.withoutRelevant, rows.unjudged], [3, 1, 1, 1]);
});

test('bpref: judged non-relevant documents above a relevant one cost, unjudged ones do not', () => {
  const rows = ranked({ q: { a: 1, b: 1, n: 0, m: 0 } }, { q: { a: 5, u: 4, n: 3, b: 2 } });
  close(value('bpref', rows), (1 + (1 - 1 / 2)) / 2);
  close(value('hole_at_3', rows), 1 / 3);
  close(value('recall_capped_at_1', rows), 1);
});

test('a document twice in a query is refused with its row', () => {
  const judgements = { query: ['q', 'q'], document: ['d', 'd'], level: [1, 0] };
  const results = { query: ['q'], document: ['d'], score: [Number.NaN] };
  assert.throws(
    () => rankingRows({ judgements, results: { ...results, score: [1] } }),
    /row 2: judgements: document "d" occurs twice for query "q"/,
  );
  assert.throws(
    () => rankingRows({ judgements: { query: [], document: [], level: [] }, results }),
    /row 1: results: expected a finite number/,
  );
});

test('every listed metric of a ranking stays within its range and has an interval', async () => {
  const rows = ranked(reference.qrels, reference.run);
  for (const metric of rankingMetrics) {
    const found = await metric.estimate(rows);
    assert.ok('value' in found && found.interval !== undefined && found.value >= 0, metric.name);
  }
});

test('embeddings: rank of the partner among distinct candidates, equal cosines by id', async () => {
  close(cosine([1, 2, 2], [2, 1, 2]), 0.888888888889, '', 1e-11);
  const rows = await embeddingRows({
    texts: Float64Array.of(1, 0, 0, 1, 1, 1),
    candidates: Float64Array.of(1, 0, 0, 2, 3, 0),
    ids: ['a', 'b', 'c'],
    partners: [0, 1, 0],
    dimensions: 2,
  });
  // The first text is as near to `a` as to `c`, whose id is greater.
  assert.deepEqual([...rows.ranks], [2, 1, 3]);
  close(value('recall_at_1', rows), 1 / 3);
  close(value('recall_at_2', rows), 2 / 3);
  close(value('mrr', rows), (1 / 2 + 1 + 1 / 3) / 3);
  close(value('cosine', rows), (2 + Math.SQRT1_2) / 3);
  const graded = gradedSimilarity(Float64Array.of(0.1, 0.5, 0.9, 0.7), Float64Array.of(1, 2, 4, 3));
  close('value' in graded ? graded.value : Number.NaN, 1);
});

test('embeddings: a zero vector makes cosines not computable and ranks last', async () => {
  const input = {
    texts: Float64Array.of(0, 0, 1, 0),
    candidates: Float64Array.of(1, 0, 0, 1),
    ids: ['a', 'b'],
    partners: [0, 0],
    dimensions: 2,
  };
  const rows = await embeddingRows(input);
  assert.deepEqual(findMetric('embedding', 'cosine').value(rows), { notComputable: 'zero-denominator', n: 2 });
  assert.deepEqual([...rows.ranks], [2, 1]);
  await assert.rejects(embeddingRows({ ...input, partners: [0, 5] }), /row 2: expected a candidate 0…1 and found 5/);
  await assert.rejects(embeddingRows({ ...input, ids: ['a', 'a'] }), /an id occurs twice/);
  await assert.rejects(embeddingRows(input, { signal: AbortSignal.abort() }), { name: 'AbortError' });
});
