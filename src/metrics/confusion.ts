import type { ClassificationRows } from './classification-rows.ts';

/** How often each true class was predicted as each class: one pass, mergeable, all that count metrics need. */
export interface ConfusionCounts {
  readonly classes: readonly string[];
  /** K × K, row by row: true class, then predicted class. Sums of weights where there are weights. */
  readonly cells: Float64Array;
  /** Rows counted, whatever their weight. */
  n: number;
  /** Sum of weights; `n` without them. */
  weight: number;
}

/** A K × K matrix of zeros: rows are the truth, columns the prediction. */
export const emptyConfusion = (classes: readonly string[]): ConfusionCounts => ({
  classes,
  cells: new Float64Array(classes.length * classes.length),
  n: 0,
  weight: 0,
});

/** Adds rows given as codes into `counts.classes`. */
export function countRows(counts: ConfusionCounts, truth: Int32Array, predicted: Int32Array, weights?: Float64Array): void {
  const { cells } = counts;
  const k = counts.classes.length;
  if (weights === undefined) {
    for (let i = 0; i < truth.length; i++) cells[truth[i]! * k + predicted[i]!]!++;
    counts.weight += truth.length;
  } else {
    let sum = 0;
    for (let i = 0; i < truth.length; i++) {
      cells[truth[i]! * k + predicted[i]!]! += weights[i]!;
      sum += weights[i]!;
    }
    counts.weight += sum;
  }
  counts.n += truth.length;
}

/** Adds `other` to `counts`; both must know the same classes in the same order. */
export function mergeConfusion(counts: ConfusionCounts, other: ConfusionCounts): void {
  if (counts.classes.length !== other.classes.length || counts.classes.some((label, i) => label !== other.classes[i]))
    throw new RangeError('Only counts over the same classes can be merged.');
  for (let c = 0; c < counts.cells.length; c++) counts.cells[c]! += other.cells[c]!;
  counts.n += other.n;
  counts.weight += other.weight;
}

const counted = new WeakMap<ClassificationRows, ConfusionCounts>();

/** The counts of these rows; counted once, however many metrics ask. */
export function confusionOf(rows: ClassificationRows): ConfusionCounts {
  const known = counted.get(rows);
  if (known !== undefined) return known;
  const counts = emptyConfusion(rows.classes);
  countRows(counts, rows.truth, rows.predicted, rows.weights);
  counted.set(rows, counts);
  return counts;
}

/** True positives, false positives, false negatives and true negatives of one class against all others. */
export interface BinaryCounts {
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
  readonly tn: number;
}

/** tp, fp, fn and tn of one class against the rest, in rows or weight. */
export function countsOfClass({ cells, classes }: Pick<ConfusionCounts, 'cells' | 'classes'>, code: number): BinaryCounts {
  const k = classes.length;
  let inRow = 0;
  let inColumn = 0;
  let all = 0;
  for (let j = 0; j < k; j++) {
    inRow += cells[code * k + j]!;
    inColumn += cells[j * k + code]!;
  }
  for (let c = 0; c < cells.length; c++) all += cells[c]!;
  const tp = cells[code * k + code]!;
  return { tp, fp: inColumn - tp, fn: inRow - tp, tn: all - inRow - inColumn + tp };
}

export type Normalisation = 'true' | 'predicted' | 'all';

/** Shares of the counts, K × K; a row or column without rows is NaN (the library's 0 is `zeroDivision`). */
export function normalisedConfusion(counts: ConfusionCounts, by: Normalisation, zeroDivision = Number.NaN): Float64Array {
  const k = counts.classes.length;
  const rowSums = new Float64Array(k);
  const columnSums = new Float64Array(k);
  let all = 0;
  for (let c = 0; c < counts.cells.length; c++) {
    rowSums[Math.floor(c / k)]! += counts.cells[c]!;
    columnSums[c % k]! += counts.cells[c]!;
    all += counts.cells[c]!;
  }
  return counts.cells.map((count, c) => {
    const under = by === 'true' ? rowSums[Math.floor(c / k)]! : by === 'predicted' ? columnSums[c % k]! : all;
    return under === 0 ? zeroDivision : count / under;
  });
}
