import type { NotComputable } from '../statistics/estimate.ts';
import { BadInput } from '../tables/bad-input.ts';
import { placeOf, takeNumbers } from './column-checks.ts';
import { byLabelOrder } from './labels.ts';
import { type MeanMetric, meanMetric, type SumMetric, sumMetric } from './mean-metric.ts';
import type { Metric, Rows } from './metric.ts';

/** Any number of labels a row: a column of 0 and 1 per label. */
export interface MultilabelRows extends Rows {
  readonly task: 'multilabel';
  readonly labels: readonly string[];
  readonly truth: readonly Float64Array[];
  readonly predicted: readonly Float64Array[];
}

export interface MultilabelInput {
  /** Labels of each row. */
  readonly truth: readonly (readonly string[])[];
  readonly predicted: readonly (readonly string[])[];
  readonly labels?: readonly string[];
}

/** Encodes sets of labels. `BadInput` for other lengths and for labels that are not among the declared ones. */
export function multilabelRows({ truth, predicted, labels }: MultilabelInput): MultilabelRows {
  if (truth.length !== predicted.length)
    throw new BadInput('wrong-length', `expected ${truth.length} rows, as the truth has, and found ${predicted.length}.`);
  const known = labels ?? [...new Set([...truth, ...predicted].flat())].sort(byLabelOrder);
  const codeOf = new Map(known.map((label, code) => [label, code]));
  const encode = (rows: readonly (readonly string[])[], side: string): Float64Array[] => {
    const columns = known.map(() => new Float64Array(rows.length));
    rows.forEach((row, i) => {
      for (const label of row) {
        const code = codeOf.get(label);
        if (code === undefined)
          throw new BadInput('unknown-label', `${JSON.stringify(label)} is not a declared label.`, placeOf({}, i, side));
        columns[code]![i] = 1;
      }
    });
    return columns;
  };
  return multilabelRowsOf({ labels: known, truth: encode(truth, 'truth'), predicted: encode(predicted, 'predicted') }, truth.length);
}

function multilabelRowsOf(columns: Pick<MultilabelRows, 'labels' | 'truth' | 'predicted'>, n: number): MultilabelRows {
  return {
    ...columns,
    task: 'multilabel',
    n,
    take(positions) {
      const some = (all: readonly Float64Array[]): Float64Array[] => all.map((column) => takeNumbers(column, positions));
      return multilabelRowsOf({ labels: columns.labels, truth: some(columns.truth), predicted: some(columns.predicted) }, positions.length);
    },
  };
}

type Score = 'precision' | 'recall' | 'f1' | 'jaccard';
const SCORES: readonly Score[] = ['precision', 'recall', 'f1', 'jaccard'];
const TITLES = { precision: 'Precision', recall: 'Recall', f1: 'F1', jaccard: 'Jaccard' } as const;

/** 0/0 counts 0, as in the library. */
function scoreOf(score: Score, right: number, predicted: number, truth: number): number {
  const [part, all] = {
    precision: [right, predicted],
    recall: [right, truth],
    f1: [2 * right, predicted + truth],
    jaccard: [right, predicted + truth - right],
  }[score] as [number, number];
  return all === 0 ? 0 : part / all;
}

const both = (a: readonly Float64Array[], b: readonly Float64Array[]): Float64Array[] =>
  a.map((column, k) => column.map((x, i) => x * b[k]![i]!));

function averaged(score: Score, average: 'macro' | 'weighted' | 'micro'): Metric<MultilabelRows> {
  const sums: SumMetric<MultilabelRows>['sums'] = ({ truth, predicted, labels }) => {
    const k = labels.length;
    if (k === 0) return 'zero-denominator';
    return {
      columns: [...both(truth, predicted), ...predicted, ...truth],
      of(all) {
        let [total, weight, right, found, wanted] = [0, 0, 0, 0, 0];
        for (let label = 0; label < k; label++) {
          const [r, p, t] = [all[label]!, all[k + label]!, all[2 * k + label]!];
          right += r;
          found += p;
          wanted += t;
          const share = average === 'weighted' ? t : 1;
          total += share * scoreOf(score, r, p, t);
          weight += share;
        }
        return average === 'micro' ? scoreOf(score, right, found, wanted) : total / weight;
      },
    };
  };
  const title = `${TITLES[score]} (${average} over labels)`;
  const range = { low: 0, high: 1 };
  return sumMetric({
    name: `${score}_${average}`,
    title,
    better: 'higher',
    tasks: ['multilabel'],
    range,
    otherwise: 'zero-denominator',
    sums,
  });
}

const perRow =
  (of: (truth: readonly number[], predicted: readonly number[]) => number) =>
  (rows: MultilabelRows): Float64Array | NotComputable =>
    rows.labels.length === 0
      ? 'zero-denominator'
      : Float64Array.from({ length: rows.n }, (_, i) =>
          of(
            rows.truth.map((column) => column[i]!),
            rows.predicted.map((column) => column[i]!),
          ),
        );
const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
const shared = (a: readonly number[], b: readonly number[]): number => total(a.map((x, k) => x * b[k]!));

const mean = (name: string, title: string, better: 'higher' | 'lower', values: MeanMetric<MultilabelRows>['values'], share = false) =>
  meanMetric<MultilabelRows>({ name, title, better, tasks: ['multilabel'], range: { low: 0, high: 1 }, share, values });

/** Every metric of a task with any number of labels a row. */
export const multilabelMetrics: readonly Metric<MultilabelRows>[] = [
  ...SCORES.flatMap((score) => (['macro', 'weighted', 'micro'] as const).map((average) => averaged(score, average))),
  ...SCORES.map((score) =>
    mean(
      `${score}_samples`,
      `${TITLES[score]} (mean over rows)`,
      'higher',
      perRow((t, p) => scoreOf(score, shared(t, p), total(p), total(t))),
    ),
  ),
  mean(
    'accuracy',
    'Rows with all labels right',
    'higher',
    perRow((t, p) => Number(t.every((x, k) => x === p[k]))),
    true,
  ),
  mean(
    'hamming_loss',
    'Share of labels wrong',
    'lower',
    perRow((t, p) => total(t.map((x, k) => Math.abs(x - p[k]!))) / t.length),
  ),
];
