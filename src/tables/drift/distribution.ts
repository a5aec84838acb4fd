import type { Edges } from '../profile-types.ts';

/** Numbers of values that are known to lie within bounds; equal when exact. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** Index of the last edge ≤ x, -1 when there is none. */
function lastAtMost(edges: Float64Array, x: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (edges[middle]! <= x) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** A column as its distribution. */
export interface Sample {
  readonly distribution: Edges;
  readonly count: number;
  readonly min?: number;
  readonly max?: number;
}

/** Number of values ≤ x (or < x), as far as the edges tell. */
export function countUpTo({ distribution, count, min, max }: Sample, x: number, strictly: boolean): Range {
  const { edges, below, atOrBelow, complete } = distribution;
  const at = lastAtMost(edges, x);
  if (at >= 0 && edges[at] === x) {
    const known = strictly ? below[at]! : atOrBelow[at]!;
    return { low: known, high: known };
  }
  const low = at < 0 ? 0 : atOrBelow[at]!;
  if (complete) return { low, high: low };
  // Counted on the edges of another column: values may lie outside them.
  if (min !== undefined && (x < min || (strictly && x === min))) return { low: 0, high: 0 };
  if (max !== undefined && (x > max || (!strictly && x === max))) return { low: count, high: count };
  return { low, high: at + 1 < edges.length ? below[at + 1]! : count };
}

/** Element of a rank (1 = smallest) of the sorted column; exact for the ranks ⌈n·i/10,000⌉. The column must not be empty. */
export function elementAt({ edges, atOrBelow }: Edges, rank: number): number {
  let low = 0;
  let high = edges.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (atOrBelow[middle]! >= rank) high = middle;
    else low = middle + 1;
  }
  return edges[low]!;
}

/** All edges and ends of both, rising, each once. */
function pointsOf(reference: Sample, current: Sample): Float64Array {
  const edges = pooledEdges(reference.distribution.edges, current.distribution.edges);
  const ends = [reference.min, reference.max, current.min, current.max].filter((end) => end !== undefined).sort((x, y) => x - y);
  return pooledEdges(edges, Float64Array.from(new Set(ends)));
}

function pooledEdges(a: Float64Array, b: Float64Array): Float64Array {
  const pooled = new Float64Array(a.length + b.length);
  let [i, j, n] = [0, 0, 0];
  while (i < a.length || j < b.length) {
    const x = i === a.length ? b[j]! : j === b.length ? a[i]! : Math.min(a[i]!, b[j]!);
    if (a[i] === x) i++;
    if (b[j] === x) j++;
    pooled[n++] = x;
  }
  return pooled.subarray(0, n);
}

/**
 * Bounds of D·n·m, D = max abs(F - G): equal when both columns have at most 10,000 different values or were counted on the same edges
 * that hold all of one of them. The bounds widen by the rank error of a sketch.
 */
export function ksGapRange(reference: Sample, current: Sample): Range {
  const [n, m] = [reference.count, current.count];
  const points = pointsOf(reference, current);
  let low = 0;
  let high = 0;
  let [beforeF, beforeG] = [0, 0];
  for (const x of points) {
    const f = countUpTo(reference, x, false);
    const g = countUpTo(current, x, false);
    const fBelow = countUpTo(reference, x, true);
    const gBelow = countUpTo(current, x, true);
    low = Math.max(low, f.low * m - g.high * n, g.low * n - f.high * m, fBelow.low * m - gBelow.high * n, gBelow.low * n - fBelow.high * m);
    // Between the last point and this one F and G rise somewhere, one perhaps before the other.
    high = Math.max(high, f.high * m - g.low * n, g.high * n - f.low * m, fBelow.high * m - beforeG * n, gBelow.high * n - beforeF * m);
    [beforeF, beforeG] = [f.low, g.low];
  }
  const error = Math.ceil((reference.distribution.rankError + current.distribution.rankError) * n * m);
  return { low: Math.max(0, low - error), high: Math.min(n * m, high + error) };
}

/** ∫abs(F - G)dx between the smallest and the largest edge, F and G taken in the middle of their bounds; values must be finite. */
export function wassersteinOf(reference: Sample, current: Sample): number {
  const points = pointsOf(reference, current);
  const share = (sample: Sample, x: number) => {
    const { low, high } = countUpTo(sample, x, false);
    return (low + high) / 2 / sample.count;
  };
  let total = 0;
  for (let i = 0; i + 1 < points.length; i++)
    total += Math.abs(share(reference, points[i]!) - share(current, points[i]!)) * (points[i + 1]! - points[i]!);
  return total;
}
