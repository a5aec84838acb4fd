import { BadInput } from '../tables/bad-input.ts';
import { type Numbers, requireCounts, requireSameLength, sum } from './numbers.ts';

/** How PSI treats empty bins: `half` adds ½ to every count (S16, the default), a number replaces zero shares, `raw` leaves them. */
export type ZeroShares = 'half' | 'raw' | 'evidently' | number;

/** Counts as shares; an empty side is an error. */
function sharesOf(counts: Numbers, what: string): Float64Array {
  requireCounts(counts, what);
  const total = sum(counts);
  if (!(total > 0)) throw new BadInput('empty', `${what}: expected at least one row, found none.`);
  return Float64Array.from(counts, (count) => count / total);
}

function bothShares(reference: Numbers, current: Numbers): [Float64Array, Float64Array] {
  requireSameLength(reference, current, 'bins');
  return [sharesOf(reference, 'reference counts'), sharesOf(current, 'current counts')];
}

const gapTerm = (p: number, q: number): number => (p === q ? 0 : (q - p) * Math.log(q / p));

/**
 * Population stability index of two count vectors over the same B bins: Σ(q - p) ln(q/p). By default p = (c + ½)/(n + ½B), so that an empty
 * bin never makes it infinite. `raw` is infinite with one-sided zeros; a number stands for zero shares without renormalising;
 * `evidently`: 1e-4, or a millionth of the smallest share where that is at most 1e-4.
 */
export function psi(reference: Numbers, current: Numbers, zeros: ZeroShares = 'half'): number {
  const [p, q] = bothShares(reference, current);
  if (zeros === 'half') {
    smooth(p, reference);
    smooth(q, current);
  } else if (zeros !== 'raw') {
    fillZeros(p, zeros);
    fillZeros(q, zeros);
  }
  return sum(p.map((share, i) => gapTerm(share, q[i]!)));
}

function smooth(shares: Float64Array, counts: Numbers): void {
  const total = sum(counts) + counts.length / 2;
  for (let i = 0; i < shares.length; i++) shares[i] = (counts[i]! + 0.5) / total;
}

function fillZeros(shares: Float64Array, zeros: 'evidently' | number): void {
  const least = shares.reduce((smallest, share) => (share > 0 ? Math.min(smallest, share) : smallest), 1);
  const filler = zeros === 'evidently' ? (least <= 1e-4 ? least / 1e6 : 1e-4) : zeros;
  for (let i = 0; i < shares.length; i++) if (shares[i] === 0) shares[i] = filler;
}

/** p ln(p/q): 0 at p = 0, ∞ at q = 0 < p. */
const relativeTerm = (p: number, q: number): number => (p === 0 ? 0 : p * Math.log(p / q));

/** Kullback-Leibler divergence Σp ln(p/q) in nats; ∞ when q = 0 < p. */
export function kullbackLeibler(reference: Numbers, current: Numbers): number {
  const [p, q] = bothShares(reference, current);
  return Math.max(0, sum(p.map((share, i) => relativeTerm(share, q[i]!))));
}

/** Jensen-Shannon distance √(½KL(p, m) + ½KL(q, m)), m the mean; in nats (at most .8326) or base 2 (at most 1). */
export function jensenShannon(reference: Numbers, current: Numbers, base: 'e' | 2 = 'e'): number {
  const [p, q] = bothShares(reference, current);
  const terms = p.map((share, i) => {
    const middle = (share + q[i]!) / 2;
    return (relativeTerm(share, middle) + relativeTerm(q[i]!, middle)) / 2;
  });
  return Math.sqrt(Math.max(0, sum(terms)) / (base === 2 ? Math.LN2 : 1));
}

/** Hellinger distance √(½Σ(√p - √q)²), 0…1. */
export function hellinger(reference: Numbers, current: Numbers): number {
  const [p, q] = bothShares(reference, current);
  return Math.sqrt(sum(p.map((share, i) => (Math.sqrt(share) - Math.sqrt(q[i]!)) ** 2)) / 2);
}

/** Total variation ½Σabs(p - q), 0…1. */
export function totalVariation(reference: Numbers, current: Numbers): number {
  const [p, q] = bothShares(reference, current);
  return sum(p.map((share, i) => Math.abs(share - q[i]!))) / 2;
}

/** Largest difference of two shares, 0…1. */
export function maxDifference(reference: Numbers, current: Numbers): number {
  const [p, q] = bothShares(reference, current);
  return p.reduce((most, share, i) => Math.max(most, Math.abs(share - q[i]!)), 0);
}
