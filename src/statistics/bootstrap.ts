import type { Interval } from './estimate.ts';
import { mean, type Numbers, requireSameLength, variance } from './numbers.ts';
import { quantileSorted } from './quantiles.ts';
import { Random, type Seed, STREAMS } from './random.ts';
import { sortNumbers } from './sort.ts';
import { normalCdf, normalQuantile } from './special/normal.ts';

/**
 * Which replicates to draw. Replicate i depends on (seed, stream, i) alone, so a range `from`…`to` (exclusive) computed by any worker
 * is the same piece of the whole. `rows` gives explicit index rows instead of the generator.
 */
export interface Resampling {
  readonly seed: number | bigint | Seed;
  readonly replicates: number;
  readonly from?: number;
  readonly to?: number;
  readonly stream?: number;
  readonly rows?: readonly ArrayLike<number>[];
}

type Draw = (rows: Uint32Array) => number;

/** Runs `use` on the resampled rows of each replicate of the range. */
function eachReplicate(n: number, resampling: Resampling, use: Draw): Float64Array<ArrayBuffer> {
  if (n === 0) throw new RangeError('a bootstrap needs at least one row');
  const { seed, stream = STREAMS.bootstrap, rows: explicit } = resampling;
  const from = resampling.from ?? 0;
  const to = resampling.to ?? (explicit ? explicit.length : resampling.replicates);
  const out = new Float64Array(to - from);
  const rows = new Uint32Array(n);
  for (let i = from; i < to; i++) {
    if (explicit) {
      if (explicit[i]?.length !== n) throw new RangeError(`index rows ${i} should hold ${n} rows, not ${explicit[i]?.length}`);
      rows.set(explicit[i]!);
    } else Random.of(seed, stream, i).fillBelow(rows, n);
    out[i - from] = use(rows);
  }
  return out;
}

/** Replicates of any statistic: it is given n row numbers, drawn with replacement (the array is reused). */
export const bootstrapRows = (n: number, statistic: (rows: Uint32Array) => number, resampling: Resampling): Float64Array<ArrayBuffer> =>
  eachReplicate(n, resampling, statistic);

/** Replicates of a mean: of one column, or of row-wise differences for a paired comparison. */
export function bootstrapMeans(values: Numbers, resampling: Resampling): Float64Array<ArrayBuffer> {
  const column = values instanceof Float64Array ? values : Float64Array.from(values);
  return eachReplicate(column.length, resampling, (rows) => {
    let total = 0;
    for (let i = 0; i < rows.length; i++) total += column[rows[i]!]!;
    return total / rows.length;
  });
}

/** Replicates of a function of cell counts: each row lies in cell `codes[row]` of `cells` (a confusion matrix, pairs of them, …). */
export function bootstrapCells(
  codes: ArrayLike<number>,
  cells: number,
  statistic: (counts: Float64Array) => number,
  resampling: Resampling,
): Float64Array<ArrayBuffer> {
  const column = Uint32Array.from(codes);
  if (column.some((code) => code >= cells)) throw new RangeError(`a cell code is a whole number below ${cells}`);
  const counts = new Float64Array(cells);
  const tally = new Uint32Array(cells);
  return eachReplicate(column.length, resampling, (rows) => {
    tally.fill(0);
    for (let i = 0; i < rows.length; i++) tally[column[rows[i]!]!]!++;
    counts.set(tally);
    return statistic(counts);
  });
}

/** Replicates of a function of column sums (R², RMSE, differences of such): `statistic(sums, n)`. */
export function bootstrapSums(
  columns: readonly Numbers[],
  statistic: (sums: Float64Array, n: number) => number,
  resampling: Resampling,
): Float64Array<ArrayBuffer> {
  const n = columns[0]!.length;
  const width = columns.length;
  for (const column of columns) requireSameLength(columns[0]!, column, 'bootstrap');
  const table = new Float64Array(n * width);
  columns.forEach((column, c) => {
    for (let i = 0; i < n; i++) table[i * width + c] = column[i]!;
  });
  const sums = new Float64Array(width);
  return eachReplicate(n, resampling, (rows) => {
    sums.fill(0);
    for (let i = 0; i < n; i++) {
      const at = rows[i]! * width;
      for (let c = 0; c < width; c++) sums[c]! += table[at + c]!;
    }
    return statistic(sums, n);
  });
}

