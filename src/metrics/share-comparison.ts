import { mcnemarExact } from '../statistics/paired/mcnemar.ts';
import { newcombePaired, type PairedShares, waldPaired } from '../statistics/paired/share-difference.ts';
import { normalTwoSided } from '../statistics/special/normal.ts';
import type { ClassificationRows } from './classification-rows.ts';
import type { ComputedDifference, EstimateOptions } from './metric.ts';

/** Rows over which a metric is a plain share: of right answers, but for precision, whose rows the model itself chooses. */
export type ShareOf = 'all' | 'positives' | 'negatives' | 'predicted-positives';

/** Below this many discordant rows Wald's interval is too narrow to be trusted alone (S23). */
export const FEW_DISCORDANT = 25;

/** How often both, one or none of two models answer right, over the rows of one true class or all. */
export function pairedRight(candidate: ClassificationRows, champion: ClassificationRows, over: ShareOf): PairedShares {
  const { truth, positive } = candidate;
  let both = 0;
  let onlyFirst = 0;
  let onlySecond = 0;
  let neither = 0;
  for (let i = 0; i < truth.length; i++) {
    if (over !== 'all' && (truth[i] === positive) !== (over === 'positives')) continue;
    const first = candidate.predicted[i] === truth[i];
    const second = champion.predicted[i] === truth[i];
    if (first && second) both++;
    else if (first) onlyFirst++;
    else if (second) onlySecond++;
    else neither++;
  }
  return { both, onlyFirst, onlySecond, neither };
}

/** Difference of two shares of right answers: Wald's paired interval, with the exact test and Newcombe's bound where few rows differ. */
export function compareShares(shares: PairedShares, options: EstimateOptions = {}): ComputedDifference {
  const { difference, standardError, interval, n } = waldPaired(shares, options.level);
  const found: ComputedDifference = {
    candidate: (shares.both + shares.onlyFirst) / n,
    champion: (shares.both + shares.onlySecond) / n,
    difference,
    n,
    interval,
    p: standardError === 0 ? Number(difference === 0) : normalTwoSided(difference / standardError),
    test: 'wald-paired',
    standardError,
  };
  return { ...found, ...fewRows(shares), ...lowerBound(shares, options) };
}

function lowerBound(shares: PairedShares, options: EstimateOptions): Pick<ComputedDifference, 'few'> {
  const { few } = fewRows(shares);
  return few === undefined ? {} : { few: { ...few, lowerBound: newcombePaired(shares, options.level).low } };
}

/** A difference without any spread, as of a perfect model and a constant one: below 25 rows the sign test over all of them must agree. */
export const withoutSpread = (n: number): Pick<ComputedDifference, 'few'> =>
  n < FEW_DISCORDANT ? { few: { exactP: mcnemarExact(n, 0).p } } : {};

/** The discordant rows, and the exact test where they are few. */
export function fewRows({ onlyFirst, onlySecond }: PairedShares): Pick<ComputedDifference, 'discordant' | 'few'> {
  const discordant = { candidateOnly: onlyFirst, championOnly: onlySecond };
  if (onlyFirst + onlySecond >= FEW_DISCORDANT) return { discordant };
  return { discordant, few: { exactP: mcnemarExact(onlyFirst, onlySecond).p } };
}
