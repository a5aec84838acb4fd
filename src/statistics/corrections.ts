import { chiSquareSf } from './special/distributions.ts';
import { normalQuantile, normalSf } from './special/normal.ts';

export type Correction = 'bonferroni' | 'sidak' | 'holm' | 'holm-sidak' | 'hochberg' | 'hommel' | 'bh' | 'by' | 'two-stage-bh';

const CORRECTIONS: Record<Correction, (sorted: readonly number[], alpha: number) => number[]> = {
  bonferroni: (p) => p.map((x) => x * p.length),
  sidak: (p) => p.map((x) => sidak(x, p.length)),
  holm: (p) => risingMaximum(p.map((x, i) => x * (p.length - i))),
  'holm-sidak': (p) => risingMaximum(p.map((x, i) => sidak(x, p.length - i))),
  hochberg: (p) => fallingMinimum(p.map((x, i) => x * (p.length - i))),
  hommel,
  bh: benjaminiHochberg,
  by: (p) => benjaminiHochberg(p).map((x) => x * harmonic(p.length)),
  'two-stage-bh': twoStage,
};

/**
 * P values adjusted for many tests, in the order given; the default for drift is `bh`, for gates `holm`. NaN stays NaN and does not count
 * as a test (S22). Adjusted values are at most 1 and rise with p; reject where the adjusted value is ≤ α.
 * `alpha` is used by `two-stage-bh` alone.
 */
export function adjust(pValues: ArrayLike<number>, method: Correction = 'bh', alpha = 0.05): number[] {
  const present = Array.from(pValues, (p, at) => ({ p, at })).filter(({ p }) => !Number.isNaN(p));
  for (const { p, at } of present) if (!(p >= 0 && p <= 1)) throw new RangeError(`p value ${at + 1} lies outside 0…1: ${p}`);
  present.sort((a, b) => a.p - b.p || a.at - b.at);
  const adjusted = CORRECTIONS[method](
    present.map(({ p }) => p),
    alpha,
  );
  const out = new Array<number>(pValues.length).fill(Number.NaN);
  present.forEach(({ at }, i) => {
    out[at] = Math.min(1, adjusted[i]!);
  });
  return out;
}

/** 1 - (1 - p)^m without cancellation. */
const sidak = (p: number, m: number): number => -Math.expm1(m * Math.log1p(-p));

const harmonic = (m: number): number => {
  let total = 0;
  for (let i = m; i >= 1; i--) total += 1 / i;
  return total;
};

function risingMaximum(values: number[]): number[] {
  for (let i = 1; i < values.length; i++) values[i] = Math.max(values[i]!, values[i - 1]!);
  return values;
}

function fallingMinimum(values: number[]): number[] {
  for (let i = values.length - 2; i >= 0; i--) values[i] = Math.min(values[i]!, values[i + 1]!);
  return values;
}

function benjaminiHochberg(p: readonly number[]): number[] {
  return fallingMinimum(p.map((x, i) => (x * p.length) / (i + 1)));
}

/** Hommel (1988) in Wright's form (1992): the closed Simes procedure. */
function hommel(p: readonly number[]): number[] {
  const n = p.length;
  const adjusted = [...p];
  for (let m = n; m > 1; m--) {
    let least = Number.POSITIVE_INFINITY;
    for (let i = n - m + 1; i < n; i++) least = Math.min(least, (m * p[i]!) / (m - n + i + 1));
    for (let i = n - m + 1; i < n; i++) adjusted[i] = Math.max(adjusted[i]!, least);
    for (let i = 0; i <= n - m; i++) adjusted[i] = Math.max(adjusted[i]!, Math.min(least, m * p[i]!));
  }
  return adjusted;
}

/** Two-stage BH as statsmodels: BH at α rejects r; unless r is 0 or m the values shrink by (m - r)/m. */
function twoStage(p: readonly number[], alpha: number): number[] {
  const first = benjaminiHochberg(p);
  const rejected = first.filter((x) => x <= alpha).length;
  const share = rejected === 0 || rejected === p.length ? 1 : (p.length - rejected) / p.length;
  return first.map((x) => Math.min(1, x) * share);
}

/** Fisher's combination: -2Σ ln p against χ² with 2m degrees of freedom. */
export function combineFisher(pValues: readonly number[]): { readonly statistic: number; readonly p: number } {
  const statistic = -2 * pValues.reduce((total, p) => total + Math.log(p), 0);
  return { statistic, p: chiSquareSf(statistic, 2 * pValues.length) };
}

/** Stouffer's combination: ΣΦ⁻¹(1 - p)/√m against the normal. */
export function combineStouffer(pValues: readonly number[]): { readonly statistic: number; readonly p: number } {
  const statistic = -pValues.reduce((total, p) => total + normalQuantile(p), 0) / Math.sqrt(pValues.length);
  return { statistic, p: normalSf(statistic) };
}
