import type { Batch } from '../table.ts';
import type { ReadOptions } from './origin-reader.ts';
import type { Origin, Prepared } from './preparation.ts';
import type { ColumnSpec, PreparationSpec } from './preparation-schema.ts';

/** Learns one feature from the training rows. */
export interface Learner {
  readonly name: string;
  readonly from: Origin;
  readonly warnings: string[];
  /** Called once before a pass; the function takes a batch. */
  reader(context: ReadOptions): (batch: Batch) => void;
  /** Bytes held; texts count as none, for they are bounded. */
  bytes(): number;
  forget(): void;
  /** The fitted feature, or why there is none. */
  finish(): Prepared | string;
  readonly missingWords: readonly string[];
}

/** What the user said of a column; a column may be called `constructor`. */
export const declared = (spec: PreparationSpec, name: string): ColumnSpec | undefined =>
  Object.hasOwn(spec.columns, name) ? spec.columns[name] : undefined;
