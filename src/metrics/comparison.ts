import { type Estimate, type Interval, isComputed } from '../statistics/estimate.ts';
import { fixed, number, percent, difference as signed } from '../statistics/figure-text.ts';
import { smallestDifference, smallestShareDifference } from '../statistics/paired/smallest-difference.ts';
import { type ComputedDifference, type EstimateOptions, isDifference, type Metric, type Rows } from './metric.ts';

export type DifferenceVerdict = 'better' | 'not-worse' | 'not-better' | 'worse' | 'incomparable';

/** What one metric says about candidate and champion; the form a record keeps. */
export interface MetricComparison {
  readonly metric: string;
  readonly candidate: number;
  readonly champion: number;
  /** Candidate minus champion, turned so that more is better. */
  readonly difference: number;
  readonly interval?: Interval;
  readonly p?: number;
  readonly test?: string;
  /** 0: must be better; above: may be worse by this much. */
  readonly margin: number;
  readonly verdict: DifferenceVerdict;
  readonly discordant?: { readonly candidateOnly: number; readonly championOnly: number };
  /** Where the two differ on few rows: what must agree with the interval. */
  readonly few?: { readonly exactP: number; readonly lowerBound?: number };
  readonly smallestVisible?: number;
}

/** A metric without a figure on one side: kept apart, because a record's comparison holds numbers. */
export interface MissingComparison {
  readonly metric: string;
  readonly margin: number;
  readonly verdict: 'incomparable';
  readonly notComputable: string;
  readonly candidate: Estimate;
  readonly champion: Estimate;
}

export interface Guard<R extends Rows> {
  readonly metric: Metric<R>;
  /** May be worse by this much, in the metric's unit; at least 0. */
  readonly margin: number;
}

export interface CompareRequest<R extends Rows> {
  readonly primary: Metric<R>;
  /** Worse by this much is still good enough; 0 by default: the candidate must be better. */
  readonly margin?: number;
  readonly guards?: readonly Guard<R>[];
  /** The same rows in the same order: see `joinByKey` and `take`. */
  readonly candidate: R;
  readonly champion: R;
  /** Two-sided; 0.05 by default. */
  readonly alpha?: number;
  /** Rows dropped before, because the champion was trained on them. */
  readonly leftOut?: number;
  readonly seed?: bigint | string;
  readonly replicates?: number;
  readonly signal?: AbortSignal;
  progress?(share: number): void;
}

export interface ModelComparison {
  readonly verdict: 'better' | 'not-better' | 'incomparable';
  /** Always there unless better. */
  readonly reason?: { readonly code: string; readonly text: string };
  readonly n: number;
  readonly leftOut: number;
  readonly primary?: MetricComparison;
  readonly guards: readonly MetricComparison[];
  /** Metrics that had no figure to compare. */
  readonly missing: readonly MissingComparison[];
}

/**
 * The promotion rule (S23): better when the lower bound of the paired difference of the primary metric lies above 0 (with a margin: above
 * -margin) and no guard may be worse by more than its margin. With fewer than 25 discordant rows an exact test must agree, too.
 * Every condition must hold at once, so no correction for many tests is due.
 */
export async function compareModels<R extends Rows>(request: CompareRequest<R>): Promise<ModelComparison> {
  const { primary, margin = 0, guards = [], candidate, champion, alpha = 0.05, leftOut = 0 } = request;
  const n = candidate.n;
  const asked = [{ metric: primary, margin }, ...guards];
  for (const { metric, margin: allowed } of asked)
    if (!(allowed >= 0 && Number.isFinite(allowed)))
      throw new RangeError(`The margin of ${metric.name} is a number of at least 0, not ${allowed}.`);

  if (n === 0) {
    const text =
      leftOut === 0 ? 'There are no rows to compare on.' : `All ${leftOut} rows were left out: the champion was trained on them.`;
    return { verdict: 'incomparable', reason: { code: 'no-rows', text }, n, leftOut, guards: [], missing: [] };
  }

  const found: (MetricComparison | MissingComparison)[] = [];
  for (const [at, { metric, margin: allowed }] of asked.entries()) {
    const progress = (share: number): void => request.progress?.((at + share) / asked.length);
    found.push(await compareMetric(metric, allowed, candidate, champion, { ...optionsOf(request, alpha), progress }, at > 0));
  }
  const missing = found.filter((one): one is MissingComparison => 'notComputable' in one);
  const computed = found.filter((one): one is MetricComparison => !('notComputable' in one));
  const first = found[0]!;
  const common = {
    n,
    leftOut,
    ...('notComputable' in first ? {} : { primary: first }),
    guards: computed.filter((one) => one !== first),
    missing,
  };

  if (missing.length > 0) {
    const { metric, notComputable } = missing[0]!;
    return {
      ...common,
      verdict: 'incomparable',
      reason: { code: notComputable, text: `${metric} could not be compared: ${notComputable}.` },
    };
  }
  const main = common.primary!;
  if (main.verdict !== 'better' && main.verdict !== 'not-worse')
    return { ...common, verdict: 'not-better', reason: notBetter(main, alpha) };
  const broken = common.guards.find((guard) => guard.verdict !== 'better' && guard.verdict !== 'not-worse');
  if (broken !== undefined) return { ...common, verdict: 'not-better', reason: guardBroken(broken, alpha) };
  return { ...common, verdict: 'better' };
}

