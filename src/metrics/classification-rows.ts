import { BadInput } from '../tables/bad-input.ts';
import { expectLength, type Origin, placeOf, probabilityColumn, takeCodes, takeNumbers, weightColumn } from './column-checks.ts';
import { encodeLabels, type Label, type LabelColumn, labelCount, labelsOf } from './labels.ts';
import type { Rows } from './metric.ts';

const SUM_TOLERANCE = 1e-6;

/** Truth and prediction of a classifier, column by column. */
export interface ClassificationRows extends Rows {
  readonly task: 'binary' | 'multiclass' | 'anomaly';
  readonly classes: readonly string[];
  /** Code of the positive class; with it the task is binary, without it multiclass. */
  readonly positive?: number;
  /** Places in `classes`. */
  readonly truth: Int32Array;
  readonly predicted: Int32Array;
  /** Binary: probability of the positive class. */
  readonly scores?: Float64Array;
  /** Multiclass: one column a class, rows summing to 1. */
  readonly probabilities?: readonly Float64Array[];
  readonly weights?: Float64Array;
  /** Threshold by which `predicted` follows from `scores`, where it does. */
  readonly threshold?: number;
}

export interface ClassificationInput {
  readonly truth: LabelColumn;
  /** May be left out where scores or probabilities are given. */
  readonly predicted?: LabelColumn;
  /** Declared order; otherwise every label seen, numbers ascending before text by code point. */
  readonly classes?: readonly Label[];
  readonly positive?: Label;
  readonly scores?: ArrayLike<number>;
  readonly probabilities?: readonly ArrayLike<number>[];
  /** From this score on (inclusive) a row is predicted positive; 0.5 by default, used when `predicted` is left out. */
  readonly threshold?: number;
  readonly weights?: ArrayLike<number>;
  readonly origin?: Origin;
}

/**
 * Checks and encodes the predictions of a classifier.
 * Throws `BadInput` with row and column: lengths that differ, an unknown or missing label, a probability outside 0…1, a row of
 * probabilities that does not sum to 1 within 1e-6, a negative weight; a positive class that the data does not know.
 */
export function classificationRows(input: ClassificationInput): ClassificationRows {
  const origin = input.origin ?? {};
  const n = labelCount(input.truth);
  const classes = classNames(input);
  const positive = positiveCode(input, classes);
  const truth = encodeLabels(input.truth, classes, 'truth', origin);

  const scores = input.scores === undefined ? undefined : probabilityColumn(input.scores, 'score', origin);
  if (scores !== undefined) {
    expectLength(scores.length, n, 'score', origin);
    if (positive === undefined)
      throw new BadInput('no-positive', 'scores belong to a positive class, and none is named.', {}, 'Set `target.positive`.');
  }
  const probabilities = input.probabilities === undefined ? undefined : probabilityTable(input.probabilities, classes, n, origin);
  const threshold = input.threshold ?? 0.5;
  const weights = input.weights === undefined ? undefined : weightColumn(input.weights, n, origin);

  let predicted: Int32Array;
  if (input.predicted !== undefined) {
    expectLength(labelCount(input.predicted), n, 'predicted', origin);
    predicted = encodeLabels(input.predicted, classes, 'predicted', origin);
  } else if (scores !== undefined && positive !== undefined) {
    predicted = predictedAt(scores, threshold, positive);
  } else if (probabilities !== undefined) {
    predicted = likeliest(probabilities, n);
  } else {
    throw new BadInput('no-prediction', 'expected predicted labels, scores or probabilities and found none of them.');
  }

  return rowsOf({
    classes,
    positive,
    truth,
    predicted,
    scores: scores ?? (positive === undefined ? undefined : probabilities?.[positive]),
    probabilities: positive === undefined ? probabilities : undefined,
    weights,
    threshold: input.predicted === undefined && positive !== undefined ? threshold : undefined,
  });
}

/** The same rows judged at another threshold. */
export function atThreshold(rows: ClassificationRows, threshold: number): ClassificationRows {
  if (rows.scores === undefined || rows.positive === undefined) throw new RangeError('A threshold needs scores and a positive class.');
  return rowsOf({ ...rows, predicted: predictedAt(rows.scores, threshold, rows.positive), threshold }, rows.task);
}

