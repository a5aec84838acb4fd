import { type ConfusionCounts, countsOfClass } from './confusion.ts';

/**
 * Scores that follow from a K × K count matrix, as scikit-learn 1.9 defines them. All of them are smooth functions of the counts,
 * take weighted counts too, and return NaN where they are not defined (0/0), unless `zeroDivision` says otherwise.
 */
type Counts = Pick<ConfusionCounts, 'cells' | 'classes'>;

export type Average = 'macro' | 'weighted' | 'micro';

interface PerClass {
  readonly tp: Float64Array;
  /** Rows whose true class it is. */
  readonly support: Float64Array;
  /** Rows predicted as it. */
  readonly predicted: Float64Array;
  readonly all: number;
}

function perClass({ cells, classes }: Counts): PerClass {
  const k = classes.length;
  const tp = new Float64Array(k);
  const support = new Float64Array(k);
  const predicted = new Float64Array(k);
  let all = 0;
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < k; j++) {
      const count = cells[i * k + j]!;
      support[i]! += count;
      predicted[j]! += count;
      all += count;
    }
    tp[i] = cells[i * k + i]!;
  }
  return { tp, support, predicted, all };
}

/** Share of rows predicted right. */
export function accuracyScore(counts: Counts): number {
  const { tp, all } = perClass(counts);
  return sum(tp) / all;
}

/** Mean recall of the classes present in the truth. */
export function balancedAccuracyScore(counts: Counts): number {
  const { tp, support } = perClass(counts);
  let recalls = 0;
  let present = 0;
  for (let i = 0; i < tp.length; i++) {
    if (support[i] === 0) continue;
    recalls += tp[i]! / support[i]!;
    present++;
  }
  return recalls / present;
}

/** Balanced accuracy rescaled so that guessing scores 0: (b - 1/K)/(1 - 1/K) over the K classes present. */
export function adjustedBalancedAccuracyScore(counts: Counts): number {
  const { support } = perClass(counts);
  const chance = 1 / support.filter((rows) => rows !== 0).length;
  return (balancedAccuracyScore(counts) - chance) / (1 - chance);
}

/** tp/(tp + fp) of one class; NaN when nothing is predicted as it. */
export const precisionOf = (counts: Counts, code: number): number => {
  const { tp, fp } = countsOfClass(counts, code);
  return tp / (tp + fp);
};
/** tp/(tp + fn) of one class; NaN when no row is of it. */
export const recallOf = (counts: Counts, code: number): number => {
  const { tp, fn } = countsOfClass(counts, code);
  return tp / (tp + fn);
};
/** tn/(tn + fp) of one class; NaN when every row is of it. */
export const specificityOf = (counts: Counts, code: number): number => {
  const { fp, tn } = countsOfClass(counts, code);
  return tn / (tn + fp);
};
/** F_β; undefined only when the class is neither true nor predicted anywhere. */
export const fScoreOf = (counts: Counts, code: number, beta = 1): number => {
  const { tp, fp, fn } = countsOfClass(counts, code);
  return ((1 + beta * beta) * tp) / ((1 + beta * beta) * tp + beta * beta * fn + fp);
};
/** tp/(tp + fp + fn) of one class; NaN when it is neither true nor predicted anywhere. */
export const jaccardOf = (counts: Counts, code: number): number => {
  const { tp, fp, fn } = countsOfClass(counts, code);
  return tp / (tp + fp + fn);
};

export type ClassScore = 'precision' | 'recall' | 'jaccard' | { readonly beta: number };

interface AverageOptions {
  /** What a class counts whose score is 0/0: 0 (the default, as in the library), 1, or NaN to leave it out. */
  readonly zeroDivision?: 0 | 1 | typeof Number.NaN;
  /** Average over every declared class, also those neither true nor predicted anywhere. */
  readonly allClasses?: boolean;
}

/** Precision, recall, F_β or Jaccard of each class, averaged over the classes seen in truth or prediction. */
export function averageScore(counts: Counts, score: ClassScore, average: Average, options: AverageOptions = {}): number {
  const { tp, support, predicted } = perClass(counts);
  if (average === 'micro') {
    const t = sum(tp);
    return orElse(ratio(score, t, sum(predicted) - t, sum(support) - t), options.zeroDivision ?? 0);
  }
  let total = 0;
  let weight = 0;
  for (let i = 0; i < tp.length; i++) {
    if (!options.allClasses && support[i] === 0 && predicted[i] === 0) continue;
    const value = orElse(ratio(score, tp[i]!, predicted[i]! - tp[i]!, support[i]! - tp[i]!), options.zeroDivision ?? 0);
    if (Number.isNaN(value)) continue;
    const share = average === 'macro' ? 1 : support[i]!;
    total += share * value;
    weight += share;
  }
  return total / weight;
}

function ratio(score: ClassScore, tp: number, fp: number, fn: number): number {
  if (score === 'precision') return tp / (tp + fp);
  if (score === 'recall') return tp / (tp + fn);
  if (score === 'jaccard') return tp / (tp + fp + fn);
  const b = score.beta * score.beta;
  return ((1 + b) * tp) / ((1 + b) * tp + b * fn + fp);
}

/** Matthews correlation (Gorodkin's R_K): (c·s - Σp·t)/√((s² - Σp²)(s² - Σt²)). */
export function matthewsScore(counts: Counts): number {
  const { tp, support, predicted, all } = perClass(counts);
  let pt = 0;
  let pp = 0;
  let tt = 0;
  for (let i = 0; i < tp.length; i++) {
    pt += predicted[i]! * support[i]!;
    pp += predicted[i]! * predicted[i]!;
    tt += support[i]! * support[i]!;
  }
  const spread = (all * all - pp) * (all * all - tt);
  return spread > 0 ? (sum(tp) * all - pt) / Math.sqrt(spread) : Number.NaN;
}

export type KappaWeights = 'none' | 'linear' | 'quadratic';

/** Cohen's κ: 1 - Σw·observed/Σw·expected, w = [i ≠ j], |i - j| or (i - j)² over the order of the classes. */
export function kappaScore(counts: Counts, weights: KappaWeights = 'none'): number {
  const { support, predicted, all } = perClass(counts);
  const k = counts.classes.length;
  let observed = 0;
  let expected = 0;
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < k; j++) {
      const w = weights === 'none' ? Number(i !== j) : weights === 'linear' ? Math.abs(i - j) : (i - j) ** 2;
      observed += w * counts.cells[i * k + j]!;
      expected += (w * support[i]! * predicted[j]!) / all;
    }
  }
  return 1 - observed / expected;
}

const orElse = (value: number, otherwise: number): number => (Number.isNaN(value) ? otherwise : value);

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
