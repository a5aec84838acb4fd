import { BadInput } from '../bad-input.ts';
import { type ColumnProfile, type Edges, type NumericProfile, PROFILE_SCHEMA, type Profile } from '../profile-types.ts';
import type { Batch, Field, NumberColumn, Schema, Table } from '../table.ts';
import { CategoricalProfiler, type CategoricalState } from './categorical-profiler.ts';
import { NO_EDGES } from './edges.ts';
import { NumericTotals, type TotalsState } from './numeric-profiler.ts';

/** Cells that lead a value to the few edges it may lie at: small enough to stay in the processor's cache. */
const CELLS = 32_768;
/** From so many edges in a cell on they are halved, not walked along. */
const WALKED_MAX = 8;
/** Counts of 32 bits hold this many. */
const COUNT_MAX = 2 ** 32 - 1;

/**
 * Profiles a table on the edges of a reference profile instead of its own: how many values lie below and at each of them, exactly.
 * One pass, nothing held but the counts, so memory does not grow with the rows; enough for every binned distance and for the KS bracket.
 * Of numeric columns that the reference lacks, or has as categories, only the totals are told.
 */
export async function countOnEdges(
  table: Table,
  reference: Profile,
  { columns, signal, onProgress }: { columns?: readonly string[]; signal?: AbortSignal; onProgress?: (rows: number) => void } = {},
): Promise<Profile> {
  const fields = chosenFields(table, columns);
  const counter = new EdgeCounter(fields, reference);
  let rows = 0;
  for await (const batch of table.batches({ columns: fields.map((field) => field.name), signal, reuse: true })) {
    counter.add(batch);
    rows += batch.rows;
    onProgress?.(rows);
  }
  return counter.finish();
}

export function chosenFields(table: Table, columns: readonly string[] | undefined): Schema {
  if (columns === undefined) return table.schema;
  return columns.map((name) => {
    const field = table.schema.find((candidate) => candidate.name === name);
    if (field === undefined) throw new BadInput('unknown-column', `expected a column "${name}".`, { file: table.name });
    return field;
  });
}

/** What an edge counter of a part has counted, as plain data. */
export interface EdgeCounterState {
  readonly rows: number;
  readonly columns: readonly ({ readonly totals: TotalsState; readonly slots: Float64Array } | CategoricalState)[];
}

/** Counts batches on a reference's edges; counters of parts merge. */
export class EdgeCounter {
  readonly #fields: Schema;
  readonly #columns: readonly (NumericCounter | CategoricalProfiler)[];
  #rows = 0;

  constructor(fields: Schema, reference: Profile) {
    this.#fields = fields;
    this.#columns = fields.map((field) => {
      const { name, type } = field;
      if (type === 'text' || type === 'boolean') return new CategoricalProfiler(name, type);
      const other = reference.columns.find((column) => column.name === name);
      return new NumericCounter(field, other?.kind === 'numeric' ? other.distribution : NO_EDGES);
    });
  }

  add(batch: Batch): void {
    this.#rows += batch.rows;
    for (let i = 0; i < this.#columns.length; i++) {
      const counter = this.#columns[i];
      const column = batch.columns[i];
      if (counter instanceof CategoricalProfiler) counter.add(column, batch.rows);
      else if (column.kind === 'number') counter.add(column, batch.rows);
    }
  }

  merge(other: EdgeCounter): void {
    this.#rows += other.#rows;
    for (let i = 0; i < this.#fields.length; i++) {
      const mine = this.#columns[i];
      const theirs = other.#columns[i];
      if (mine instanceof CategoricalProfiler && theirs instanceof CategoricalProfiler) mine.merge(theirs);
      if (mine instanceof NumericCounter && theirs instanceof NumericCounter) mine.merge(theirs);
    }
  }

  state(): EdgeCounterState {
    return { rows: this.#rows, columns: this.#columns.map((column) => column.state()) };
  }

  /** Takes over what a counter of the same fields and reference has counted. */
  absorb({ rows, columns }: EdgeCounterState): void {
    this.#rows += rows;
    this.#columns.forEach((mine, i) => {
      const theirs = columns[i];
      if (mine instanceof CategoricalProfiler) mine.absorb(theirs as CategoricalState);
      else mine.absorb(theirs as { totals: TotalsState; slots: Float64Array });
    });
  }

  finish(): Profile {
    return { schema: PROFILE_SCHEMA, rows: this.#rows, columns: this.#columns.map((column): ColumnProfile => column.finish()) };
  }
}

