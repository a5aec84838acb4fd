import { sortOrder } from '../statistics/sort.ts';
import { BadInput } from '../tables/bad-input.ts';
import { expectLength, finiteColumn, weightColumn } from './column-checks.ts';

/** A rising function through the points given: linear between them, constant outside. */
export interface Isotonic {
  readonly x: Float64Array;
  readonly y: Float64Array;
  at(x: number): number;
}

/**
 * The rising function with the least weighted squared distance to the points (pool adjacent violators; Ayer et al. 1955), equal x averaged
 * first: maps scores to calibrated probabilities. `BadInput` for no rows, other lengths, NaN, infinities and negative weights.
 */
export function isotonic(x: ArrayLike<number>, y: ArrayLike<number>, weights?: ArrayLike<number>): Isotonic {
  if (x.length === 0) throw new BadInput('empty', 'expected at least one point and found none.');
  expectLength(y.length, x.length, 'y', {});
  const [xs, ys] = [finiteColumn(x, 'x'), finiteColumn(y, 'y')];
  const ws = weights === undefined ? new Float64Array(xs.length).fill(1) : weightColumn(weights, xs.length);
  const points = joined(xs, ys, ws);
  const levels = pooled(points.y, points.w);
  return { x: points.x, y: levels, at: (value) => between(points.x, levels, value) };
}

/** Distinct x ascending with the weighted mean of their y; points without weight do not count. */
function joined(x: Float64Array, y: Float64Array, w: Float64Array): Record<'x' | 'y' | 'w', Float64Array> {
  const out = { x: [] as number[], y: [] as number[], w: [] as number[] };
  for (const row of sortOrder(x)) {
    if (w[row] === 0) continue;
    const last = out.x.length - 1;
    if (last >= 0 && out.x[last] === x[row]) {
      out.w[last]! += w[row]!;
      out.y[last]! += ((y[row]! - out.y[last]!) * w[row]!) / out.w[last]!;
    } else {
      out.x.push(x[row]!);
      out.y.push(y[row]!);
      out.w.push(w[row]!);
    }
  }
  return { x: Float64Array.from(out.x), y: Float64Array.from(out.y), w: Float64Array.from(out.w) };
}

/** Joins neighbours that fall into blocks of their mean until all blocks rise. */
function pooled(y: Float64Array, w: Float64Array): Float64Array {
  const blocks: { level: number; weight: number; size: number }[] = [];
  for (let i = 0; i < y.length; i++) {
    let block = { level: y[i]!, weight: w[i]!, size: 1 };
    while (blocks.length > 0 && blocks.at(-1)!.level >= block.level) {
      const before = blocks.pop()!;
      const weight = before.weight + block.weight;
      block = { level: (before.level * before.weight + block.level * block.weight) / weight, weight, size: before.size + block.size };
    }
    blocks.push(block);
  }
  return Float64Array.from(blocks.flatMap(({ level, size }) => new Array<number>(size).fill(level)));
}

function between(x: Float64Array, y: Float64Array, value: number): number {
  if (Number.isNaN(value)) return Number.NaN;
  if (value <= x[0]!) return y[0]!;
  if (value >= x.at(-1)!) return y.at(-1)!;
  let [low, high] = [0, x.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (x[middle]! <= value) low = middle;
    else high = middle;
  }
  return y[low]! + ((y[high]! - y[low]!) * (value - x[low]!)) / (x[high]! - x[low]!);
}
