import { byCodePoint } from '../code-point-order.ts';
import type { CategoricalProfile, NumericProfile } from '../profile-types.ts';
import { countUpTo, elementAt } from './distribution.ts';

export interface Bin {
  readonly label: string;
  readonly reference: number;
  readonly current: number;
}

const MISSING = '(missing)';
const OTHER = '(other)';
const DECILES = 10;
const CATEGORIES_BINNED = 50;
const NAMES_SHOWN = 100;

const filled = (bins: readonly Bin[]): readonly Bin[] => bins.filter(({ reference, current }) => reference > 0 || current > 0);
const missingBin = (reference: number, current: number): readonly Bin[] =>
  reference > 0 || current > 0 ? [{ label: MISSING, reference, current }] : [];

/**
 * S17: bins between the distinct `inverted_cdf` deciles of the reference, open at both ends; a bin holds the values above its lower
 * edge up to its upper one. Missing is a bin when either side has one; bins empty on both sides are dropped.
 */
export function numericBins(reference: NumericProfile, current: NumericProfile): readonly Bin[] {
  const edges: number[] = [];
  for (let k = 1; k < DECILES; k++) {
    const edge = elementAt(reference.distribution, Math.ceil((reference.count * k) / DECILES));
    if (edges.at(-1) !== edge) edges.push(edge);
  }
  const upTo = (column: NumericProfile, x: number) => {
    const { low, high } = countUpTo(column, x, false);
    return Math.round((low + high) / 2);
  };
  const bins: Bin[] = [];
  let before = { reference: 0, current: 0, edge: '' };
  for (const edge of [...edges, Number.POSITIVE_INFINITY]) {
    const last = edge === Number.POSITIVE_INFINITY;
    const until = last
      ? { reference: reference.count, current: current.count }
      : { reference: upTo(reference, edge), current: upTo(current, edge) };
    const label = last ? `> ${before.edge}` : before.edge === '' ? `≤ ${edge}` : `${before.edge} … ${edge}`;
    bins.push({ label, reference: until.reference - before.reference, current: until.current - before.current });
    before = { ...until, edge: String(edge) };
  }
  return [...filled(bins), ...missingBin(reference.missing, current.missing)];
}

export interface CategoryBins {
  readonly bins: readonly Bin[];
  /** Names of values that only one side has (at most 100), and how many there are. */
  readonly newCategories: readonly string[];
  readonly lostCategories: readonly string[];
  readonly newCount: number;
  readonly lostCount: number;
  /** A side has more values than are kept: a value that is not listed counts as `(other)`, new and lost ones are not told. */
  readonly approximate: boolean;
}

/**
 * S18: the values of both sides by reference count, then current count (both falling), then UTF-8 bytes; the first 50 are bins,
 * the rest `(other)`, missing `(missing)`.
 */
export function categoryBins(reference: CategoricalProfile, current: CategoricalProfile): CategoryBins {
  const counts = new Map<string, { label: string; reference: number; current: number }>();
  for (const { value, count } of reference.values) counts.set(value, { label: value, reference: count, current: 0 });
  for (const { value, count } of current.values) {
    const known = counts.get(value);
    if (known) known.current = count;
    else counts.set(value, { label: value, reference: 0, current: count });
  }
  const ordered = [...counts.values()].sort((a, b) => b.reference - a.reference || b.current - a.current || byCodePoint(a.label, b.label));
  const binned = ordered.slice(0, CATEGORIES_BINNED);
  const rest = binned.reduce((left, bin) => ({ reference: left.reference - bin.reference, current: left.current - bin.current }), {
    reference: reference.count,
    current: current.count,
  });
  const approximate = !reference.complete || !current.complete;
  const gained = approximate ? [] : ordered.filter((bin) => bin.reference === 0);
  const lost = approximate ? [] : ordered.filter((bin) => bin.current === 0);
  return {
    bins: [...filled([...binned, { label: OTHER, ...rest }]), ...missingBin(reference.missing, current.missing)],
    newCategories: gained.slice(0, NAMES_SHOWN).map(({ label }) => label),
    lostCategories: lost.slice(0, NAMES_SHOWN).map(({ label }) => label),
    newCount: gained.length,
    lostCount: lost.length,
    approximate,
  };
}
