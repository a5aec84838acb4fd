import { BadInput } from '../tables/bad-input.ts';
import { classificationMetrics } from './classification.ts';
import type { ClassificationRows } from './classification-rows.ts';
import type { Metric, Rows, Task } from './metric.ts';
import { regressionMetrics } from './regression.ts';
import type { RegressionRows } from './regression-rows.ts';

/** Rows of each task. */
export interface RowsOf {
  readonly binary: ClassificationRows;
  readonly multiclass: ClassificationRows;
  readonly regression: RegressionRows;
}
export type CataloguedTask = keyof RowsOf;

const CATALOGUE: { readonly [T in CataloguedTask]: readonly Metric<RowsOf[T]>[] } = {
  binary: classificationMetrics.filter(({ tasks }) => tasks.includes('binary')),
  multiclass: classificationMetrics.filter(({ tasks }) => tasks.includes('multiclass')),
  regression: regressionMetrics.filter(({ tasks }) => tasks.includes('regression')),
};

/** The metric that decides where the user names none. */
const PRIMARY: { readonly [T in CataloguedTask]: string } = {
  binary: 'auc_roc',
  multiclass: 'f1_macro',
  regression: 'rmse',
};

/** Metrics a report shows unless asked otherwise, in this order. */
const SHOWN: { readonly [T in CataloguedTask]: readonly string[] } = {
  binary: ['accuracy', 'precision', 'recall', 'f1_score', 'auc_roc', 'average_precision', 'log_loss', 'brier', 'mcc'],
  multiclass: ['accuracy', 'balanced_accuracy', 'precision_macro', 'recall_macro', 'f1_macro', 'auc_roc_ovr', 'log_loss', 'mcc'],
  regression: ['rmse', 'mae', 'r2', 'mape', 'bias'],
};

/** Other names by which a metric is asked for; in multiclass tasks precision, recall and F1 mean the average named (macro by default, D15). */
const SYNONYMS: Readonly<Record<string, string>> = {
  roc_auc: 'auc_roc',
  auc: 'auc_roc',
  f1: 'f1_score',
  matthews_corrcoef: 'mcc',
  kappa: 'cohen_kappa',
  pr_auc: 'average_precision',
  brier_score_loss: 'brier',
  r2_score: 'r2',
  mean_absolute_error: 'mae',
  mean_squared_error: 'mse',
  root_mean_squared_error: 'rmse',
  mean_absolute_percentage_error: 'mape',
};

export type F1Kind = 'macro' | 'weighted' | 'micro';

/** All metrics of a task. */
export const metricsOf = <T extends CataloguedTask>(task: T): readonly Metric<RowsOf[T]>[] => CATALOGUE[task];

export const defaultPrimary = (task: CataloguedTask): string => PRIMARY[task];
export const shownMetrics = (task: CataloguedTask): readonly string[] => SHOWN[task];

/** A metric of a task by its name or a synonym; an unknown name is a `BadInput` that names the nearest one. */
export function findMetric<T extends CataloguedTask>(task: T, name: string, { average = 'macro' as F1Kind } = {}): Metric<RowsOf[T]> {
  const metrics = CATALOGUE[task];
  const found = metrics.find((metric) => metric.name === canonicalName(task, name, average));
  if (found !== undefined) return found;
  const elsewhere = tasksWith(name).filter((other) => other !== task);
  const hint = elsewhere.length > 0 ? `It is a metric of ${elsewhere.join(', ')} tasks.` : nearestHint(name, metrics);
  throw new BadInput(
    'unknown-metric',
    `${JSON.stringify(name)} is not a metric of a ${task} task. ${hint}`,
    {},
    `Known: ${metrics.map((metric) => metric.name).join(', ')}.`,
  );
}

function canonicalName(task: CataloguedTask, name: string, average: F1Kind): string {
  const known = SYNONYMS[name] ?? name;
  if (task !== 'multiclass') return known;
  if (known === 'precision' || known === 'recall') return `${known}_${average}`;
  if (known === 'f1_score') return `f1_${average}`;
  return known === 'auc_roc' ? 'auc_roc_ovr' : known;
}

function tasksWith(name: string): Task[] {
  return (Object.keys(CATALOGUE) as CataloguedTask[]).filter((task) =>
    CATALOGUE[task].some((metric) => metric.name === (SYNONYMS[name] ?? name)),
  );
}

function nearestHint(name: string, metrics: readonly Metric<never>[]): string {
  const nearest = [...metrics].sort((a, b) => editDistance(name, a.name) - editDistance(name, b.name))[0];
  return nearest === undefined ? '' : `Did you mean ${nearest.name}?`;
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + Number(a[i - 1] !== b[j - 1]));
    row = next;
  }
  return row[b.length]!;
}

/** Every figure of a list on these rows, metrics that do not apply left out. */
export async function estimateAll<R extends Rows>(
  metrics: readonly Metric<R>[],
  rows: R,
  options: Parameters<Metric<R>['estimate']>[1] = {},
): Promise<Map<string, Awaited<ReturnType<Metric<R>['estimate']>>>> {
  const out = new Map<string, Awaited<ReturnType<Metric<R>['estimate']>>>();
  const asked = metrics.filter((metric) => metric.applies(rows));
  for (const [at, metric] of asked.entries()) {
    const progress = (share: number): void => options.progress?.((at + share) / asked.length);
    out.set(metric.name, await metric.estimate(rows, { ...options, progress }));
  }
  return out;
}
