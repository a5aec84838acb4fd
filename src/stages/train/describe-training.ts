import type { Curve, MetricValue, RecordTable } from '../../kernel/record.ts';
import type { TrainerSource } from '../../providers/backends/backend.ts';
import { TRAINER_SCHEMA } from '../version-trainer.ts';
import type { Features } from './features.ts';
import type { Fitted } from './jobs.ts';

/** `trainer.json`: kept with the version, and all that is needed to predict with its model again. */
export function trainerFile(
  source: TrainerSource,
  inputs: { readonly task: string; readonly python: unknown; readonly select: string },
  features: Features,
  winner: Fitted,
): Record<string, unknown> {
  return {
    schema: TRAINER_SCHEMA,
    trainer: source,
    python: inputs.python,
    task: inputs.task,
    algorithm: winner.algorithm,
    parameters: winner.fit.parameters,
    cv: winner.fit.cv,
    select: inputs.select,
    key: features.key,
    target: features.target,
    features: features.features.map(({ name }) => name),
    rows: features.rows,
    library: winner.fit.library,
  };
}

export function algorithmTable(fitted: readonly Fitted[], winner: Fitted, select: 'cv' | 'test'): RecordTable {
  // A trainer of one algorithm has nothing to choose and may have no scores.
  const scored = fitted.some(({ fit }) => fit.cv !== undefined);
  const chosenBy = {
    cv: scored ? 'Algorithms, cross-validated in the training part' : 'Algorithms, not cross-validated',
    test: 'Algorithms, chosen on the test part: the figure of the winner is optimistic',
  };
  return {
    name: 'algorithms',
    title: chosenBy[select],
    columns: [
      'algorithm',
      ...(scored ? ['metric', 'mean', 'std', 'folds'] : []),
      'seconds',
      'chosen',
      ...(select === 'test' ? ['test'] : []),
    ],
    rows: fitted.map((one) => [
      one.algorithm,
      ...(scored ? [one.fit.cv?.metric ?? null, one.fit.cv?.mean ?? null, one.fit.cv?.std ?? null, one.fit.cv?.folds?.length ?? null] : []),
      one.seconds,
      one.algorithm === winner.algorithm,
      ...(select === 'test' ? [one.test ?? null] : []),
    ]),
  };
}

const IMPORTANCES_SHOWN = 30;

export function importanceCurve({ algorithm, fit: { importances } }: Fitted): Curve[] {
  if (importances.length === 0) return [];
  const top = [...importances].sort((a, b) => Math.abs(b.importance) - Math.abs(a.importance)).slice(0, IMPORTANCES_SHOWN);
  return [
    {
      name: 'importance',
      title: `Importance of the features (${algorithm})`,
      x: 'feature',
      y: 'importance',
      series: [{ name: algorithm, x: top.map(({ feature }) => feature), y: top.map(({ importance }) => importance) }],
    },
  ];
}

/** The cross-validated score of each algorithm, by name. */
export const crossValidation = (fitted: readonly Fitted[]): MetricValue[] =>
  fitted.flatMap(({ algorithm, fit: { cv, rows } }) =>
    cv === undefined ? [] : [{ name: cv.metric, value: cv.mean, n: rows ?? 0, split: 'train', model: algorithm }],
  );

const POINTS_MAX = 200;

/** What the trainer reported of each step of learning, e.g. the loss by epoch; thinned evenly, the last one kept. */
export function historyCurve({ algorithm, fit: { history } }: Fitted): Curve[] {
  if (history.length < 2) return [];
  const stride = Math.ceil(history.length / POINTS_MAX);
  const shown = history.filter((_, i) => (history.length - 1 - i) % stride === 0);
  const series = Object.keys(history[0]!.metrics).map((name) => {
    const points = shown.filter(({ metrics }) => metrics[name] !== undefined);
    return { name, x: points.map(({ step }) => step), y: points.map(({ metrics }) => metrics[name]!) };
  });
  return [{ name: 'history', title: `Learning (${algorithm})`, x: 'step', y: 'value', series }];
}
