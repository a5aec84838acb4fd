import type { TargetColumn } from './split-parts.ts';

/** A numeric target with at most this many different values is a set of classes, above it is binned. */
const CLASSES_MAX = 20;

/**
 * Stratum of each row: the class of a text target; of a numeric one the value itself when it has at most 20 different ones,
 * else the number of `inverted_cdf` quantile edges (k/bins) below it. Rows without a target are a stratum of their own (-1).
 */
export function strataOf(target: TargetColumn | undefined, bins: number): Int32Array {
  if (target?.codes) return Int32Array.from(target.codes.view());
  const values = target!.values!.view();
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const edges = distinctUpTo(sorted, CLASSES_MAX) ?? quantileEdges(sorted, bins);
  const strata = new Int32Array(values.length);
  for (let row = 0; row < values.length; row++) strata[row] = Number.isNaN(values[row]!) ? -1 : edgesBelow(edges, values[row]!);
  return strata;
}

function distinctUpTo(sorted: Float64Array, limit: number): readonly number[] | undefined {
  const distinct: number[] = [];
  for (const value of sorted) {
    if (distinct.length > 0 && distinct.at(-1) === value) continue;
    if (distinct.length === limit) return undefined;
    distinct.push(value);
  }
  return distinct;
}

/** Distinct values of a rising list at k/bins, k = 1…bins-1: element ⌈n·k/bins⌉ (`inverted_cdf`). */
export function quantileEdges(sorted: Float64Array, bins: number): readonly number[] {
  const edges: number[] = [];
  for (let k = 1; k < bins; k++) {
    const value = sorted[Math.max(0, Math.ceil((sorted.length * k) / bins) - 1)];
    if (value !== undefined && edges.at(-1) !== value) edges.push(value);
  }
  return edges;
}

/** Number of edges < x. */
function edgesBelow(edges: readonly number[], x: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (edges[middle]! < x) low = middle + 1;
    else high = middle;
  }
  return low;
}
