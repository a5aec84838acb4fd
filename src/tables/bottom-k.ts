import { keyHash } from '../statistics/key-hash.ts';
import { type Cell, cellAt, tableOf } from './memory-table.ts';
import { columnIndex, keyText } from './row-keys.ts';
import type { Table } from './table.ts';

export interface SampleOptions {
  /** Columns whose text decides which rows are drawn; by default the row's number. */
  readonly key?: readonly string[];
  /** Another salt draws another sample. */
  readonly salt?: string;
  readonly columns?: readonly string[];
  readonly signal?: AbortSignal;
}

/**
 * Keeps the k items with the smallest u: a uniform sample without replacement that does not depend on the order or on how the work was
 * cut, since samples of parts merge into that of the whole (bottom-k, S9). Equal u: the smaller place wins.
 */
export class BottomK<Item> {
  readonly #k: number;
  /** A heap with the largest (u, place) on top. */
  readonly #heap: { readonly u: number; readonly place: number; readonly item: Item }[] = [];

  constructor(k: number) {
    if (!Number.isSafeInteger(k) || k < 1) throw new RangeError(`A sample has at least one row, not ${k}.`);
    this.#k = k;
  }

  /** Whether an item with this u and place would be kept: asked first, an item need not be made in vain. */
  wants(u: number, place: number): boolean {
    if (this.#heap.length < this.#k) return true;
    const top = this.#heap[0];
    return u < top.u || (u === top.u && place < top.place);
  }

  offer(u: number, place: number, item: Item): void {
    if (!this.wants(u, place)) return;
    const heap = this.#heap;
    if (heap.length < this.#k) {
      heap.push({ u, place, item });
      for (let at = heap.length - 1; at > 0; ) {
        const above = (at - 1) >> 1;
        if (!after(heap[at], heap[above])) break;
        [heap[at], heap[above]] = [heap[above], heap[at]];
        at = above;
      }
      return;
    }
    heap[0] = { u, place, item };
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      if (left >= heap.length) break;
      const larger = left + 1 < heap.length && after(heap[left + 1], heap[left]) ? left + 1 : left;
      if (!after(heap[larger], heap[at])) break;
      [heap[at], heap[larger]] = [heap[larger], heap[at]];
      at = larger;
    }
  }

  merge(other: BottomK<Item>): void {
    for (const { u, place, item } of other.#heap) this.offer(u, place, item);
  }

  /** The items kept, in the order of their places. */
  items(): Item[] {
    return [...this.#heap].sort((a, b) => a.place - b.place).map((entry) => entry.item);
  }
}

type Ranked = { readonly u: number; readonly place: number };
const after = (a: Ranked, b: Ranked): boolean => a.u > b.u || (a.u === b.u && a.place > b.place);

/**
 * k rows of the table, drawn by the hash of their key (S9), in the order of the table; all of them when it has no more. One pass; holds
 * k rows. Rows of which a key is missing are drawn by their number.
 */
export async function sampleRows(
  table: Table,
  k: number,
  { key = [], salt = 'sample', columns, signal }: SampleOptions = {},
): Promise<Table> {
  const wanted = columns ?? table.schema.map((field) => field.name);
  const read = [...wanted, ...key.filter((name) => !wanted.includes(name))];
  const kept = new BottomK<readonly Cell[]>(k);
  for (const name of key) columnIndex(table.schema, name, table.name);
  const positions = key.map((name) => read.indexOf(name));
  for await (const batch of table.batches({ columns: read, signal })) {
    for (let row = 0; row < batch.rows; row++) {
      const place = batch.firstRow + row;
      const text = key.length === 0 ? undefined : keyText(batch, positions, row);
      const u = keyHash(salt, text ?? `row ${place}`);
      if (kept.wants(u, place)) {
        kept.offer(
          u,
          place,
          wanted.map((_, i) => cellAt(batch.columns[i], batch.schema[i].type, row)),
        );
      }
    }
  }
  const rows = kept.items();
  const types = Object.fromEntries(table.schema.map((field) => [field.name, field.type]));
  return tableOf(Object.fromEntries(wanted.map((name, i) => [name, rows.map((cells) => cells[i])])), { name: table.name, types });
}
