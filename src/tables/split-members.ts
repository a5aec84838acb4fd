import { BadInput } from './bad-input.ts';
import { keepRows } from './row-filter.ts';
import { columnIndex, hashKey, keyText, rowText } from './row-keys.ts';
import type { Split } from './split.ts';
import type { Table } from './table.ts';

const SCHEMA = 'retrain/split-members/1';

/** The rows a version was trained on, as sorted 64-bit hashes of their keys: 8 bytes a row, no key can be read back. */
export class SplitMembers {
  readonly salt: string;
  /** Columns of the key; empty: the whole row. */
  readonly by: readonly string[];
  readonly #sorted: BigUint64Array;

  constructor(salt: string, by: readonly string[], sorted: BigUint64Array) {
    this.salt = salt;
    this.by = by;
    this.#sorted = sorted;
  }

  get size(): number {
    return this.#sorted.length;
  }

  /** Was a row with this key trained on? A stranger is taken for a member with probability size / 2^64. */
  has(key: string): boolean {
    const { high, low } = hashKey(this.salt, key);
    const wanted = (BigInt(high) << 32n) | BigInt(low);
    let from = 0;
    let to = this.#sorted.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.#sorted[middle]! < wanted) from = middle + 1;
      else to = middle;
    }
    return this.#sorted[from] === wanted;
  }

  /** A line of JSON, then the hashes, big-endian and rising: the same rows give the same bytes in any order. */
  encode(): Uint8Array {
    const head = new TextEncoder().encode(`${JSON.stringify({ schema: SCHEMA, salt: this.salt, by: this.by, count: this.size })}\n`);
    const bytes = new Uint8Array(head.length + 8 * this.size);
    bytes.set(head);
    const view = new DataView(bytes.buffer, head.length);
    for (let i = 0; i < this.size; i++) view.setBigUint64(8 * i, this.#sorted[i]!);
    return bytes;
  }
}

/** The rows of the parts that a model learns or chooses from (train and validation). */
export function trainedMembers(split: Split): SplitMembers {
  const learned = new Set(['train', 'validation'].map((part) => split.parts.indexOf(part as 'train')));
  const sorted = split.hashes.sorted((row) => learned.has(split.partOf[row]!));
  let distinct = 0;
  for (let i = 0; i < sorted.length; i++) {
    if (i > 0 && sorted[i] === sorted[i - 1]) continue;
    sorted[distinct++] = sorted[i]!;
  }
  return new SplitMembers(split.salt, split.by, sorted.slice(0, distinct));
}

/** Reads what `encode` wrote; anything else is a `BadInput` (`bad-members`, `newer-members`). */
export function decodeMembers(bytes: Uint8Array, name = 'split'): SplitMembers {
  const end = bytes.indexOf(10);
  const bad = (found: string) =>
    new BadInput('bad-members', `Expected the list of rows trained on (${SCHEMA}), found ${found}.`, { file: name });
  if (end < 0 || end > 100_000) throw bad('no header');
  let head: unknown;
  try {
    head = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, end)));
  } catch {
    throw bad('a header that is not JSON');
  }
  const { schema, salt, by, count } = (head ?? {}) as Record<string, unknown>;
  if (typeof schema === 'string' && /^retrain\/split-members\/\d+$/.test(schema) && schema !== SCHEMA) {
    throw new BadInput(
      'newer-members',
      `Written by a newer Retrain (${schema}); this one reads ${SCHEMA}.`,
      { file: name },
      'Use that version.',
    );
  }
  if (schema !== SCHEMA || typeof salt !== 'string' || !Array.isArray(by) || !by.every((column) => typeof column === 'string'))
    throw bad('another header');
  if (typeof count !== 'number' || bytes.length - end - 1 !== 8 * count)
    throw bad(`${bytes.length - end - 1} bytes for ${String(count)} rows`);
  const view = new DataView(bytes.buffer, bytes.byteOffset + end + 1);
  const sorted = new BigUint64Array(count);
  for (let i = 0; i < count; i++) {
    sorted[i] = view.getBigUint64(8 * i);
    if (i > 0 && sorted[i]! <= sorted[i - 1]!) throw bad('hashes out of order');
  }
  return new SplitMembers(salt, by, sorted);
}

/** The rows of `table` that were not trained on, and how many were. One pass; a byte a row. */
export async function withoutMembers(
  table: Table,
  members: SplitMembers,
  options: { readonly signal?: AbortSignal } = {},
): Promise<{ readonly table: Table; readonly left: number; readonly removed: number }> {
  for (const name of members.by) columnIndex(table.schema, name, table.name);
  const columns = members.by.length > 0 ? members.by : table.schema.map(({ name }) => name);
  const positions = members.by.map((_, position) => position);
  const member: boolean[] = [];
  let removed = 0;
  for await (const batch of table.batches({ columns, ...(options.signal && { signal: options.signal }) })) {
    for (let row = 0; row < batch.rows; row++) {
      const key = positions.length === 0 ? rowText(batch, row) : keyText(batch, positions, row);
      const known = key !== undefined && members.has(key);
      member.push(known);
      if (known) removed++;
    }
  }
  return { table: keepRows(table, (row) => !member[row]), left: member.length - removed, removed };
}
