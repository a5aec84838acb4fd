/** What complexity is read from; one record whatever parser made the tree. Counts run over the whole statement. */
export interface Features {
  /** Calls with OVER. */
  readonly windows: number;
  readonly ctes: number;
  readonly setOperations: number;
  /** A SELECT inside another: FROM, WHERE, select list, EXISTS, IN. */
  readonly subqueries: number;
  /** Joined tables − 1, summed over all FROMs; comma, NATURAL and CROSS joins count. */
  readonly joins: number;
  readonly aggregates: number;
  readonly grouped: number;
}

type Counts = { -readonly [K in keyof Features]: Features[K] };

const nothing = (): Counts => ({ windows: 0, ctes: 0, setOperations: 0, subqueries: 0, joins: 0, aggregates: 0, grouped: 0 });

const AGGREGATES: ReadonlySet<string> = new Set(
  `count sum avg min max total group_concat string_agg array_agg json_agg jsonb_agg json_object_agg json_group_array json_group_object
  listagg std stddev stddev_pop stddev_samp variance var_pop var_samp bit_and bit_or bit_xor bool_and bool_or every median mode any_value
  approx_count_distinct count_if countif corr covar_pop covar_samp percentile_cont percentile_disc json_arrayagg json_objectagg
  regr_slope regr_intercept first last`.split(/\s+/),
);
/** SQLite: with two arguments or more a plain function. */
const TWO_FACED: ReadonlySet<string> = new Set(['min', 'max']);

type Node = Readonly<Record<string, unknown>>;
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Visits every object of a tree with the key it hangs on; without recursion, so that no depth can break it. */
function walk(tree: unknown, visit: (node: Node, key: string) => void): void {
  const stack: { value: unknown; key: string }[] = [{ value: tree, key: '' }];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { value, key } = next;
    if (Array.isArray(value)) for (const item of value) stack.push({ value: item, key });
    else if (isNode(value)) {
      visit(value, key);
      for (const [name, child] of Object.entries(value))
        if (typeof child === 'object' && child !== null) stack.push({ value: child, key: name });
    }
  }
}

/** Features of sqlparser's tree (the JSON of its statements). */
export function featuresOfSqlparser(tree: unknown): Features {
  const counts = nothing();
  walk(tree, (node, key) => {
    if (key === 'subquery' || key === 'Subquery') counts.subqueries++;
    if (isNode(node.with) && Array.isArray(node.with.cte_tables)) counts.ctes += node.with.cte_tables.length;
    if (isNode(node.SetOperation)) counts.setOperations++;
    if (Array.isArray(node.joins)) counts.joins += node.joins.length;
    if (Array.isArray(node.from) && node.from.length > 1) counts.joins += node.from.length - 1;
    if (isNode(node.group_by) && (listOf(listOf(node.group_by.Expressions)[0]).length > 0 || 'All' in node.group_by)) counts.grouped++;
    if (isNode(node.Function))
      countCall(counts, sqlparserName(node.Function), sqlparserArguments(node.Function), isNode(node.Function.over));
  });
  return counts;
}

function sqlparserName(call: Node): string {
  const last = listOf(call.name).at(-1);
  const identifier = isNode(last) && isNode(last.Identifier) ? last.Identifier.value : undefined;
  return typeof identifier === 'string' ? identifier.toLowerCase() : '';
}

function sqlparserArguments(call: Node): number {
  const list = isNode(call.args) ? call.args.List : undefined;
  return isNode(list) ? listOf(list.args).length : 0;
}

function countCall(counts: Counts, name: string, values: number, window: boolean): void {
  if (window) counts.windows++;
  else if (AGGREGATES.has(name) && !(TWO_FACED.has(name) && values > 1)) counts.aggregates++;
}

/** Features of node-sql-parser's tree. */
export function featuresOfNodeSqlParser(tree: unknown): Features {
  const counts = nothing();
  walk(tree, (node, key) => {
    // A query in the place of a value or a table hangs on `ast`; one of WITH does so below `stmt`.
    if (key === 'ast' && 'type' in node) counts.subqueries++;
    if (key === 'stmt' && 'ast' in node) counts.subqueries--;
    if (Array.isArray(node.with)) counts.ctes += node.with.length;
    if (typeof node.set_op === 'string') counts.setOperations++;
    if (Array.isArray(node.from) && node.from.length > 1) counts.joins += node.from.length - 1;
    if (node.type === 'select' && (isNode(node.groupby) ? listOf(node.groupby.columns).length > 0 : listOf(node.groupby).length > 0))
      counts.grouped++;
    if (node.type === 'aggr_func' || node.type === 'function')
      countCall(counts, nodeSqlParserName(node), nodeSqlParserArguments(node), isNode(node.over));
  });
  return counts;
}

function nodeSqlParserName({ name }: Node): string {
  if (typeof name === 'string') return name.toLowerCase();
  const last = isNode(name) ? listOf(name.name).at(-1) : undefined;
  return isNode(last) && typeof last.value === 'string' ? last.value.toLowerCase() : '';
}

function nodeSqlParserArguments({ args }: Node): number {
  if (!isNode(args)) return 0;
  return Array.isArray(args.value) ? args.value.length : args.expr === undefined ? 0 : 1;
}
