import { jensenShannon } from '../../statistics/distances.ts';
import { chiSquareFit } from '../../statistics/tests/chi-square.ts';
import { ksP } from '../../statistics/tests/ks.ts';
import { isTested } from '../../statistics/tests/tested.ts';
import { twoProportions } from '../../statistics/tests/two-by-two.ts';
import { varianceOf } from '../profile/moments.ts';
import type { NumericProfile } from '../profile-types.ts';
import type { Measured, Pair } from './column-drift.ts';
import { countUpTo, ksGapRange, wassersteinOf } from './distribution.ts';

const SMALL_REFERENCE = 1000;
const P_LIMIT = 0.05;
const DISTANCE_LIMIT = 0.1;
const CONTINUOUS_FROM = 6;
const SIGMA_MIN = 0.001;

/**
 * The default test that Evidently 0.7 picks, for figures that can be compared with an old system; missing values are left out.
 * Reference to 1,000 rows: KS above 5 different values, chi-square against the reference shares as if they were known for 3 to 5
 * (or categories above 2), a z test for 2; each at p .05, uncorrected. Above: Wasserstein over σ, or Jensen-Shannon, at 0.1.
 */
export function measureLikeEvidently(pair: Pair): Measured {
  const counts = pair.kind === 'categorical' ? categoryCounts(pair) : valueCounts(pair.reference, pair.current);
  const small = pair.reference.count <= SMALL_REFERENCE;
  if (pair.kind === 'numeric' && (counts === undefined || counts.length >= CONTINUOUS_FROM)) {
    const { reference, current } = pair;
    if (small) {
      const gap = ksGapRange(reference, current).low;
      const { p } = ksP(gap, reference.count, current.count);
      return { method: 'ks', distance: gap / (reference.count * current.count), limit: P_LIMIT, judgedBy: 'p', p };
    }
    const spread = Math.sqrt(varianceOf(reference.moments, 0) ?? 0);
    return {
      method: 'wasserstein',
      distance: wassersteinOf(reference, current) / Math.max(spread, SIGMA_MIN),
      limit: DISTANCE_LIMIT,
      judgedBy: 'distance',
    };
  }
  const bins = counts ?? [];
  const [reference, current] = [bins.map(([a]) => a), bins.map(([, b]) => b)];
  if (!small) return { method: 'js', distance: jensenShannon(reference, current), limit: DISTANCE_LIMIT, judgedBy: 'distance' };
  if (bins.length <= 2) return byShares(bins, pair.reference.count, pair.current.count);
  const known = reference.map((count) => (count * pair.current.count) / pair.reference.count);
  const unseen = known.some((expected, i) => expected === 0 && current[i]! > 0);
  const tested = chiSquareFit(current, known);
  const p = unseen || !isTested(tested) ? 0 : tested.p;
  return {
    method: 'chi2',
    distance: isTested(tested) ? tested.statistic : 0,
    limit: P_LIMIT,
    judgedBy: 'p',
    p,
    ...(unseen && { note: 'A value that the reference does not have.' }),
  };
}

function byShares(bins: readonly (readonly [number, number])[], n: number, m: number): Measured {
  const key = bins.at(-1) ?? [0, 0];
  const tested = twoProportions(key[0], n, key[1], m);
  return { method: 'z', distance: Math.abs(key[0] / n - key[1] / m), limit: P_LIMIT, judgedBy: 'p', p: isTested(tested) ? tested.p : 1 };
}

function categoryCounts({ reference, current }: Extract<Pair, { kind: 'categorical' }>): readonly (readonly [number, number])[] {
  const counts = new Map<string, [number, number]>(reference.values.map(({ value, count }) => [value, [count, 0]]));
  for (const { value, count } of current.values) {
    const known = counts.get(value);
    if (known) known[1] = count;
    else counts.set(value, [0, count]);
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, pair]) => pair);
}

/** Counts of each different value of both, or undefined when there are many. */
function valueCounts(reference: NumericProfile, current: NumericProfile): readonly (readonly [number, number])[] | undefined {
  if (!reference.distribution.complete || !current.distribution.complete) return undefined;
  const values = [...new Set([...reference.distribution.edges, ...current.distribution.edges])].sort((a, b) => a - b);
  if (values.length >= CONTINUOUS_FROM) return undefined;
  const at = (column: NumericProfile, x: number) => countUpTo(column, x, false).low - countUpTo(column, x, true).low;
  return values.map((x) => [at(reference, x), at(current, x)]);
}
