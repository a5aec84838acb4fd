import { wilson } from '../statistics/intervals/shares.ts';
import { sum } from '../statistics/numbers.ts';
import type { PairedShares } from '../statistics/paired/share-difference.ts';
import { meanMetric } from './mean-metric.ts';
import type { Metric, Task } from './metric.ts';
import { expectSameLength, notComparable } from './pairs.ts';
import { compareShares } from './share-comparison.ts';
import type { TextToSqlRows } from './text-to-sql-rows.ts';

const TASKS: readonly Task[] = ['text-to-sql'];

/** A share of rows: Wilson's interval; two models by their discordant rows. Rows without a score (NaN) are left out of n. */
function shareMetric(name: string, title: string, scoresOf: (rows: TextToSqlRows) => Float64Array | undefined): Metric<TextToSqlRows> {
  const counted = (rows: TextToSqlRows): Float64Array => (scoresOf(rows) ?? new Float64Array()).filter((score) => !Number.isNaN(score));
  const value: Metric<TextToSqlRows>['value'] = (rows) => {
    const scores = counted(rows);
    return scores.length === 0 ? { notComputable: 'empty', n: 0 } : { value: sum(scores) / scores.length, n: scores.length };
  };
  return {
    name,
    title,
    better: 'higher',
    tasks: TASKS,
    applies: (rows) => scoresOf(rows) !== undefined,
    value,
    async estimate(rows, options = {}) {
      const point = value(rows);
      if (!('value' in point)) return point;
      return { ...point, interval: wilson(Math.round(point.value * point.n), point.n, options.level) };
    },
    async compare(candidate, champion, options = {}) {
      expectSameLength(candidate, champion);
      const ours = value(candidate);
      const theirs = value(champion);
      const shares = pairedShares(scoresOf(candidate) ?? new Float64Array(), scoresOf(champion) ?? new Float64Array());
      if (!('value' in ours) || !('value' in theirs) || shares === undefined) return notComparable(ours, theirs, candidate.n);
      return compareShares(shares, options);
    },
  };
}

/** Over the rows both models have a score for; undefined when there are none. */
function pairedShares(candidate: Float64Array, champion: Float64Array): PairedShares | undefined {
  const counts = { both: 0, onlyFirst: 0, onlySecond: 0, neither: 0 };
  for (let i = 0; i < candidate.length; i++) {
    const [ours, theirs] = [candidate[i]!, champion[i]!];
    if (Number.isNaN(ours) || Number.isNaN(theirs)) continue;
    counts[ours === 1 ? (theirs === 1 ? 'both' : 'onlyFirst') : theirs === 1 ? 'onlySecond' : 'neither']++;
  }
  return counts.both + counts.onlyFirst + counts.onlySecond + counts.neither === 0 ? undefined : counts;
}

const range = { low: 0, high: 1 };
const meanOf = (name: string, title: string, values: (rows: TextToSqlRows) => Float64Array): Metric<TextToSqlRows> =>
  meanMetric<TextToSqlRows>({ name, title, better: 'higher', tasks: TASKS, range, values });

/** Metrics over scored rows; see docs/text-to-sql.md. `exact_match` and `f1_score` are the kinds that were chosen, the others are always the same. */
export const textToSqlMetrics: readonly Metric<TextToSqlRows>[] = [
  shareMetric('exact_match', 'Exact match', (rows) => rows.exactMatch),
  meanOf('f1_score', 'Token F1', (rows) => rows.f1),
  shareMetric('execution', 'Execution accuracy', ({ scores }) => scores.execution),
  shareMetric('exact_match_normalized', 'Exact match of normal forms', ({ scores }) => scores.exactMatchNormalized),
  shareMetric('exact_match_string', 'Exact match of texts', ({ scores }) => scores.exactMatchString),
  shareMetric('exact_match_spider', 'Exact set match (Spider)', ({ scores }) => scores.exactMatchSpider),
  meanOf('token_f1', 'F1 of token bags', ({ scores }) => scores.tokenF1),
  meanOf('jaccard', 'Jaccard index of token sets', ({ scores }) => scores.jaccard),
];
