import type { Interval } from '../estimate.ts';
import { wilson, zOf } from './shares.ts';

/** Newcombe's hybrid score interval for p₁ - p₂ of two independent samples (1998, method 10). The default for differences. */
export function newcombe(k1: number, n1: number, k2: number, n2: number, level = 0.95): Interval {
  const [p1, p2] = [k1 / n1, k2 / n2];
  const [one, two] = [wilson(k1, n1, level), wilson(k2, n2, level)];
  return {
    low: p1 - p2 - Math.hypot(p1 - one.low, two.high - p2),
    high: p1 - p2 + Math.hypot(one.high - p1, p2 - two.low),
    level,
    method: 'newcombe',
  };
}

/** p₁ - p₂ ± z√(p₁(1-p₁)/n₁ + p₂(1-p₂)/n₂). */
export function waldDifference(k1: number, n1: number, k2: number, n2: number, level = 0.95): Interval {
  return { ...waldEnds(k1, n1, k2, n2, level), level, method: 'wald' };
}

/** Wald's interval after one success and one failure are added to each sample (Agresti, Caffo 2000). */
export function agrestiCaffo(k1: number, n1: number, k2: number, n2: number, level = 0.95): Interval {
  return { ...waldEnds(k1 + 1, n1 + 2, k2 + 1, n2 + 2, level), level, method: 'agresti-caffo' };
}

function waldEnds(k1: number, n1: number, k2: number, n2: number, level: number): { low: number; high: number } {
  if (!(n1 > 0 && n2 > 0)) throw new RangeError(`two shares need n > 0, not ${n1} and ${n2}`);
  const [p1, p2] = [k1 / n1, k2 / n2];
  const half = zOf(level) * Math.sqrt((p1 * (1 - p1)) / n1 + (p2 * (1 - p2)) / n2);
  return { low: p1 - p2 - half, high: p1 - p2 + half };
}

/** Miettinen and Nurminen's score interval for p₁ - p₂ (1985), variance factor N/(N - 1): the roots of z(d) = ±z. */
export function miettinenNurminen(k1: number, n1: number, k2: number, n2: number, level = 0.95): Interval {
  const z = zOf(level);
  const d = k1 / n1 - k2 / n2;
  const score = (gap: number): number => {
    const second = constrainedShare(k1, n1, k2, n2, gap);
    const first = Math.min(1, Math.max(0, second + gap));
    return standardised(d - gap, (first * (1 - first)) / n1 + (second * (1 - second)) / n2, n1 + n2);
  };
  return { low: rootOfFalling(score, z, -1, d), high: rootOfFalling(score, -z, d, 1), level, method: 'miettinen-nurminen' };
}

const standardised = (gap: number, scale: number, total: number): number =>
  gap === 0 ? 0 : gap / Math.sqrt((Math.max(scale, 0) * total) / (total - 1));

/** Maximum likelihood of p₂ under p₁ = p₂ + d: the zero of the falling score function, by bisection. */
function constrainedShare(k1: number, n1: number, k2: number, n2: number, d: number): number {
  let low = Math.max(0, -d);
  let high = Math.min(1, 1 - d);
  const part = (k: number, n: number, p: number): number => (k === 0 ? 0 : k / p) - (k === n ? 0 : (n - k) / (1 - p));
  for (let step = 0; step < 100 && high > low; step++) {
    const p = (low + high) / 2;
    if (p === low || p === high) break;
    if (part(k1, n1, p + d) + part(k2, n2, p) > 0) low = p;
    else high = p;
  }
  return (low + high) / 2;
}

/** Where a falling function passes `level`, by bisection; an end when it does not pass inside. */
function rootOfFalling(f: (x: number) => number, level: number, from: number, to: number): number {
  let [low, high] = [from, to];
  for (let step = 0; step < 200; step++) {
    const x = (low + high) / 2;
    if (x === low || x === high) break;
    if (f(x) > level) low = x;
    else high = x;
  }
  return (low + high) / 2;
}

/** Katz's interval for p₁/p₂ on the logarithmic scale (1978). Undefined when a count is 0: not computable. */
export function katz(k1: number, n1: number, k2: number, n2: number, level = 0.95): Interval | undefined {
  if (k1 === 0 || k2 === 0) return undefined;
  const ratio = k1 / n1 / (k2 / n2);
  const half = zOf(level) * Math.sqrt(1 / k1 - 1 / n1 + 1 / k2 - 1 / n2);
  return { low: ratio * Math.exp(-half), high: ratio * Math.exp(half), level, method: 'katz' };
}

/** Miettinen and Nurminen's score interval for p₁/p₂; the upper end is ∞ when k₂ = 0. Undefined when both counts are 0. */
export function ratioScore(k1: number, n1: number, k2: number, n2: number, level = 0.95): Interval | undefined {
  if (k1 === 0 && k2 === 0) return undefined;
  const z = zOf(level);
  const [p1, p2] = [k1 / n1, k2 / n2];
  const score = (log: number): number => {
    const ratio = Math.exp(log);
    const a = (n1 + n2) * ratio;
    const b = n1 * ratio + k1 + n2 + k2 * ratio;
    const c = k1 + k2;
    const second = (2 * c) / (b + Math.sqrt(Math.max(0, b * b - 4 * a * c)));
    const first = Math.min(1, ratio * second);
    return standardised(p1 - ratio * p2, (first * (1 - first)) / n1 + (ratio * ratio * second * (1 - second)) / n2, n1 + n2);
  };
  const centre = k1 === 0 ? -700 : k2 === 0 ? 700 : Math.log(p1 / p2);
  return {
    low: k1 === 0 ? 0 : Math.exp(rootOfFalling(score, z, -700, centre)),
    high: k2 === 0 ? Number.POSITIVE_INFINITY : Math.exp(rootOfFalling(score, -z, centre, 700)),
    level,
    method: 'score',
  };
}
