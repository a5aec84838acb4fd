import { BadInput } from '../tables/bad-input.ts';
import { anomalyMetricAt, anomalyMetrics } from './anomaly.ts';
import { bleu } from './bleu.ts';
import { chrf, chrfPlusPlus } from './chrf.ts';
import { classificationMetrics } from './classification.ts';
import { embeddingMetricAt, embeddingMetrics } from './embeddings.ts';
import { entityMetrics } from './entities.ts';
import type { Metric, Rows, Task } from './metric.ts';
import { multilabelMetrics } from './multilabel.ts';
import { rankingMetricAt, rankingMetrics } from './ranking.ts';
import { regressionMetrics } from './regression.ts';
import { ter } from './ter.ts';
import { textToSqlMetrics } from './text-to-sql.ts';

/** Every metric there is. Adding one means adding it to its task's list. */
const ALL: readonly Metric[] = [
  ...classificationMetrics,
  ...multilabelMetrics,
  ...regressionMetrics,
  ...rankingMetrics,
  ...embeddingMetrics,
  ...entityMetrics,
  ...anomalyMetrics,
  bleu,
  chrf,
  chrfPlusPlus,
  ter,
  ...textToSqlMetrics,
];

/** Metrics with a number of their own in the name, made when asked for. */
const AT_K: { readonly [T in Task]?: (name: string) => Metric | undefined } = {
  ranking: rankingMetricAt,
  embedding: embeddingMetricAt,
  anomaly: anomalyMetricAt,
};

interface Usual {
  /** The metric that decides where the user names none. */
  readonly primary: string;
  /** Metrics a report shows unless asked otherwise, in this order. */
  readonly shown: readonly string[];
}

const USUAL: { readonly [T in Task]?: Usual } = {
  binary: {
    primary: 'auc_roc',
    shown: ['accuracy', 'precision', 'recall', 'f1_score', 'auc_roc', 'average_precision', 'log_loss', 'brier', 'mcc'],
  },
  multiclass: {
    primary: 'f1_macro',
    shown: ['accuracy', 'balanced_accuracy', 'precision_macro', 'recall_macro', 'f1_macro', 'auc_roc_ovr', 'log_loss', 'mcc'],
  },
  multilabel: { primary: 'f1_macro', shown: ['f1_macro', 'f1_micro', 'precision_macro', 'recall_macro', 'accuracy', 'hamming_loss'] },
  regression: { primary: 'rmse', shown: ['rmse', 'mae', 'r2', 'mape', 'bias'] },
  forecast: { primary: 'rmse', shown: ['rmse', 'mae', 'mase', 'wape', 'smape', 'bias', 'coverage'] },
  ranking: { primary: 'ndcg_at_10', shown: ['ndcg_at_10', 'map', 'mrr', 'precision_at_10', 'recall_at_10'] },
  embedding: { primary: 'recall_at_1', shown: ['recall_at_1', 'recall_at_5', 'mrr', 'cosine', 'cosine_random', 'cosine_gap'] },
  ner: { primary: 'f1_score', shown: ['precision', 'recall', 'f1_score', 'f1_macro', 'token_accuracy'] },
  'text-to-sql': { primary: 'exact_match', shown: ['exact_match', 'f1_score', 'execution'] },
  text: { primary: 'chrf', shown: ['bleu', 'chrf', 'chrf_plus_plus', 'ter'] },
  anomaly: {
    primary: 'average_precision',
    shown: ['average_precision', 'auc_roc', 'precision_at_true', 'precision', 'recall', 'f1_score'],
  },
};

/** Other names under which people ask. */
const SYNONYMS: Readonly<Record<string, string>> = {
  roc_auc: 'auc_roc',
  auc: 'auc_roc',
  f1: 'f1_score',
  matthews_corrcoef: 'mcc',
  kappa: 'cohen_kappa',
  pr_auc: 'average_precision',
  brier_score_loss: 'brier',
  expected_calibration_error: 'ece',
  maximum_calibration_error: 'mce',
  r2_score: 'r2',
  mean_absolute_error: 'mae',
  mean_squared_error: 'mse',
  root_mean_squared_error: 'rmse',
  mean_absolute_percentage_error: 'mape',
};

export type F1Kind = 'macro' | 'weighted' | 'micro';

/** All metrics of a task. */
export const allMetrics = (task: Task): readonly Metric[] => ALL.filter(({ tasks }) => tasks.includes(task));

