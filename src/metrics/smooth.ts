import { bcaInterval, bootstrapError, bootstrapP, bootstrapRows, inChunks } from '../statistics/bootstrap.ts';
import type { Estimate, Interval, NotComputable } from '../statistics/estimate.ts';
import { normalInterval } from '../statistics/intervals/delta.ts';
import { normalTwoSided } from '../statistics/special/normal.ts';
import type { ComputedDifference, EstimateOptions } from './metric.ts';
import { differenceOf, influenceError, type RowStatistic } from './row-statistic.ts';
import { withoutSpread } from './share-comparison.ts';

/** Bootstrap up to this many rows, delta method above (S6). */
export const BOOTSTRAP_ROWS_MAX = 100_000;
const REPLICATES = 2_000;
const REPLICATES_MAX = 10_000;
/** A figure that is undefined in more than this share of the replicates gets no interval. */
const UNDEFINED_MAX = 0.01;
/** Rows resampled before the thread is given to others: some 20 ms of work. */
const ROWS_A_CHUNK = 4_000_000;

/** Values a figure can take; intervals are clipped to it. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/**
 * Values of all statistics in each bootstrap replicate, drawn once for all: replicate i resamples n rows with generator (seed, stream 1, i).
 * Obeys the signal and reports progress between pieces of some 20 ms.
 */
export async function replicate(statistics: readonly RowStatistic[], options: EstimateOptions = {}): Promise<Float64Array[]> {
  const n = statistics[0]?.n ?? 0;
  const replicates = options.replicates ?? REPLICATES;
  if (!Number.isInteger(replicates) || replicates < 1 || replicates > REPLICATES_MAX)
    throw new RangeError(`replicates is a whole number from 1 to ${REPLICATES_MAX}, not ${replicates}.`);
  const seed = seedBits(options.seed);
  const out = statistics.map(() => new Float64Array(replicates));
  await inChunks(
    replicates,
    ({ from, to }) => {
      let at = from;
      const draw = (rows: Uint32Array): number => {
        for (let s = 0; s < statistics.length; s++) out[s]![at] = statistics[s]!.replicate(rows);
        at++;
        return 0;
      };
      return bootstrapRows(n, draw, { seed, replicates, from, to });
    },
    { signal: options.signal, progress: options.progress, chunk: Math.max(1, Math.floor(ROWS_A_CHUNK / (n * statistics.length))) },
  );
  return out;
}

/** Interval of a smooth figure: BCa up to 100,000 rows, delta method above. Undefined where the rows cannot show any spread. */
export async function smoothInterval(statistic: RowStatistic, range: Range, options: EstimateOptions = {}): Promise<Interval | undefined> {
  if (statistic.n < 2) return undefined;
  if (statistic.n > BOOTSTRAP_ROWS_MAX) {
    const found = normalInterval(statistic.value, influenceError(statistic), { level: options.level });
    return hasEnds(found) ? clipped(found, range) : undefined;
  }
  const [replicates] = await replicate([statistic], options);
  return bootstrapInterval(statistic, replicates!, range, options);
}

/** BCa interval from replicates at hand. */
export function bootstrapInterval(
  statistic: RowStatistic,
  replicates: Float64Array,
  range: Range,
  options: EstimateOptions = {},
): Interval | undefined {
  const defined = replicates.filter(Number.isFinite);
  if (defined.length < (1 - UNDEFINED_MAX) * replicates.length || !spread(defined)) return undefined;
  const found = bca(statistic, defined, options.level);
  return hasEnds(found) ? clipped(found, range) : undefined;
}

/** Candidate against champion for a smooth figure; `sign` is 1 where more is better and -1 where less is. */
export async function compareSmooth(
  candidate: RowStatistic,
  champion: RowStatistic,
  sign: 1 | -1,
  options: EstimateOptions = {},
): Promise<ComputedDifference> {
  const paired = sign === 1 ? differenceOf(candidate, champion) : differenceOf(champion, candidate);
  const common = { candidate: candidate.value, champion: champion.value, difference: paired.value, n: paired.n };
  if (paired.n > BOOTSTRAP_ROWS_MAX) {
    const standardError = influenceError(paired);
    const p = standardError === 0 ? Number(paired.value === 0) : normalTwoSided(paired.value / standardError);
    return { ...common, interval: normalInterval(paired.value, standardError, { level: options.level }), p, test: 'delta', standardError };
  }
  const [drawn] = await replicate([paired], options);
  const replicates = drawn!.filter(Number.isFinite);
  if (replicates.length < 2 || !spread(replicates)) {
    const interval = { low: paired.value, high: paired.value, level: options.level ?? 0.95, method: 'constant' };
    return { ...common, interval, p: Number(paired.value === 0), test: 'paired-bootstrap', standardError: 0, ...withoutSpread(paired.n) };
  }
  return {
    ...common,
    interval: bca(paired, replicates, options.level),
    p: bootstrapP(replicates),
    test: 'paired-bootstrap',
    standardError: bootstrapError(replicates),
  };
}

function bca(statistic: RowStatistic, replicates: Float64Array, level: number | undefined): Interval {
  const { low, high, method, ...rest } = bcaInterval(
    statistic.value,
    replicates,
    { values: statistic.jackknife().filter(Number.isFinite) },
    level,
  );
  return { low, high, level: rest.level, method };
}

/** Whether both ends are numbers: an interval without an end says nothing. */
export const hasEnds = ({ low, high }: Pick<Interval, 'low' | 'high'>): boolean => Number.isFinite(low) && Number.isFinite(high);

export const clipped = (interval: Interval, { low, high }: Range): Interval => ({
  ...interval,
  low: Math.min(high, Math.max(low, interval.low)),
  high: Math.min(high, Math.max(low, interval.high)),
});

/** An estimate from a value that may be NaN. */
export function asEstimate(value: number, n: number, otherwise: NotComputable): Estimate {
  if (n === 0) return { notComputable: 'empty', n };
  if (Number.isNaN(value)) return { notComputable: otherwise, n };
  return Number.isFinite(value) ? { value, n } : { notComputable: 'non-finite', n };
}

function seedBits(seed: bigint | string = 0n): bigint {
  if (typeof seed === 'bigint') return seed;
  if (!/^[0-9a-f]{1,16}$/i.test(seed)) throw new RangeError(`a seed is a bigint or up to 16 hex digits, not ${JSON.stringify(seed)}.`);
  return BigInt(`0x${seed}`);
}

const spread = (values: Float64Array): boolean => values.some((value) => value !== values[0]);
