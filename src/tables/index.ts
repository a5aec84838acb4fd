export { BadInput, type Place } from './bad-input.ts';
export { BottomK, type SampleOptions, sampleRows } from './bottom-k.ts';
export { type ByteSource, bytesOf } from './byte-source.ts';
export { byCodePoint } from './code-point-order.ts';
export { type ColumnChoice, chooseColumns } from './columns.ts';
export { chanceLimit } from './drift/column-drift.ts';
export {
  type ColumnDrift,
  type CompareOptions,
  compareProfiles,
  type DriftReport,
  type DriftRole,
  type MissingDrift,
} from './drift/compare-profiles.ts';
export { DRIFT_METHODS, type DriftMethod, type DriftSpec, driftSchema, driftShape } from './drift/drift-schema.ts';
export { compileExpression } from './expression/compile.ts';
export { expressionSchema } from './expression/expression-schema.ts';
export { parseExpression } from './expression/syntax.ts';
export { type JoinedTable, type JoinOptions, joinTables } from './join.ts';
export type { FileTable } from './join-parts.ts';
export { findLeakage, type LeakageFinding, type LeakageOptions } from './leakage.ts';
export {
  type Cell,
  type Collected,
  cellAt,
  collect,
  type MemoryOptions,
  rowsOf,
  sliceColumn,
  tableOf,
  tableOfColumns,
} from './memory-table.ts';
export { openFile } from './open-file.ts';
export { formatOf, openTable, tableFrom } from './open-table.ts';
export { type AppliedCounts, type AppliedTable, applyPreparation } from './preparation/apply.ts';
export { type FitOptions, fitPreparation } from './preparation/fit.ts';
export { describeFeatures, type Preparation, readPreparation, writePreparation } from './preparation/preparation.ts';
export { type PreparationSpec, preparationSchema, preparationShape } from './preparation/preparation-schema.ts';
export { countOnEdges, EdgeCounter } from './profile/count-on-edges.ts';
export { quantileOf } from './profile/edges.ts';
export { kurtosisOf, mergeMoments, skewnessOf, varianceOf } from './profile/moments.ts';
export { profileFromJson, profileToJson } from './profile/profile-json.ts';
export { type ProfileOptions, Profiler, profile } from './profile/profiler.ts';
export * from './profile-types.ts';
export type { Format, ReadCounts, ReadOptions } from './read-options.ts';
export { keepRows } from './row-filter.ts';
export { cellText } from './row-keys.ts';
export type { CheckOptions } from './rules/check-options.ts';
export { checkRules } from './rules/check-rules.ts';
export { brokenRules, type QualityReport, type QualityScore, type RuleResult } from './rules/quality-report.ts';
export { type RulesSpec, rulesSchema, rulesShape } from './rules/rules-schema.ts';
export { type PartCount, partTable, type Split, type SplitOptions, splitTable } from './split.ts';
export { decodeMembers, SplitMembers, trainedMembers, withoutMembers } from './split-members.ts';
export type { Part } from './split-parts.ts';
export { type SplitSpec, shareSchema, splitSchema } from './split-schema.ts';
export { CHURN_ROWS, type SyntheticSpec, syntheticTable } from './synthetic.ts';
export * from './table.ts';
export { type Executor, inThisThread, runTableTask, type TableTask, type TaskOptions } from './workers/table-task.ts';
export { serveTableTasks, workerExecutor } from './workers/worker-executor.ts';
export { type CsvWriteOptions, writeCsv } from './write-csv.ts';
export { writeJsonl } from './write-jsonl.ts';
export { type ParquetWriteOptions, writeParquet } from './write-parquet.ts';
