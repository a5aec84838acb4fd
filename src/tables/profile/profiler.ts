import { setImmediate } from 'node:timers/promises';
import { type ColumnProfile, PROFILE_SCHEMA, type Profile } from '../profile-types.ts';
import type { Batch, Field, Schema, Table } from '../table.ts';
import { CategoricalProfiler, type CategoricalState } from './categorical-profiler.ts';
import { countOnEdges } from './count-on-edges.ts';
import { NumericProfiler, type NumericState } from './numeric-profiler.ts';

/** What sorting may take in all: 8 bytes per number held, and 16 more per number of the column being sorted. */
export const PROFILE_MEMORY_BYTES = 1024 ** 3;

export interface ProfileOptions {
  readonly columns?: readonly string[];
  readonly signal?: AbortSignal;
  /** Called with the number of rows read so far, once per batch. */
  readonly onProgress?: (rows: number) => void;
  /** Memory for exact quantiles; beyond it a sketch finds the edges and a second pass over the table counts on them. */
  readonly memoryBytes?: number;
}

/** What a profiler of a part has seen, as plain data that can go to another thread. */
export interface ProfilerState {
  readonly rows: number;
  readonly sketched: boolean;
  readonly columns: readonly (NumericState | CategoricalState)[];
}

/** Builds a profile batch by batch; profilers of parts of a table merge into that of the whole. */
export class Profiler {
  readonly #schema: Schema;
  readonly #columns: readonly (NumericProfiler | CategoricalProfiler)[];
  readonly #memoryBytes: number;
  #rows = 0;
  #sketched = false;

  constructor(schema: Schema, memoryBytes = PROFILE_MEMORY_BYTES) {
    this.#schema = schema;
    this.#memoryBytes = memoryBytes;
    this.#columns = schema.map(profilerOf);
  }

  /** Numeric columns have outgrown the memory and are sketched. */
  get sketched(): boolean {
    return this.#sketched;
  }

  get schema(): Schema {
    return this.#schema;
  }

  /** The batch must have the columns of the schema, in its order. */
  add(batch: Batch): void {
    this.#rows += batch.rows;
    for (let i = 0; i < this.#columns.length; i++) {
      const column = batch.columns[i];
      const profiler = this.#columns[i];
      if (profiler instanceof CategoricalProfiler) profiler.add(column, batch.rows);
      else if (column.kind === 'number') profiler.add(column, batch.rows);
      else throw new RangeError(`Column "${profiler.name}" was numeric and is text in this batch.`);
    }
    this.#bound();
  }

  /** Takes over what the other has seen; the other is used up. Both must have the same schema. */
  merge(other: Profiler): void {
    this.#schema.forEach((field, i) => {
      const theirs = other.#schema[i];
      if (theirs?.name !== field.name || theirs.type !== field.type) throw new RangeError('Only profilers of the same schema merge.');
    });
    this.#rows += other.#rows;
    for (let i = 0; i < this.#columns.length; i++) {
      const mine = this.#columns[i];
      const theirs = other.#columns[i];
      if (mine instanceof CategoricalProfiler && theirs instanceof CategoricalProfiler) mine.merge(theirs);
      if (mine instanceof NumericProfiler && theirs instanceof NumericProfiler) mine.merge(theirs);
    }
    this.#sketched ||= other.#sketched;
    this.#bound();
  }

  /** Sorts every column, with a pause between them. */
  async stateHearing(signal: AbortSignal | undefined): Promise<ProfilerState> {
    const columns: (NumericState | CategoricalState)[] = [];
    for (const column of this.#columns) {
      await setImmediate();
      signal?.throwIfAborted();
      columns.push(column.state());
    }
    return { rows: this.#rows, sketched: this.#sketched, columns };
  }

  /** Takes over what a profiler of the same schema has seen. */
  absorb({ rows, sketched, columns }: ProfilerState): void {
    this.#rows += rows;
    this.#columns.forEach((mine, i) => {
      if (mine instanceof CategoricalProfiler) mine.absorb(columns[i] as CategoricalState);
      else mine.absorb(columns[i] as NumericState);
    });
    this.#sketched ||= sketched;
    this.#bound();
  }

  finish(): Profile {
    return { schema: PROFILE_SCHEMA, rows: this.#rows, columns: this.#columns.map((column): ColumnProfile => column.finish()) };
  }

  /** {@link finish} with a pause between columns, since sorting a long one takes a while: for threads that must hear a cancellation. */
  async finishHearing(signal: AbortSignal | undefined): Promise<Profile> {
    const columns: ColumnProfile[] = [];
    for (const column of this.#columns) {
      await setImmediate();
      signal?.throwIfAborted();
      columns.push(column.finish());
    }
    return { schema: PROFILE_SCHEMA, rows: this.#rows, columns };
  }

  #bound(): void {
    let held = 0;
    let largest = 0;
    for (const column of this.#columns) {
      if (!(column instanceof NumericProfiler)) continue;
      held += column.held;
      largest = Math.max(largest, column.unsorted);
    }
    if (held * 8 + largest * 16 <= this.#memoryBytes) return;
    this.#sketched = true;
    for (const column of this.#columns) if (column instanceof NumericProfiler) column.sketch();
  }
}

function profilerOf({ name, type }: Field, index: number): NumericProfiler | CategoricalProfiler {
  return type === 'text' || type === 'boolean' ? new CategoricalProfiler(name, type) : new NumericProfiler(name, type, index);
}

/** Reads the table into a profiler. */
export async function readProfiler(table: Table, { columns, signal, onProgress, memoryBytes }: ProfileOptions = {}): Promise<Profiler> {
  const names = columns ?? table.schema.map((field) => field.name);
  let profiler: Profiler | undefined;
  let rows = 0;
  for await (const batch of table.batches({ columns: names, signal, reuse: true })) {
    profiler ??= new Profiler(batch.schema, memoryBytes);
    profiler.add(batch);
    rows += batch.rows;
    onProgress?.(rows);
  }
  return profiler ?? new Profiler(table.schema.filter((field) => names.includes(field.name)));
}

/**
 * The profile of a table, in one pass; in two when its numbers do not fit `memoryBytes`: then the edges are about equi-depth (within the
 * sketch's rank error) and the counts on them exact.
 */
export async function profile(table: Table, options: ProfileOptions = {}): Promise<Profile> {
  const profiler = await readProfiler(table, options);
  const found = await profiler.finishHearing(options.signal);
  if (!profiler.sketched) return found;
  const { columns = table.schema.map((field) => field.name), signal } = options;
  return withExactCounts(found, await countOnEdges(table, found, { columns, signal }));
}

/** A sketched profile with the exact counts on its edges. */
export function withExactCounts(sketched: Profile, counted: Profile): Profile {
  return {
    ...sketched,
    columns: sketched.columns.map((column, i) => {
      const exact = counted.columns[i];
      return column.kind === 'numeric' && exact.kind === 'numeric' ? { ...column, distribution: exact.distribution } : column;
    }),
  };
}
