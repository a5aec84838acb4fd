/** An entry of Spider's `tables.json`. */
export interface SpiderSchemaEntry {
  readonly db_id: string;
  readonly table_names_original: readonly string[];
  /** `[table, name]`; the first is `[-1, "*"]`. */
  readonly column_names_original: readonly (readonly [number, string])[];
  /** Pairs of column indexes. */
  readonly foreign_keys: readonly (readonly [number, number])[];
}

export interface SpiderSchema {
  readonly columns: ReadonlyMap<string, ReadonlySet<string>>;
  /** Every column's `table.column`, lower case. */
  readonly names: readonly string[];
  /** Column → the one that stands for all columns joined to it by foreign keys. */
  readonly twins: ReadonlyMap<string, string>;
}

export function readSpiderSchema(entry: SpiderSchemaEntry): SpiderSchema {
  const tables = entry.table_names_original.map((name) => name.toLowerCase());
  const columns = new Map<string, Set<string>>(tables.map((table) => [table, new Set<string>()]));
  const ids = entry.column_names_original.map(([table, name]) => (table < 0 ? '*' : `${tables[table]}.${name.toLowerCase()}`));
  for (const [table, name] of entry.column_names_original) if (table >= 0) columns.get(tables[table]!)?.add(name.toLowerCase());
  return { columns, names: ids.filter((id) => id !== '*'), twins: keyTwins(entry.foreign_keys, ids) };
}

/** Keys are put into the first group that knows one of the pair; groups that meet later are not merged, as in the official code. */
function keyTwins(pairs: readonly (readonly [number, number])[], ids: readonly string[]): Map<string, string> {
  const groups: Set<number>[] = [];
  for (const [from, to] of pairs) {
    let group = groups.find((known) => known.has(from) || known.has(to));
    if (!group) {
      group = new Set();
      groups.push(group);
    }
    group.add(from).add(to);
  }
  const twins = new Map<string, string>();
  for (const group of groups) {
    const first = Math.min(...group);
    for (const column of [...group].sort((a, b) => a - b)) twins.set(ids[column]!, ids[first]!);
  }
  return twins;
}