class NumericCounter {
  readonly #field: Field;
  readonly #totals = new NumericTotals();
  readonly #edges: Float64Array;
  /** The edges and a NaN after them, which no value is above: the walk along them needs no other end. */
  readonly #bounds: Float64Array;
  /** Slot 2i: values between edge i-1 and edge i; slot 2i+1: values equal to edge i. */
  readonly #slots: Float64Array;
  /** What was counted since the last time it was added to the slots: half as wide, so that more of it stays in the cache. */
  readonly #latest: Uint32Array;
  #counted = 0;
  /** First edge not below each cell's lower end: where the search for a value of the cell begins. */
  readonly #starts: Uint16Array | Uint32Array;
  readonly #low: number;
  readonly #scale: number;

  constructor(field: Field, { edges }: Edges) {
    this.#field = field;
    this.#edges = edges;
    this.#bounds = new Float64Array(edges.length + 1).fill(Number.NaN);
    this.#bounds.set(edges);
    this.#slots = new Float64Array(2 * edges.length + 1);
    this.#latest = new Uint32Array(this.#slots.length);
    // Cells of equal width over the middle 98 % of the edges, so that a far outlier does not take them all.
    const finite = edges.filter((edge) => Number.isFinite(edge));
    const low = finite[Math.floor(finite.length * 0.01)] ?? 0;
    const high = finite[Math.max(0, Math.ceil(finite.length * 0.99) - 1)] ?? 0;
    const width = high / CELLS - low / CELLS;
    this.#low = low;
    this.#scale = width > 0 && Number.isFinite(1 / width) ? 1 / width : 0;
    this.#starts = new (edges.length < 2 ** 16 ? Uint16Array : Uint32Array)(CELLS + 3);
    this.#fillStarts();
  }

  add(column: NumberColumn, rows: number): void {
    const present = this.#totals.add(column, rows);
    if (this.#counted + present.length > COUNT_MAX) this.#pour();
    this.#counted += present.length;
    const bounds = this.#bounds;
    const latest = this.#latest;
    const starts = this.#starts;
    const edges = this.#edges.length;
    const low = this.#low;
    const scale = this.#scale;
    for (let i = 0; i < present.length; i++) {
      const value = present[i];
      const place = (value - low) * scale;
      const cell = place >= 0 ? (place < CELLS ? (place | 0) + 1 : CELLS + 1) : place < 0 ? 0 : CELLS + 1;
      let at = scale === 0 ? 0 : starts[cell];
      let to = scale === 0 ? edges : starts[cell + 1];
      if (to - at > WALKED_MAX) {
        while (at < to) {
          const middle = (at + to) >> 1;
          if (bounds[middle] < value) at = middle + 1;
          else to = middle;
        }
      } else while (bounds[at] < value) at++;
      latest[2 * at + (bounds[at] === value ? 1 : 0)]++;
    }
  }

  state(): { totals: TotalsState; slots: Float64Array } {
    this.#pour();
    return { totals: this.#totals.state(), slots: this.#slots };
  }

  merge(other: NumericCounter): void {
    this.absorb(other.state());
  }

  absorb({ totals, slots }: { totals: TotalsState; slots: Float64Array }): void {
    this.#totals.merge(totals);
    for (let i = 0; i < this.#slots.length; i++) this.#slots[i] += slots[i];
  }

  finish(): NumericProfile {
    this.#pour();
    const n = this.#edges.length;
    const below = new Float64Array(n);
    const atOrBelow = new Float64Array(n);
    let sum = 0;
    for (let i = 0; i < n; i++) {
      sum += this.#slots[2 * i];
      below[i] = sum;
      sum += this.#slots[2 * i + 1];
      atOrBelow[i] = sum;
    }
    let outside = this.#slots[2 * n];
    for (let i = 0; i < n; i++) outside += this.#slots[2 * i];
    const distribution: Edges = { edges: this.#edges, below, atOrBelow, complete: outside === 0, rankError: 0 };
    const { name, type } = this.#field;
    return this.#totals.profile(name, type as NumericProfile['type'], { distribution, top: [] });
  }

  #pour(): void {
    for (let i = 0; i < this.#latest.length; i++) this.#slots[i] += this.#latest[i];
    this.#latest.fill(0);
    this.#counted = 0;
  }

  /**
   * `starts[c]…starts[c+1]` must hold every edge that can be the first one not below a value of cell c. The cell of an edge is computed
   * by the same expression as that of a value, and the expression is monotonic, so rounding cannot put them apart.
   */
  #fillStarts(): void {
    const edges = this.#edges;
    let at = 0;
    for (let cell = 0; cell <= CELLS + 1; cell++) {
      while (at < edges.length && this.#cellOf(edges[at]) < cell) at++;
      this.#starts[cell] = at;
    }
    this.#starts[CELLS + 2] = edges.length;
  }

  #cellOf(value: number): number {
    const place = (value - this.#low) * this.#scale;
    return place >= 0 ? (place < CELLS ? (place | 0) + 1 : CELLS + 1) : place < 0 ? 0 : CELLS + 1;
  }
}
