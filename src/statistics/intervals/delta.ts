import type { Interval } from '../estimate.ts';
import { zOf } from './shares.ts';

/**
 * Delta method for a smooth function of cell counts: φ_c = n·∂g/∂count_c, SE² = (Σp_cφ_c² - (Σp_cφ_c)²)/n.
 * `gradient` gives ∂g/∂count at the counts; without it the function is differentiated numerically.
 */
export function deltaStandardError(
  counts: readonly number[] | Float64Array,
  statistic: (counts: Float64Array) => number,
  gradient?: readonly number[] | Float64Array,
): number {
  const cells = Float64Array.from(counts);
  const n = cells.reduce((total, count) => total + count, 0);
  const slopes = gradient ?? numericGradient(cells, n, statistic);
  let first = 0;
  let second = 0;
  for (let c = 0; c < cells.length; c++) {
    if (cells[c] === 0) continue;
    const phi = n * slopes[c]!;
    first += (cells[c]! / n) * phi;
    second += (cells[c]! / n) * phi * phi;
  }
  return Math.sqrt(Math.max(0, second - first * first) / n);
}

/** Central differences of sixth order in each non-empty cell. */
function numericGradient(cells: Float64Array, n: number, statistic: (counts: Float64Array) => number): Float64Array {
  const slopes = new Float64Array(cells.length);
  for (let c = 0; c < cells.length; c++) {
    const kept = cells[c]!;
    if (kept === 0) continue;
    const step = Math.min(kept / 4, n / 2000);
    const at = (offset: number): number => {
      cells[c] = kept + offset * step;
      return statistic(cells);
    };
    slopes[c] = (45 * (at(1) - at(-1)) - 9 * (at(2) - at(-2)) + (at(3) - at(-3))) / (60 * step);
    cells[c] = kept;
  }
  return slopes;
}

/** value ± z·SE, clipped to the range the figure can take. */
export function normalInterval(
  value: number,
  standardError: number,
  { level = 0.95, method = 'delta', least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = {},
): Interval {
  const half = zOf(level) * standardError;
  return { low: Math.max(least, value - half), high: Math.min(most, value + half), level, method };
}