/** The statistic without each row in turn; equal values may be given once with a weight. */
export interface Jackknife {
  readonly values: Numbers;
  readonly weights?: Numbers;
}

/** Leave-one-out values of any statistic of row numbers: n evaluations on n - 1 rows. */
export function jackknifeRows(n: number, statistic: (rows: Uint32Array) => number): Jackknife {
  const values = new Float64Array(n);
  const rows = new Uint32Array(Math.max(0, n - 1));
  for (let left = 0; left < n; left++) {
    for (let i = 0; i < n - 1; i++) rows[i] = i < left ? i : i + 1;
    values[left] = statistic(rows);
  }
  return { values };
}

/** Leave-one-out means. */
export function jackknifeMeans(values: Numbers): Jackknife {
  const n = values.length;
  const centre = mean(values);
  return { values: Float64Array.from(values, (x) => centre + (centre - x) / (n - 1)) };
}

/** Leave-one-out values of a function of cell counts: one evaluation per non-empty cell, weighted by its count. */
export function jackknifeCells(counts: Numbers, statistic: (counts: Float64Array) => number): Jackknife {
  const cells = Float64Array.from(counts);
  const values = new Float64Array(cells.length);
  for (let c = 0; c < cells.length; c++) {
    if (cells[c] === 0) continue;
    cells[c]!--;
    values[c] = statistic(cells);
    cells[c]!++;
  }
  return { values, weights: cells };
}

/** Leave-one-out values of a function of column sums. */
export function jackknifeSums(columns: readonly Numbers[], statistic: (sums: Float64Array, n: number) => number): Jackknife {
  const n = columns[0]!.length;
  const totals = columns.map((column) => mean(column) * n);
  const sums = new Float64Array(columns.length);
  const values = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < sums.length; c++) sums[c] = totals[c]! - columns[c]![i]!;
    values[i] = statistic(sums, n - 1);
  }
  return { values };
}

/** An interval from replicates; `warning` says why BCa fell back to percentiles. */
export interface BootstrapInterval extends Interval {
  readonly warning?: 'constant' | 'estimate-outside-replicates';
}

/** Standard error: deviation of the replicates, ddof 1. */
export const bootstrapError = (replicates: Numbers): number => Math.sqrt(variance(replicates));

/** Linear quantiles of the replicates at α/2 and 1 - α/2. */
export function percentileInterval(replicates: Numbers, level = 0.95): BootstrapInterval {
  const sorted = sortNumbers(replicates);
  const tail = (1 - level) / 2;
  return { low: quantileSorted(sorted, tail), high: quantileSorted(sorted, 1 - tail), level, method: 'percentile' };
}

/** 2θ̂ less the percentile ends, swapped. */
export function basicInterval(estimate: number, replicates: Numbers, level = 0.95): BootstrapInterval {
  const { low, high } = percentileInterval(replicates, level);
  return { low: 2 * estimate - high, high: 2 * estimate - low, level, method: 'basic' };
}

/**
 * Efron's bias-corrected and accelerated interval, as `scipy.stats.bootstrap` computes it: p₀ = (#{θ* < θ̂} + #{θ* ≤ θ̂})/2B, acceleration
 * from the jackknife. Constant data or an estimate outside its replicates: the percentile interval with a warning.
 */
export function bcaInterval(estimate: number, replicates: Numbers, jackknife: Jackknife, level = 0.95): BootstrapInterval {
  const share = biasShare(estimate, replicates);
  const a = acceleration(jackknife);
  if (!Number.isFinite(a)) return { ...percentileInterval(replicates, level), warning: 'constant' };
  if (share === 0 || share === 1) return { ...percentileInterval(replicates, level), warning: 'estimate-outside-replicates' };
  const bias = normalQuantile(share);
  const z = normalQuantile((1 - level) / 2);
  const at = (end: number): number => normalCdf(bias + (bias + end) / (1 - a * (bias + end)));
  const sorted = sortNumbers(replicates);
  return { low: quantileSorted(sorted, at(z)), high: quantileSorted(sorted, at(-z)), level, method: 'bca' };
}

