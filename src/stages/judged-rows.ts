import { z } from 'zod';
import { type ClassificationRows, classificationRows } from '../metrics/classification-rows.ts';
import type { Rows } from '../metrics/metric.ts';
import { type RegressionRows, regressionRows } from '../metrics/regression-rows.ts';
import { BadInput } from '../tables/bad-input.ts';
import { type Collected, collect } from '../tables/memory-table.ts';
import { refuseRepeatedKeys } from '../tables/repeated-keys.ts';
import { cellText } from '../tables/row-keys.ts';
import type { Table } from '../tables/table.ts';
import { jsonInput } from './json-input.ts';

const FEATURES = 'the features that prepare-data writes';
const featuresSchema = z.object({ target: z.object({ classes: z.array(z.string()).optional() }) });

/** Columns of a predictions file besides the key: the label or number, and `p:<class>` for each class. */
export const PREDICTED = 'predicted';
export const PROBABILITY = 'p:';

export interface Judged<R extends Rows> {
  readonly keys: readonly string[];
  /** As text for labels, as numbers for a regression; what is compared between two models. */
  readonly truth: ArrayLike<string | number>;
  readonly rows: R;
}

export interface JudgeOptions {
  readonly key?: string;
  readonly target: string;
  readonly classes?: readonly string[];
  readonly positive?: string;
  readonly threshold: number;
  readonly signal: AbortSignal;
}

interface JudgeInputs {
  readonly key?: string;
  /** `check` lets no run of these tasks begin without. */
  readonly target?: { readonly column: string; readonly classes?: readonly string[]; readonly positive?: string };
  /** Path of what prepare-data found out about the classes. */
  readonly features?: string;
}

/** How the rows of a stage are judged. `BadInput` `damaged-input` where the features are not what prepare-data writes. */
export async function judgeOptions({ key, target, features }: JudgeInputs, threshold: number, signal: AbortSignal): Promise<JudgeOptions> {
  const { column, positive, classes } = target!;
  const known = features === undefined ? undefined : (await jsonInput(features, featuresSchema, FEATURES)).target.classes;
  return { key, target: column, classes: classes ?? known, positive, threshold, signal };
}

/** Labels of a classifier joined with the truth by key; without a key column, row by row. */
export async function classified(rows: Table, predictions: Table, options: JudgeOptions): Promise<Judged<ClassificationRows>> {
  const { truth, predicted, keys } = await joined(rows, predictions, options);
  const labels = truth.texts(options.target);
  const classColumns = predicted.schema.map(({ name }) => name).filter((name) => name.startsWith(PROBABILITY));
  const classes = options.classes ?? (classColumns.length > 0 ? classColumns.map((name) => name.slice(PROBABILITY.length)) : undefined);
  refuseUnsaidPositive(classes ?? [...new Set(labels)], options, rows.name);
  const scores = predicted.schema.some(({ name }) => name === 'score') ? predicted.values('score') : undefined;
  const probabilities = classes?.every((name) => classColumns.includes(`${PROBABILITY}${name}`))
    ? classes.map((name) => predicted.values(`${PROBABILITY}${name}`))
    : undefined;
  const own = options.positive !== undefined && probabilities ? probabilities[classes!.indexOf(options.positive)] : scores;
  // A binary decision follows from its score and the threshold; the label a trainer wrote was made at its own.
  const decided = options.positive !== undefined && own !== undefined;
  return {
    keys,
    truth: labels,
    rows: classificationRows({
      truth: labels,
      ...(classes && { classes }),
      ...(options.positive !== undefined && { positive: options.positive }),
      ...(decided
        ? { scores: own, threshold: options.threshold }
        : { predicted: predicted.texts(PREDICTED), ...(probabilities && { probabilities }) }),
      origin: { file: predictions.name },
    }),
  };
}

/** Two classes mean something else with the other one as positive: there is no default (D16). */
function refuseUnsaidPositive(classes: readonly string[], { target, positive }: JudgeOptions, file: string): void {
  if (classes.length !== 2 || positive !== undefined) return;
  const [one, other] = [...classes].sort();
  const todo = `Write target: { column: ${target}, positive: "${other}" }.`;
  throw new BadInput(
    'no-positive',
    `two classes were found (${one}, ${other}), and target.positive does not say which one is positive.`,
    { file, column: target },
    todo,
  );
}

/** Numbers of a regressor joined with the truth by key. */
export async function regressed(rows: Table, predictions: Table, options: JudgeOptions): Promise<Judged<RegressionRows>> {
  const { truth, predicted, keys } = await joined(rows, predictions, options);
  const numbers = truth.values(options.target);
  return {
    keys,
    truth: numbers,
    rows: regressionRows({ truth: numbers, predicted: predicted.values(PREDICTED), origin: { file: predictions.name } }),
  };
}

/** Columns of one side, rows already in the order of the other. */
interface Side {
  readonly schema: Table['schema'];
  texts(column: string): string[];
  values(column: string): Float64Array;
}

/** Both sides in the order of the rows. A missing prediction or a key of two rows is an error: nothing is joined silently. */
async function joined(
  rows: Table,
  predictions: Table,
  { key, signal, target }: JudgeOptions,
): Promise<{ truth: Side; predicted: Side; keys: string[] }> {
  const truth = await collect(rows, key === undefined ? [target] : [key, target], signal);
  const predicted = await collect(predictions, undefined, signal);
  if (truth.rows !== predicted.rows) {
    throw new BadInput('row-count', `expected ${truth.rows} predictions, one for each row of ${rows.name}, found ${predicted.rows}.`, {
      file: predictions.name,
    });
  }
  const straight = Int32Array.from({ length: truth.rows }, (_, i) => i);
  if (key === undefined) return { truth: side(truth, straight), predicted: side(predicted, straight), keys: [...straight].map(String) };

  const keys = textsOf(truth, key, straight);
  const theirs = textsOf(predicted, key, straight);
  const at = new Map(theirs.map((name, i) => [name, i]));
  if (at.size < theirs.length) await refuseRepeatedKeys(predictions, [key], signal);
  if (new Set(keys).size < keys.length) await refuseRepeatedKeys(rows, [key], signal);
  const order = Int32Array.from(keys, (name, i) => {
    const found = at.get(name);
    if (found === undefined)
      throw new BadInput('missing-prediction', `there is no prediction for the key "${name}" (row ${i + 2} of ${rows.name}).`, {
        file: predictions.name,
        column: key,
      });
    return found;
  });
  return { truth: side(truth, straight), predicted: side(predicted, order), keys };
}

const side = (table: Collected, order: Int32Array): Side => ({
  schema: table.schema,
  texts: (column) => textsOf(table, column, order),
  values: (column) => {
    const { values, missing } = table.numbers(column);
    return Float64Array.from(order, (row) => {
      if (missing?.[row] === 1)
        throw new BadInput('missing-value', 'expected a number, found nothing.', { file: table.name, row: row + 2, column });
      return values[row]!;
    });
  },
});

function textsOf(table: Collected, column: string, order: Int32Array): string[] {
  const held = table.column(column);
  const field = table.schema.find(({ name }) => name === column)!;
  return Array.from(order, (row) => {
    const text = cellText(held, field, row);
    if (text === undefined)
      throw new BadInput('missing-value', 'expected a value, found nothing.', { file: table.name, row: row + 2, column });
    return text;
  });
}
