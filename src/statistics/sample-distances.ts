import { type Numbers, requireCounts, requireFinite, requireSameLength, sum, variance } from './numbers.ts';
import { sortOrder } from './sort.ts';

export interface Weights {
  readonly a?: Numbers;
  readonly b?: Numbers;
}

/** Calls `use(gap, width)` with F - G on every stretch between neighbouring pooled values. NaN results when a side is empty. */
function overSteps(a: Numbers, b: Numbers, weights: Weights, use: (gap: number, width: number) => void): void {
  const [one, two] = [stepsOf(a, weights.a, 'first sample'), stepsOf(b, weights.b, 'second sample')];
  let [i, j, f, g] = [0, 0, 0, 0];
  let at = Math.min(a[one.order[0]!]!, b[two.order[0]!]!);
  while (i < a.length || j < b.length) {
    const x = Math.min(
      i < a.length ? a[one.order[i]!]! : Number.POSITIVE_INFINITY,
      j < b.length ? b[two.order[j]!]! : Number.POSITIVE_INFINITY,
    );
    use(f / one.total - g / two.total, x - at);
    at = x;
    while (i < a.length && a[one.order[i]!]! <= x) f += one.weightOf(i++);
    while (j < b.length && b[two.order[j]!]! <= x) g += two.weightOf(j++);
  }
}

function stepsOf(values: Numbers, weights: Numbers | undefined, what: string) {
  requireFinite(values, what);
  if (weights) {
    requireSameLength(values, weights, `weights of the ${what}`);
    requireCounts(weights, `weights of the ${what}`);
  }
  const order = sortOrder(values);
  return { order, total: weights ? sum(weights) : values.length, weightOf: (i: number): number => (weights ? weights[order[i]!]! : 1) };
}

/** Wasserstein distance ∫abs(F - G), optionally weighted. NaN when a side is empty. */
export function wasserstein(a: Numbers, b: Numbers, weights: Weights = {}): number {
  if (a.length === 0 || b.length === 0) return Number.NaN;
  let total = 0;
  overSteps(a, b, weights, (gap, width) => {
    total += Math.abs(gap) * width;
  });
  return total;
}

/**
 * Wasserstein distance over max(σ₀ of the reference, .001), as drift tools norm it. NaN for a constant reference (not computable) and when a
 * side is empty.
 */
export function wassersteinNormed(reference: Numbers, current: Numbers): number {
  const spread = Math.sqrt(variance(reference, 0));
  return spread > 0 ? wasserstein(reference, current) / Math.max(spread, 0.001) : Number.NaN;
}

/** Energy distance √(2∫(F - G)²), optionally weighted. NaN when a side is empty. */
export function energyDistance(a: Numbers, b: Numbers, weights: Weights = {}): number {
  if (a.length === 0 || b.length === 0) return Number.NaN;
  let total = 0;
  overSteps(a, b, weights, (gap, width) => {
    total += gap * gap * width;
  });
  return Math.sqrt(2 * total);
}

/** Points for MMD: plain numbers, or one row of coordinates each. */
export type Points = Numbers | readonly Numbers[];

const pointsOf = (points: Points): Float64Array[] =>
  Array.from(points as ArrayLike<number | Numbers>, (point) =>
    typeof point === 'number' ? Float64Array.of(point) : Float64Array.from(point),
  );

function squaredDistance(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let c = 0; c < a.length; c++) total += (a[c]! - b[c]!) ** 2;
  return total;
}

/**
 * Unbiased squared maximum mean discrepancy with the Gaussian kernel exp(-d²/2σ²). O(n²): sample large sides first. `variance` is σ²; left
 * out, it is half the median of all n² squared distances of the reference, zeros included, the upper one of two middle ones (½ when that is 0).
 * NaN when a side has fewer than two points.
 */
export function mmd(reference: Points, current: Points, kernelVariance?: number): number {
  const [x, y] = [pointsOf(reference), pointsOf(current)];
  if (x.length < 2 || y.length < 2) return Number.NaN;
  for (const point of [...x, ...y]) {
    requireFinite(point, 'point');
    requireSameLength(x[0]!, point, 'points');
  }
  const scale = -0.5 / (kernelVariance ?? (medianSquaredDistance(x) / 2 || 0.5));
  const within = (points: Float64Array[]): number => {
    let total = 0;
    for (let i = 0; i < points.length; i++) for (let j = 0; j < i; j++) total += Math.exp(scale * squaredDistance(points[i]!, points[j]!));
    return (2 * total) / (points.length * (points.length - 1));
  };
  let cross = 0;
  for (const p of x) for (const q of y) cross += Math.exp(scale * squaredDistance(p, q));
  return within(x) + within(y) - (2 * cross) / (x.length * y.length);
}

function medianSquaredDistance(points: Float64Array[]): number {
  const n = points.length;
  const all = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) all[i * n + j] = squaredDistance(points[i]!, points[j]!);
  return all.sort()[Math.floor(all.length / 2)]!;
}