/** p₀ of BCa: share of replicates below the estimate, ties by half. */
export function biasShare(estimate: number, replicates: Numbers): number {
  let below = 0;
  let upTo = 0;
  for (let i = 0; i < replicates.length; i++) {
    if (replicates[i]! < estimate) below++;
    if (replicates[i]! <= estimate) upTo++;
  }
  return (below + upTo) / (2 * replicates.length);
}

/** a of BCa: Σu³/(6(Σu²)^1.5), u = mean of the jackknife less each of its values. NaN for constant data. */
export function acceleration({ values, weights }: Jackknife): number {
  let total = 0;
  let weighted = 0;
  for (let i = 0; i < values.length; i++) {
    const weight = weights ? weights[i]! : 1;
    if (weight === 0) continue;
    total += weight;
    weighted += weight * values[i]!;
  }
  const centre = weighted / total;
  let squares = 0;
  let cubes = 0;
  for (let i = 0; i < values.length; i++) {
    const weight = weights ? weights[i]! : 1;
    if (weight === 0) continue;
    const u = centre - values[i]!;
    squares += weight * u * u;
    cubes += weight * u * u * u;
  }
  return cubes / (6 * squares ** 1.5);
}

/** Two-sided p of "no difference" from replicates of a difference: min(1, 2·min(1 + #{θ* ≤ 0}, 1 + #{θ* ≥ 0})/(B + 1)). */
export function bootstrapP(differences: Numbers): number {
  let low = 1;
  let high = 1;
  for (let i = 0; i < differences.length; i++) {
    if (differences[i]! <= 0) low++;
    if (differences[i]! >= 0) high++;
  }
  return Math.min(1, (2 * Math.min(low, high)) / (differences.length + 1));
}

/** Joins ranges of replicates drawn apart, while the event loop, a signal and a progress display get their turn between the pieces. */
export async function inChunks(
  replicates: number,
  draw: (range: { from: number; to: number }) => Float64Array | Promise<Float64Array>,
  { signal, progress, chunk = 250 }: { signal?: AbortSignal; progress?: (share: number) => void; chunk?: number } = {},
): Promise<Float64Array> {
  const out = new Float64Array(replicates);
  for (let from = 0; from < replicates; from += chunk) {
    signal?.throwIfAborted();
    const to = Math.min(replicates, from + chunk);
    out.set(await draw({ from, to }), from);
    progress?.(to / replicates);
    await new Promise((resume) => setImmediate(resume));
  }
  signal?.throwIfAborted();
  return out;
}

/** Half the width of sacrebleu's interval: ½(sorted[n - 1 - ⌊n/40⌋] - sorted[⌊n/40⌋]). */
export function sacrebleuHalfWidth(replicates: Numbers): number {
  const sorted = sortNumbers(replicates);
  const cut = Math.floor(sorted.length / 40);
  return (sorted[sorted.length - 1 - cut]! - sorted[cut]!) / 2;
}

/** sacrebleu's paired bootstrap p: (#{abs(d*) - mean abs(d*) > abs(d)} + 1)/(B + 1). */
export function sacrebleuBootstrapP(observed: number, replicates: Numbers): number {
  const sizes = Float64Array.from(replicates, Math.abs);
  const centre = mean(sizes);
  return (sizes.filter((size) => size - centre > Math.abs(observed)).length + 1) / (sizes.length + 1);
}

/** sacrebleu's approximate randomisation p: (#{abs(d*) > abs(d)} + 1)/(B + 1). */
export function sacrebleuRandomisationP(observed: number, replicates: Numbers): number {
  return (Float64Array.from(replicates, Math.abs).filter((size) => size > Math.abs(observed)).length + 1) / (replicates.length + 1);
}