/** The same rows with encoded columns given as they are: for callers that have checked them already. */
export function rowsOf(columns: Omit<ClassificationRows, 'task' | 'n' | 'take'>, task?: ClassificationRows['task']): ClassificationRows {
  return {
    ...columns,
    task: task ?? (columns.positive === undefined ? 'multiclass' : 'binary'),
    n: columns.truth.length,
    take(positions) {
      const some = {
        ...columns,
        truth: takeCodes(columns.truth, positions),
        predicted: takeCodes(columns.predicted, positions),
        scores: columns.scores && takeNumbers(columns.scores, positions),
        probabilities: columns.probabilities?.map((column) => takeNumbers(column, positions)),
        weights: columns.weights && takeNumbers(columns.weights, positions),
      };
      return rowsOf(some, task);
    },
  };
}

function predictedAt(scores: Float64Array, threshold: number, positive: number): Int32Array {
  const negative = 1 - positive;
  const out = new Int32Array(scores.length);
  for (let i = 0; i < out.length; i++) out[i] = scores[i]! >= threshold ? positive : negative;
  return out;
}

function likeliest(probabilities: readonly Float64Array[], n: number): Int32Array {
  const out = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    let best = 0;
    for (let k = 1; k < probabilities.length; k++) if (probabilities[k]![i]! > probabilities[best]![i]!) best = k;
    out[i] = best;
  }
  return out;
}

function classNames(input: ClassificationInput): readonly string[] {
  if (input.classes === undefined) {
    const columns = input.predicted === undefined ? [input.truth] : [input.truth, input.predicted];
    const found = labelsOf(columns);
    const positive = input.positive === undefined ? undefined : String(input.positive);
    // One class in the data: the other one is known only by what it is not.
    if (positive !== undefined && found.length === 1) return found[0] === positive ? [`not ${positive}`, positive] : [found[0]!, positive];
    if (positive !== undefined && found.length === 0) return [`not ${positive}`, positive];
    return found;
  }
  const classes = input.classes.map(String);
  const twice = classes.find((label, index) => classes.indexOf(label) !== index);
  if (twice !== undefined) throw new BadInput('duplicate-class', `the declared class ${JSON.stringify(twice)} is listed twice.`);
  return classes;
}

function positiveCode(input: ClassificationInput, classes: readonly string[]): number | undefined {
  if (input.positive === undefined) return undefined;
  if (classes.length !== 2) {
    throw new BadInput(
      'not-two-classes',
      `a positive class (${JSON.stringify(String(input.positive))}) makes the task binary, and the target has ${classes.length} values: ${classes
        .slice(0, 5)
        .map((label) => JSON.stringify(label))
        .join(', ')}${classes.length > 5 ? ', …' : ''}.`,
      {},
      'Leave `target.positive` out for more than two classes, or clean the target.',
    );
  }
  const code = classes.indexOf(String(input.positive));
  if (code < 0) {
    throw new BadInput(
      'unknown-positive',
      `the positive class ${JSON.stringify(String(input.positive))} is not among ${classes.map((label) => JSON.stringify(label)).join(', ')}.`,
      {},
      'Write `target.positive` exactly as the data has it.',
    );
  }
  return code;
}

function probabilityTable(columns: readonly ArrayLike<number>[], classes: readonly string[], n: number, origin: Origin): Float64Array[] {
  if (columns.length !== classes.length) {
    throw new BadInput('wrong-classes', `expected probabilities of ${classes.length} classes and found ${columns.length} columns.`, {
      file: origin.file,
    });
  }
  const checked = columns.map((column, k) => {
    expectLength(column.length, n, `p(${classes[k]})`, origin);
    return probabilityColumn(column, `p(${classes[k]})`, origin);
  });
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (const column of checked) sum += column[i]!;
    if (Math.abs(sum - 1) > SUM_TOLERANCE)
      throw new BadInput('probabilities-off', `expected probabilities that sum to 1 and found ${sum}.`, placeOf(origin, i));
  }
  return checked;
}
