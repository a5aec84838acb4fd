import type { Interval } from '../estimate.ts';
import { wilson, zOf } from '../intervals/shares.ts';

/** The four cells of two right/wrong judgements on the same rows. */
export interface PairedShares {
  readonly both: number;
  /** Only the first (the candidate) is right. */
  readonly onlyFirst: number;
  /** Only the second (the champion) is right. */
  readonly onlySecond: number;
  readonly neither: number;
}

export interface PairedDifference {
  readonly difference: number;
  readonly standardError: number;
  readonly interval: Interval;
  readonly n: number;
}

function rowsOf({ both, onlyFirst, onlySecond, neither }: PairedShares): number {
  const n = both + onlyFirst + onlySecond + neither;
  if (!(n > 0)) throw new RangeError('a paired difference needs at least one row');
  return n;
}

/** d = (b - c)/n with SE = √(b + c - (b - c)²/n)/n and d ± z·SE. */
export function waldPaired(shares: PairedShares, level = 0.95): PairedDifference {
  const n = rowsOf(shares);
  const { onlyFirst: b, onlySecond: c } = shares;
  const difference = (b - c) / n;
  const standardError = Math.sqrt(Math.max(0, b + c - ((b - c) * (b - c)) / n)) / n;
  const half = zOf(level) * standardError;
  return { difference, standardError, n, interval: { low: difference - half, high: difference + half, level, method: 'wald-paired' } };
}

/**
 * Newcombe's interval for a paired difference (1998, method 10): Wilson limits of both shares joined with φ, whose numerator is reduced by
 * n/2 but not below 0 when positive; φ is 0 when a margin is empty.
 */
export function newcombePaired(shares: PairedShares, level = 0.95): Interval {
  const n = rowsOf(shares);
  const { both: a, onlyFirst: b, onlySecond: c, neither: d } = shares;
  const [first, second] = [a + b, a + c];
  const [one, two] = [wilson(first, n, level), wilson(second, n, level)];
  const [p1, p2] = [first / n, second / n];
  const margins = (a + b) * (c + d) * (a + c) * (b + d);
  const cross = a * d - b * c;
  const phi = margins === 0 ? 0 : (cross > 0 ? Math.max(0, cross - n / 2) : cross) / Math.sqrt(margins);
  const reach = (x: number, y: number): number => Math.sqrt(Math.max(0, x * x - 2 * phi * x * y + y * y));
  return {
    low: p1 - p2 - reach(p1 - one.low, two.high - p2),
    high: p1 - p2 + reach(one.high - p1, p2 - two.low),
    level,
    method: 'newcombe-paired',
  };
}