/** One metric's comparison with its verdict; `guard` allows `not-worse` without a margin's word in the message. */
export async function compareMetric<R extends Rows>(
  metric: Metric<R>,
  margin: number,
  candidate: R,
  champion: R,
  options: EstimateOptions = {},
  guard = margin > 0,
): Promise<MetricComparison | MissingComparison> {
  if (metric.compare === undefined || metric.better === 'none')
    throw new RangeError(
      `${metric.name} cannot decide between two models: ${metric.compare === undefined ? 'it has no paired interval' : 'it has no better direction'}.`,
    );
  const difference = await metric.compare(candidate, champion, options);
  if (!isDifference(difference)) {
    const { notComputable, candidate: ours, champion: theirs } = difference;
    return { metric: metric.name, margin, verdict: 'incomparable', notComputable, candidate: ours, champion: theirs };
  }
  const { candidate: ours, champion: theirs, difference: d, interval, p, test, discordant, few } = difference;
  return {
    metric: metric.name,
    candidate: ours,
    champion: theirs,
    difference: d,
    interval,
    p,
    test,
    margin,
    verdict: verdictOf(difference, margin, guard),
    ...(discordant === undefined ? {} : { discordant }),
    ...(few === undefined ? {} : { few }),
    smallestVisible: smallestVisible(difference, 1 - interval.level),
  };
}

/** Better: the whole interval above 0 (and the exact test agrees). Not worse: above -margin. Worse: the whole interval below -margin. */
export function verdictOf(difference: ComputedDifference, margin: number, guard: boolean): DifferenceVerdict {
  const { interval, few } = difference;
  const alpha = 1 - interval.level;
  if (interval.low > 0 && (few === undefined || few.exactP < alpha)) return 'better';
  if ((margin > 0 || guard) && interval.low > -margin && (few?.lowerBound === undefined || few.lowerBound > -margin)) return 'not-worse';
  if (interval.high < -margin && (few === undefined || few.exactP < alpha)) return 'worse';
  return 'not-better';
}

/** Smallest difference that as many rows would have shown with 80 % power (S24). */
function smallestVisible({ discordant, n, standardError, test }: ComputedDifference, alpha: number): number {
  if (test === 'wald-paired' && discordant !== undefined)
    return smallestShareDifference(discordant.candidateOnly + discordant.championOnly, n, { alpha });
  return smallestDifference(standardError, { alpha });
}

const optionsOf = <R extends Rows>({ seed, replicates, signal }: CompareRequest<R>, alpha: number): EstimateOptions => ({
  seed,
  replicates,
  signal,
  level: 1 - alpha,
});

function notBetter(found: MetricComparison, alpha: number): { code: string; text: string } {
  const bound = fewDecide(found) ?? (found.margin === 0 ? 'is not wholly above 0' : `reaches below −${found.margin}`);
  const visible =
    found.smallestVisible === undefined ? '' : ` The smallest difference these rows would have shown is ${number(found.smallestVisible)}.`;
  return { code: found.verdict === 'worse' ? 'worse' : 'not-better', text: `${gap(found, alpha)} ${bound}.${visible}` };
}

function guardBroken(found: MetricComparison, alpha: number): { code: string; text: string } {
  const bound = fewDecide(found);
  const but = bound === undefined ? '' : ` ${bound}, which`;
  return { code: 'guard', text: `${gap(found, alpha)}${but} does not rule out that it is worse by more than ${found.margin}.` };
}

/** Why few rows say no where the interval alone would have said yes; undefined where the interval says no. */
function fewDecide({ interval, margin, few, discordant }: MetricComparison): string | undefined {
  if (few === undefined || interval === undefined || interval.low <= -margin) return undefined;
  const rows =
    discordant === undefined
      ? 'too few rows that differ'
      : `the ${discordant.candidateOnly + discordant.championOnly} rows on which the two differ, too few for it`;
  const careful =
    margin === 0 || few.lowerBound === undefined
      ? `the exact test gives p = ${fixed(few.exactP, 3)}`
      : `Newcombe's bound is ${signed(few.lowerBound)}`;
  return `rests on ${rows}: ${careful}`;
}

function gap({ metric, difference, interval }: MetricComparison, alpha: number): string {
  return `${metric}: the difference ${signed(difference, interval)}${interval === undefined ? '' : ` (${percent(1 - alpha)})`}`;
}

/** The plain values of all metrics that these rows can give, in order: for records and choices without a comparison. */
export function valuesOf<R extends Rows>(metrics: readonly Metric<R>[], rows: R): Map<string, number> {
  const out = new Map<string, number>();
  for (const metric of metrics) {
    if (!metric.applies(rows)) continue;
    const estimate = metric.value(rows);
    if (isComputed(estimate)) out.set(metric.name, estimate.value);
  }
  return out;
}
