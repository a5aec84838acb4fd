import { BadInput } from '../tables/bad-input.ts';
import { byCodePoint } from '../tables/code-point-order.ts';
import type { Rows } from './metric.ts';

/** One judged query: what was found, by rank, and what there was to find. */
export interface RankedQuery {
  /** Relevance level of each result from the first rank on; NaN where it was not judged. */
  readonly levels: Float64Array;
  /** Levels of all judged documents, highest first. */
  readonly judged: Float64Array;
  /** Documents judged above 0. */
  readonly relevant: number;
}

export interface RankingRows extends Rows {
  readonly task: 'ranking';
  readonly queries: readonly RankedQuery[];
  /** Judged queries without any result; they score 0. */
  readonly withoutResults: number;
  /** Judged queries without a relevant document; they score 0. */
  readonly withoutRelevant: number;
  /** Queries with results that nobody judged; they are left out. */
  readonly unjudged: number;
}

export interface RankingInput {
  readonly judgements: { readonly query: ArrayLike<string>; readonly document: ArrayLike<string>; readonly level: ArrayLike<number> };
  readonly results: { readonly query: ArrayLike<string>; readonly document: ArrayLike<string>; readonly score: ArrayLike<number> };
}

/**
 * Ranks results by score, highest first, equal scores by document id in descending order of UTF-8 bytes (S14), and marks them with their
 * judgements. A document twice in a query, a score or level that is not finite: `BadInput` with its row.
 */
export function rankingRows({ judgements, results }: RankingInput): RankingRows {
  const levels = byQuery(judgements.query, judgements.document, judgements.level, 'judgements');
  const scores = byQuery(results.query, results.document, results.score, 'results');
  const queries = [...levels].map(([query, judged]) => rankQuery(judged, scores.get(query) ?? new Map()));
  return rankingRowsOf({
    queries,
    withoutResults: queries.filter((query) => query.levels.length === 0).length,
    withoutRelevant: queries.filter((query) => query.relevant === 0).length,
    unjudged: [...scores.keys()].filter((query) => !levels.has(query)).length,
  });
}

function rankingRowsOf(columns: Omit<RankingRows, 'task' | 'n' | 'take'>): RankingRows {
  return {
    ...columns,
    task: 'ranking',
    n: columns.queries.length,
    take: (positions) => rankingRowsOf({ ...columns, queries: Array.from(positions, (at) => columns.queries[at]!) }),
  };
}

function rankQuery(judged: ReadonlyMap<string, number>, scores: ReadonlyMap<string, number>): RankedQuery {
  const order = [...scores].sort(([a, x], [b, y]) => y - x || byCodePoint(b, a));
  return {
    levels: Float64Array.from(order, ([document]) => judged.get(document) ?? Number.NaN),
    judged: Float64Array.from(judged.values()).sort().reverse(),
    relevant: [...judged.values()].filter((level) => level > 0).length,
  };
}

function byQuery(
  queries: ArrayLike<string>,
  documents: ArrayLike<string>,
  figures: ArrayLike<number>,
  side: string,
): Map<string, Map<string, number>> {
  if (queries.length !== documents.length || queries.length !== figures.length)
    throw new BadInput(
      'wrong-length',
      `${side}: ${queries.length} queries, ${documents.length} documents and ${figures.length} figures should be as many.`,
    );
  const out = new Map<string, Map<string, number>>();
  for (let i = 0; i < queries.length; i++) {
    const [query, document, figure] = [queries[i]!, documents[i]!, figures[i]!];
    if (!Number.isFinite(figure))
      throw new BadInput('non-finite', `${side}: expected a finite number and found ${figure}.`, { row: i + 1 });
    let known = out.get(query);
    if (known === undefined) {
      known = new Map();
      out.set(query, known);
    }
    if (known.has(document))
      throw new BadInput(
        'duplicate-document',
        `${side}: document ${JSON.stringify(document)} occurs twice for query ${JSON.stringify(query)}.`,
        { row: i + 1 },
      );
    known.set(document, figure);
  }
  return out;
}
