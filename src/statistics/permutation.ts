import { mean, type Numbers, requireFinite } from './numbers.ts';
import { Random, type Seed, STREAMS } from './random.ts';
import type { Alternative, Tested, TestResult } from './tests/tested.ts';

/** Up to this many arrangements all are counted, and p needs no +1 (S5). */
const ENUMERATED_MAX = 20_000;

/** Which arrangements to draw; replicate i depends on (seed, stream, i) alone, so ranges may be computed apart. */
export interface Permuting {
  readonly seed: number | bigint | Seed;
  readonly replicates: number;
  readonly from?: number;
  readonly to?: number;
}

/**
 * p of an observed statistic among permuted ones, counting those at least as extreme within 1e-12 relative: (1 + count)/(B + 1), or count/B
 * when `enumerated`. Two-sided compares absolute values, so the statistic should be 0 without an effect.
 */
export function permutationP(
  observed: number,
  permuted: Numbers,
  { alternative = 'two-sided' as Alternative, enumerated = false } = {},
): number {
  const orient = { 'two-sided': Math.abs, greater: (x: number) => x, less: (x: number) => -x }[alternative];
  const seen = orient(observed);
  const bar = seen - 1e-12 * Math.abs(seen);
  let count = 0;
  for (let i = 0; i < permuted.length; i++) if (orient(permuted[i]!) >= bar) count++;
  return enumerated ? count / permuted.length : (1 + count) / (permuted.length + 1);
}

/** Fair signs for one replicate: row i takes bit i mod 32 of word ⌊i/32⌋, lowest bit first; 1 turns the row's sign (or swaps the pair). */
export function fairBits(n: number, random: Random): Uint8Array {
  const bits = new Uint8Array(n);
  for (let i = 0; i < n; ) {
    const word = random.u32();
    for (let b = 0; b < 32 && i < n; b++) bits[i++] = (word >>> b) & 1;
  }
  return bits;
}

/** Sums Σ±d under random signs (stream 2), or under the rows of signs given (+1, -1). */
export function signFlipSums(differences: Numbers, permuting: Permuting | { readonly signs: readonly ArrayLike<number>[] }): Float64Array {
  if ('signs' in permuting) {
    return Float64Array.from(permuting.signs, (signs) => {
      let total = 0;
      for (let i = 0; i < differences.length; i++) total += signs[i]! * differences[i]!;
      return total;
    });
  }
  return eachDraw(permuting, (random) => {
    const bits = fairBits(differences.length, random);
    let total = 0;
    for (let i = 0; i < bits.length; i++) total += bits[i] === 1 ? -differences[i]! : differences[i]!;
    return total;
  });
}

/** Replicates of a statistic of two models' rows when each row's pair is swapped by a fair bit (stream 2). */
export const swapReplicates = (n: number, statistic: (swapped: Uint8Array) => number, permuting: Permuting): Float64Array =>
  eachDraw(permuting, (random) => statistic(fairBits(n, random)));

/** Replicates of a statistic of a shuffled order of n rows (stream 2): the labels of the rows are exchanged. */
export function shuffleReplicates(n: number, statistic: (order: Uint32Array) => number, permuting: Permuting): Float64Array {
  const order = new Uint32Array(n);
  return eachDraw(permuting, (random) => {
    for (let i = 0; i < n; i++) order[i] = i;
    return statistic(random.shuffle(order));
  });
}

function eachDraw({ seed, replicates, from = 0, to = replicates }: Permuting, draw: (random: Random) => number): Float64Array {
  return Float64Array.from({ length: to - from }, (_, i) => draw(Random.of(seed, STREAMS.permutation, from + i)));
}

/** Sign-flip test of row-wise differences: abs Σ±d over all 2ⁿ signs when they are at most 20,000, else over drawn ones. */
export function signFlipTest(differences: Numbers, permuting: Permuting): TestResult {
  requireFinite(differences, 'differences');
  const n = differences.length;
  let statistic = 0;
  for (let i = 0; i < n; i++) statistic += differences[i]!;
  if (2 ** n > ENUMERATED_MAX) return { statistic, p: permutationP(statistic, signFlipSums(differences, permuting)), method: 'drawn' };
  const sums = Float64Array.from({ length: 2 ** n }, (_, code) => {
    let total = 0;
    for (let i = 0; i < n; i++) total += (code >>> i) & 1 ? -differences[i]! : differences[i]!;
    return total;
  });
  return { statistic, p: permutationP(statistic, sums, { enumerated: true }), method: 'enumerated' };
}

/** Two-sample permutation test of the difference of means: all arrangements when they are at most 20,000, else drawn ones. */
export function permutationTest(a: Numbers, b: Numbers, permuting: Permuting, alternative: Alternative = 'two-sided'): Tested {
  requireFinite(a, 'first sample');
  requireFinite(b, 'second sample');
  const [n, m] = [a.length, b.length];
  if (n === 0 || m === 0) return { notComputable: 'empty', n: n + m };
  const pooled = Float64Array.from([...a, ...b]);
  const whole = mean(pooled) * (n + m);
  const gapOf = (part: number): number => part / n - (whole - part) / m;
  const statistic = mean(a) - mean(b);
  if (combinations(n + m, n) <= ENUMERATED_MAX) {
    const gaps: number[] = [];
    const choose = (from: number, left: number, part: number): void => {
      if (left === 0) gaps.push(gapOf(part));
      else for (let i = from; i <= n + m - left; i++) choose(i + 1, left - 1, part + pooled[i]!);
    };
    choose(0, n, 0);
    return { statistic, p: permutationP(statistic, gaps, { alternative, enumerated: true }), method: 'enumerated' };
  }
  const gaps = shuffleReplicates(
    n + m,
    (order) => {
      let part = 0;
      for (let i = 0; i < n; i++) part += pooled[order[i]!]!;
      return gapOf(part);
    },
    permuting,
  );
  return { statistic, p: permutationP(statistic, gaps, { alternative }), method: 'drawn' };
}

function combinations(n: number, k: number): number {
  let product = 1;
  for (let i = 1; i <= Math.min(k, n - k); i++) product = (product * (n - Math.min(k, n - k) + i)) / i;
  return product;
}
