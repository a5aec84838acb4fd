export { BadInput, type Place } from './bad-input.ts';
export { BottomK, type SampleOptions, sampleRows } from './bottom-k.ts';
export { type ByteSource, bytesOf } from './byte-source.ts';
export type { FileTable } from './join-parts.ts';
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
export { compareUtf8 } from './profile/categorical-profiler.ts';
export { countOnEdges, EdgeCounter } from './profile/count-on-edges.ts';
export { quantileOf } from './profile/edges.ts';
export { kurtosisOf, mergeMoments, skewnessOf, varianceOf } from './profile/moments.ts';
export { profileFromJson, profileToJson } from './profile/profile-json.ts';
export { type ProfileOptions, Profiler, profile } from './profile/profiler.ts';
export * from './profile-types.ts';
export type { Format, ReadCounts, ReadOptions } from './read-options.ts';
export * from './table.ts';
export { type Executor, inThisThread, runTableTask, type TableTask, type TaskOptions } from './workers/table-task.ts';
export { serveTableTasks, workerExecutor } from './workers/worker-executor.ts';
export { type CsvWriteOptions, writeCsv } from './write-csv.ts';
export { writeJsonl } from './write-jsonl.ts';
export { type ParquetWriteOptions, writeParquet } from './write-parquet.ts';
