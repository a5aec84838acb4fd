import { EDGES_MAX, type Edges } from '../profile-types.ts';
import type { WholeCounts } from './whole-counts.ts';

export const NO_EDGES: Edges = {
  edges: new Float64Array(0),
  below: new Float64Array(0),
  atOrBelow: new Float64Array(0),
  complete: true,
  rankError: 0,
};

/** What one pass over sorted values tells beside the edges. */
export interface SortedFacts {
  readonly distribution: Edges;
  readonly distinct: number;
  readonly once: number;
  readonly top: readonly { readonly value: number; readonly count: number }[];
}

/** Edges, distinct values and the most frequent ones of ascending values without NaN; exact. */
export function factsOfSorted(sorted: Float64Array, topMax: number): SortedFacts {
  const n = sorted.length;
  if (n === 0) return { distribution: NO_EDGES, distinct: 0, once: 0, top: [] };
  const frequencies = new Frequencies(topMax);
  for (let start = 0; start < n; ) {
    const value = sorted[start];
    let end = start + 1;
    while (end < n && sorted[end] === value) end++;
    frequencies.add(value, end - start);
    start = end;
  }
  const { distinct, once, top } = frequencies;
  const edges = distinct <= EDGES_MAX ? distinctOf(sorted, distinct) : equiDepth(sorted);
  const below = new Float64Array(edges.length);
  const atOrBelow = new Float64Array(edges.length);
  for (let i = 0, at = 0; i < edges.length; i++) {
    at = firstNotBelow(sorted, edges[i], at, n);
    below[i] = at;
    at = firstAbove(sorted, edges[i], at, n);
    atOrBelow[i] = at;
  }
  return { distribution: { edges, below, atOrBelow, complete: distinct <= EDGES_MAX, rankError: 0 }, distinct, once, top };
}

/** {@link factsOfSorted} of the values that were counted. */
export function factsOfCounts(counts: WholeCounts, topMax: number): SortedFacts {
  const { n } = counts;
  if (n === 0) return { distribution: NO_EDGES, distinct: 0, once: 0, top: [] };
  const frequencies = new Frequencies(topMax);
  counts.each((value, count) => frequencies.add(value, count));
  const { distinct, once, top } = frequencies;
  const complete = distinct <= EDGES_MAX;
  const most = complete ? distinct : EDGES_MAX + 1;
  const [edges, below, atOrBelow] = [new Float64Array(most), new Float64Array(most), new Float64Array(most)];
  let used = 0;
  let before = 0;
  // The first value, then for each i the value of rank ⌈n·i/10,000⌉.
  let i = 0;
  let rank = 1;
  counts.each((value, count) => {
    const after = before + count;
    if (complete || after >= rank) {
      edges[used] = value;
      below[used] = before;
      atOrBelow[used] = after;
      used++;
      while (after >= rank && i < EDGES_MAX) rank = Math.ceil((n * ++i) / EDGES_MAX);
      if (after >= rank) rank = n + 1;
    }
    before = after;
  });
  const [e, b, a] = [edges, below, atOrBelow].map((values) => values.slice(0, used)) as [Float64Array, Float64Array, Float64Array];
  return { distribution: { edges: e, below: b, atOrBelow: a, complete, rankError: 0 }, distinct, once, top };
}

/** How many different values there are, how many of them once, and the most frequent ones; of values ascending with their counts. */
class Frequencies {
  readonly #topMax: number;
  readonly top: { value: number; count: number }[] = [];
  #least = 0;
  distinct = 0;
  once = 0;

  constructor(topMax: number) {
    this.#topMax = topMax;
  }

  add(value: number, count: number): void {
    this.distinct++;
    if (count === 1) this.once++;
    const { top } = this;
    if (top.length === this.#topMax && count <= this.#least) return;
    // Among equals the smaller value came first and stays first.
    let at = top.length;
    while (at > 0 && top[at - 1].count < count) at--;
    top.splice(at, 0, { value, count });
    if (top.length > this.#topMax) top.pop();
    this.#least = top[top.length - 1].count;
  }
}

/** Edges from a sketch's weighted values, with its rank error; smallest and largest value are known exactly. */
export function edgesOfWeighted(
  values: Float64Array,
  weights: Float64Array,
  n: number,
  min: number,
  max: number,
  rankError: number,
): Edges {
  const edges: number[] = [min];
  const counts: [number, number][] = [[0, 1]];
  let before = 0;
  let next = 1;
  for (let i = 0; i < values.length; ) {
    const value = values[i];
    let weight = 0;
    while (i < values.length && values[i] === value) weight += weights[i++];
    const after = before + weight;
    if ((after * EDGES_MAX) / n >= next && value > min && value < max) {
      edges.push(value);
      counts.push([Math.max(1, before), Math.min(n - 1, after)]);
      while (next <= (after * EDGES_MAX) / n) next++;
    } else if (value === min) counts[0] = [0, Math.max(1, after)];
    before = after;
  }
  if (max > min) {
    edges.push(max);
    const rest = values.indexOf(max);
    let below = n - 1;
    if (rest >= 0) below = weights.subarray(0, rest).reduce((sum, weight) => sum + weight, 0);
    counts.push([Math.min(below, n - 1), n]);
  }
  return {
    edges: Float64Array.from(edges),
    below: Float64Array.from(counts, (count) => count[0]),
    atOrBelow: Float64Array.from(counts, (count) => count[1]),
    complete: false,
    rankError,
  };
}

/**
 * The `inverted_cdf` quantile at q of the values behind the edges: the smallest edge with at least q·n values at or below it.
 * Exact at q = i/10,000 when the edges are exact. Undefined when there are none.
 */
export function quantileOf({ edges, atOrBelow }: Edges, count: number, q: number): number | undefined {
  if (edges.length === 0) return undefined;
  const rank = Math.max(1, Math.ceil(count * q - 1e-9));
  let low = 0;
  let high = edges.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (atOrBelow[middle] >= rank) high = middle;
    else low = middle + 1;
  }
  return edges[low];
}

function distinctOf(sorted: Float64Array, distinct: number): Float64Array {
  const edges = new Float64Array(distinct);
  let at = 0;
  for (let i = 0; i < sorted.length; i++) if (i === 0 || sorted[i] !== sorted[i - 1]) edges[at++] = sorted[i];
  return edges;
}

function equiDepth(sorted: Float64Array): Float64Array {
  const n = sorted.length;
  const edges = new Float64Array(EDGES_MAX + 1);
  let used = 0;
  edges[used++] = sorted[0];
  for (let i = 1; i <= EDGES_MAX; i++) {
    const value = sorted[Math.ceil((n * i) / EDGES_MAX) - 1];
    if (value > edges[used - 1]) edges[used++] = value;
  }
  return edges.slice(0, used);
}

/** First index in [from, to) with sorted[i] ≥ value. */
function firstNotBelow(sorted: Float64Array, value: number, from: number, to: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** First index in [from, to) with sorted[i] > value. */
function firstAbove(sorted: Float64Array, value: number, from: number, to: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
