import { meanMetric } from './mean-metric.ts';
import type { Metric } from './metric.ts';
import type { RankedQuery, RankingRows } from './ranking-rows.ts';

type QueryScore = (query: RankedQuery, k: number) => number;

const isRelevant = (level: number): boolean => level > 0;

/** Σ gain/log₂(rank + 1) over the first k. */
function discounted(levels: Float64Array, k: number, gain: (level: number) => number): number {
  let total = 0;
  for (let rank = 0; rank < Math.min(k, levels.length); rank++) {
    const level = levels[rank]!;
    if (level > 0) total += gain(level) / Math.log2(rank + 2);
  }
  return total;
}

/** Discounted gain over that of the best possible order of all judged documents. */
export function ndcg(query: RankedQuery, k: number, gain: (level: number) => number = (level) => level): number {
  const ideal = discounted(query.judged, k, gain);
  return ideal === 0 ? 0 : discounted(query.levels, k, gain) / ideal;
}

function hits({ levels }: RankedQuery, k: number): number {
  let count = 0;
  for (let rank = 0; rank < Math.min(k, levels.length); rank++) if (isRelevant(levels[rank]!)) count++;
  return count;
}

/** Precision at each relevant rank up to k, summed, over the relevant documents there are. */
function averagePrecisionOf({ levels, relevant }: RankedQuery, k: number): number {
  let found = 0;
  let total = 0;
  for (let rank = 0; rank < Math.min(k, levels.length); rank++) {
    if (!isRelevant(levels[rank]!)) continue;
    found++;
    total += found / (rank + 1);
  }
  return relevant === 0 ? 0 : total / relevant;
}

function reciprocalRank({ levels }: RankedQuery, k: number): number {
  for (let rank = 0; rank < Math.min(k, levels.length); rank++) if (isRelevant(levels[rank]!)) return 1 / (rank + 1);
  return 0;
}

/** Relevant results, each less the share of judged non-relevant ones above it. */
function bpref({ levels, judged, relevant }: RankedQuery): number {
  const others = judged.length - relevant;
  let above = 0;
  let total = 0;
  for (const level of levels) {
    if (Number.isNaN(level)) continue;
    if (!isRelevant(level)) above++;
    else total += above === 0 ? 1 : 1 - Math.min(above, relevant) / Math.min(relevant, others);
  }
  return relevant === 0 ? 0 : total / relevant;
}

const over = (part: number, all: number): number => (all === 0 ? 0 : part / all);
const harmonic = (a: number, b: number): number => (a + b === 0 ? 0 : (2 * a * b) / (a + b));

/** Scores within the first k results; `NAME_at_K` for any K. */
const AT_K: Readonly<Record<string, { readonly title: string; readonly of: QueryScore }>> = {
  ndcg: { title: 'nDCG', of: (query, k) => ndcg(query, k) },
  ndcg_burges: { title: 'nDCG with gain 2^level - 1', of: (query, k) => ndcg(query, k, (level) => 2 ** level - 1) },
  map: { title: 'Mean average precision', of: averagePrecisionOf },
  mrr: { title: 'Mean reciprocal rank', of: reciprocalRank },
  precision: { title: 'Precision', of: (query, k) => hits(query, k) / k },
  recall: { title: 'Recall', of: (query, k) => over(hits(query, k), query.relevant) },
  f1: { title: 'F1', of: (query, k) => harmonic(hits(query, k) / k, over(hits(query, k), query.relevant)) },
  success: { title: 'Success', of: (query, k) => Number(hits(query, k) > 0) },
  recall_capped: { title: 'Recall of what fits', of: (query, k) => over(hits(query, k), Math.min(query.relevant, k)) },
  hole: { title: 'Unjudged results', of: ({ levels }, k) => levels.subarray(0, k).filter(Number.isNaN).length / k },
  hits: { title: 'Relevant results', of: hits },
};
const LOWER_OR_NONE: Readonly<Record<string, 'lower' | 'none'>> = { hole: 'none' };

const metric = (name: string, title: string, of: (query: RankedQuery) => number): Metric<RankingRows> =>
  meanMetric<RankingRows>({
    name,
    title,
    better: LOWER_OR_NONE[name.split('_at_')[0]!] ?? 'higher',
    tasks: ['ranking'],
    range: { low: 0, high: name.startsWith('hits') ? Number.POSITIVE_INFINITY : 1 },
    share: name.startsWith('success'),
    values: ({ queries }) => Float64Array.from(queries, of),
  });

/** `ndcg_at_10` and its like, for any K from 1 on; undefined for other names. */
export function rankingMetricAt(name: string): Metric<RankingRows> | undefined {
  const parts = /^([a-z0-9_]+)_at_([1-9][0-9]{0,5})$/.exec(name);
  const family = parts === null ? undefined : AT_K[parts[1]!];
  if (parts === null || family === undefined) return undefined;
  const k = Number(parts[2]);
  return metric(name, `${family.title} at ${k}`, (query) => family.of(query, k));
}

const EVERY = Number.POSITIVE_INFINITY;

/** Metrics of a ranking that the catalogue lists; others at any K are made when asked for. Means over judged queries. */
export const rankingMetrics: readonly Metric<RankingRows>[] = [
  metric('ndcg', 'nDCG', (query) => ndcg(query, EVERY)),
  metric('map', 'Mean average precision', (query) => averagePrecisionOf(query, EVERY)),
  metric('mrr', 'Mean reciprocal rank', (query) => reciprocalRank(query, EVERY)),
  metric('r_precision', 'R-precision', (query) => over(hits(query, query.relevant), query.relevant)),
  metric('bpref', 'bpref', bpref),
  metric('set_f1', 'F1 of the whole result', (query) =>
    harmonic(over(hits(query, EVERY), query.levels.length), over(hits(query, EVERY), query.relevant)),
  ),
  ...Object.keys(AT_K).flatMap((family) => [1, 3, 5, 10, 100].map((k) => rankingMetricAt(`${family}_at_${k}`)!)),
];
