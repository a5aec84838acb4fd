/**
 * What a model is worth: metrics with intervals, gates, fairness between groups, candidate against champion.
 * Pure: typed columns in, figures out. Bad data is a `BadInput` with row and column, misuse by a programmer a `RangeError`.
 */
export * from './anomaly.ts';
export * from './area-under-roc.ts';
export * from './average-precision.ts';
export * from './bleu.ts';
export * from './catalogue.ts';
export * from './cbpe.ts';
export * from './chrf.ts';
export * from './classification.ts';
export * from './classification-rows.ts';
export type { Origin } from './column-checks.ts';
export * from './comparison.ts';
export * from './confusion.ts';
export * from './count-metric.ts';
export * from './count-scores.ts';
export * from './curves.ts';
export * from './embeddings.ts';
export * from './entities.ts';
export * from './fairness.ts';
export * from './forecast.ts';
export * from './gates.ts';
export * from './group-counts.ts';
export * from './group-disparities.ts';
export * from './join.ts';
export * from './labels.ts';
export * from './mean-metric.ts';
export * from './metric.ts';
export * from './multilabel.ts';
export * from './ranked-scores.ts';
export * from './ranking.ts';
export * from './ranking-rows.ts';
export * from './regression.ts';
export * from './regression-rows.ts';
export * from './slices.ts';
export * from './tag-schemes.ts';
export * from './text-rows.ts';
export * from './text-to-sql.ts';
export * from './text-to-sql-buckets.ts';
export * from './text-to-sql-execution.ts';
export * from './text-to-sql-files.ts';
export * from './text-to-sql-match.ts';
export * from './text-to-sql-rows.ts';
export * from './text-to-sql-syntax.ts';
export { type Tokenizer, tokenize } from './text-tokens.ts';
export * from './threshold.ts';
export * from './threshold-tuning.ts';
