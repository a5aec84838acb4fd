import type { Evaluation } from './tracker.ts';

const CLASSIFICATION = {
  accuracy: 'accuracy',
  precision: 'precision',
  recall: 'recall',
  f1_score: 'f1Score',
  auc_roc: 'auRoc',
  average_precision: 'auPrc',
  log_loss: 'logLoss',
} as const;
/** Without the percentages: whether the service means shares of one or of a hundred, its schemas do not say. */
const REGRESSION = { rmse: 'rootMeanSquaredError', mae: 'meanAbsoluteError', r2: 'rSquared', rmsle: 'rootMeanSquaredLogError' } as const;

/** An evaluation in the schemas that the console draws and Google's SDK reads (`google_artifact_schema`). */
export function evaluationArtifact({ kind, figures, confusion, roc }: Evaluation): {
  readonly schemaTitle: string;
  readonly metadata: Readonly<Record<string, unknown>>;
} {
  const named = (names: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(names).flatMap(([ours, theirs]) => (figures[ours] === undefined ? [] : [[theirs, figures[ours]]])));
  if (kind !== 'classification')
    return { schemaTitle: kind === 'regression' ? 'google.RegressionMetrics' : 'google.ForecastingMetrics', metadata: named(REGRESSION) };
  return {
    schemaTitle: 'google.ClassificationMetrics',
    metadata: {
      ...named(CLASSIFICATION),
      ...(confusion && {
        confusionMatrix: { annotationSpecs: confusion.classes.map((displayName) => ({ displayName })), rows: confusion.rows },
      }),
      ...(roc && {
        confidenceMetrics: roc.map(({ threshold, recall, falsePositiveRate }) => ({
          confidenceThreshold: threshold,
          recall,
          falsePositiveRate,
        })),
      }),
    },
  };
}
