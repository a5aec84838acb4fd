import type { Table } from '../table.ts';

export interface CheckOptions {
  readonly key?: string | readonly string[];
  readonly target?: string;
  /** Instant the run stands for; ages are measured from it (D18). */
  readonly logicalDate: Date;
  /** Last change of the source, for `freshness` without a column. */
  readonly lastModified?: Date;
  /** Tables of `references`, by their `to`. */
  readonly references?: ReadonlyMap<string, Table>;
  /** Row counts of earlier runs, for `row-count.max-change`. */
  readonly history?: readonly number[];
  readonly signal?: AbortSignal;
}