/** The metric that decides where the user names none: by task, or of rows, which may lack the scores that the usual one needs. */
export function primaryOf(about: Task | Rows): string {
  const task = typeof about === 'string' ? about : about.task;
  const usual = USUAL[task];
  if (usual === undefined) throw new BadInput('no-primary', `a ${task} task has no usual primary metric.`, {}, 'Set `evaluate.primary`.');
  if (typeof about === 'string' || findMetric(task, usual.primary).applies(about)) return usual.primary;
  return usual.shown.find((name) => findMetric(task, name).applies(about) && findMetric(task, name).better !== 'none') ?? usual.primary;
}

/**
 * A metric of a task by its name or a synonym. In multiclass tasks precision, recall and F1 mean the average named (macro by default, D15).
 * An unknown name is a `BadInput` that names the nearest one, or the tasks that have it.
 */
export function findMetric(task: Task, name: string, { average = 'macro' as F1Kind } = {}): Metric {
  const metrics = allMetrics(task);
  const found = metrics.find((metric) => metric.name === canonicalName(task, name, average)) ?? AT_K[task]?.(name);
  if (found !== undefined) return found;
  const elsewhere = namesakes(name).flatMap(({ tasks }) => tasks);
  const hint = elsewhere.length > 0 ? `It is a metric of ${[...new Set(elsewhere)].join(', ')} tasks.` : nearestHint(name, metrics);
  const known = metrics.map((metric) => metric.name).join(', ');
  throw new BadInput('unknown-metric', `${JSON.stringify(name)} is not a metric of a ${task} task. ${hint}`, {}, `Known: ${known}.`);
}

/**
 * A metric by its name alone; where several tasks have one of this name, the rows decide which it is (`rmse` of a binary task is that of the
 * probability, `f1_score` of a multiclass one is `f1_macro`). Its direction is the same in all of them.
 */
export function metricNamed(name: string): Metric {
  const found = namesakes(name);
  const first = found[0];
  if (first === undefined)
    throw new BadInput(
      'unknown-metric',
      `${JSON.stringify(name)} is not a metric. ${nearestHint(name, ALL)}`,
      {},
      'docs/metrics.md lists them all.',
    );
  const tasks = [...new Set(found.flatMap((metric) => metric.tasks))];
  const ofRows = (rows: Rows): Metric => findMetric(rows.task, name);
  return {
    name: first.name,
    title: first.title,
    better: first.better,
    tasks,
    applies: (rows) => isKnown(rows.task, name) && ofRows(rows).applies(rows),
    value: (rows) => ofRows(rows).value(rows),
    estimate: (rows, options) => ofRows(rows).estimate(rows, options),
    ...(found.some((metric) => metric.compare === undefined)
      ? {}
      : { compare: (candidate, champion, options) => ofRows(candidate).compare!(candidate, champion, options) }),
  };
}

/**
 * The metrics to compute on these rows: those named, once each, after the usual ones of the task if `usual` is set. Usual ones that the
 * rows cannot give are left out; a named one that they cannot give is a `BadInput`.
 */
export function metricsOf(rows: Rows, names: readonly string[] = [], usual = true): Metric[] {
  const chosen = new Map<string, Metric>();
  if (usual) {
    for (const name of USUAL[rows.task]?.shown ?? []) {
      const metric = findMetric(rows.task, name);
      if (metric.applies(rows)) chosen.set(metric.name, metric);
    }
  }
  for (const name of names) {
    const metric = findMetric(rows.task, name);
    if (!metric.applies(rows)) {
      const todo = 'Let the trainer write probabilities (or bounds, for intervals), or ask for another metric.';
      throw new BadInput('metric-needs-more', `${metric.name} needs more than these predictions hold.`, {}, todo);
    }
    chosen.set(metric.name, metric);
  }
  return [...chosen.values()];
}

/** Metrics of whatever task that have this name, or into which some task turns it. */
function namesakes(name: string): Metric[] {
  const listed = ALL.filter((metric) => metric.tasks.some((task) => metric.name === canonicalName(task, name, 'macro')));
  return listed.length > 0 ? listed : Object.values(AT_K).flatMap((make) => make(name) ?? []);
}

const isKnown = (task: Task, name: string): boolean =>
  AT_K[task]?.(name) !== undefined || allMetrics(task).some((metric) => metric.name === canonicalName(task, name, 'macro'));

function canonicalName(task: Task, name: string, average: F1Kind): string {
  const known = SYNONYMS[name] ?? name;
  if (task !== 'multiclass') return known;
  if (known === 'precision' || known === 'recall') return `${known}_${average}`;
  if (known === 'f1_score') return `f1_${average}`;
  return known === 'auc_roc' ? 'auc_roc_ovr' : known;
}

function nearestHint(name: string, metrics: readonly Metric[]): string {
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

/** Every figure of a list on these rows, by name; metrics that do not apply are left out. */
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
