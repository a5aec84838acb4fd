import { type Condition, type Conditions, conditionsOf, connectorsOf, isSpiderQuery, keyOf, type SpiderQuery } from './query.ts';
import { rebuild } from './rebuild.ts';
import type { SpiderSchema } from './schema.ts';

export const SPIDER_COMPONENTS = [
  'select',
  'select(no AGG)',
  'where',
  'where(no OP)',
  'group(no Having)',
  'group',
  'order',
  'and/or',
  'IUEN',
  'keywords',
] as const;
export type SpiderComponent = (typeof SPIDER_COMPONENTS)[number];

export interface ComponentScore {
  readonly score: 0 | 1;
  /** Items on each side; a component counts for precision where the prediction has items, for recall where the gold has. */
  readonly predicted: number;
  readonly expected: number;
}

export interface SpiderMatch {
  readonly exact: 0 | 1;
  readonly components: Readonly<Record<SpiderComponent, ComponentScore>>;
}

/** Compares two parsed queries as the official evaluator does: literals and DISTINCT dropped, foreign-key twins made one, then ten components. */
export function matchSpider(predicted: SpiderQuery, expected: SpiderQuery, schema: SpiderSchema): SpiderMatch {
  return compare(rebuild(predicted, schema), rebuild(expected, schema));
}

function compare(predicted: SpiderQuery, expected: SpiderQuery): SpiderMatch {
  const components = componentsOf(predicted, expected);
  const all = SPIDER_COMPONENTS.every((name) => components[name].score === 1);
  const exact = all && (expected.from.length === 0 || sorted(predicted.from) === sorted(expected.from)) ? 1 : 0;
  return { exact, components };
}

const sorted = (units: SpiderQuery['from']): string => units.map(keyOf).sort().join('\n');

const scored = (matching: number, predicted: number, expected: number): ComponentScore => ({
  score: predicted === expected && matching === predicted ? 1 : 0,
  predicted,
  expected,
});

/** Items of the first list found in the second, each used once. */
function common(first: readonly unknown[], second: readonly unknown[]): number {
  const left = new Map<string, number>();
  for (const item of second) left.set(keyOf(item), (left.get(keyOf(item)) ?? 0) + 1);
  let count = 0;
  for (const item of first) {
    const there = left.get(keyOf(item)) ?? 0;
    if (there > 0) {
      count++;
      left.set(keyOf(item), there - 1);
    }
  }
  return count;
}

const multiset = (predicted: readonly unknown[], expected: readonly unknown[]): ComponentScore =>
  scored(common(predicted, expected), predicted.length, expected.length);

function componentsOf(predicted: SpiderQuery, expected: SpiderQuery): Record<SpiderComponent, ComponentScore> {
  const whereP = conditionsOf(predicted.where);
  const whereE = conditionsOf(expected.where);
  return {
    select: multiset(predicted.select, expected.select),
    'select(no AGG)': multiset(
      predicted.select.map(({ value }) => value),
      expected.select.map(({ value }) => value),
    ),
    where: multiset(whereP, whereE),
    'where(no OP)': multiset(
      whereP.map(({ left }) => left),
      whereE.map(({ left }) => left),
    ),
    'group(no Having)': multiset(bareGroups(predicted), bareGroups(expected)),
    group: group(predicted, expected),
    order: order(predicted, expected),
    'and/or': connectors(predicted, expected),
    IUEN: nested(predicted, expected),
    keywords: multiset(keywordsOf(predicted), keywordsOf(expected)),
  };
}

/** Column names without their tables. */
const bareGroups = ({ groupBy }: SpiderQuery): string[] => groupBy.map(({ column }) => column.split('.')[1] ?? column);

function group(predicted: SpiderQuery, expected: SpiderQuery): ComponentScore {
  const p = predicted.groupBy.length > 0 ? 1 : 0;
  const e = expected.groupBy.length > 0 ? 1 : 0;
  const columns = (query: SpiderQuery): string => keyOf(query.groupBy.map(({ column }) => column));
  const same = p === 1 && e === 1 && columns(predicted) === columns(expected) && keyOf(predicted.having) === keyOf(expected.having);
  return scored(same ? 1 : 0, p, e);
}

function order(predicted: SpiderQuery, expected: SpiderQuery): ComponentScore {
  const has = ({ orderBy }: SpiderQuery): 0 | 1 => (orderBy ? 1 : 0);
  const same = has(expected) === 1 && keyOf(predicted.orderBy) === keyOf(expected.orderBy) && predicted.limit === expected.limit;
  return scored(same ? 1 : 0, has(predicted), has(expected));
}

function connectors(predicted: SpiderQuery, expected: SpiderQuery): ComponentScore {
  const p = new Set(connectorsOf(predicted.where).map(keyOf));
  const e = new Set(connectorsOf(expected.where).map(keyOf));
  if (p.size === e.size && [...p].every((connector) => e.has(connector))) return { score: 1, predicted: 1, expected: 1 };
  return scored(0, p.size, e.size);
}

function nested(predicted: SpiderQuery, expected: SpiderQuery): ComponentScore {
  let matching = 0;
  let p = 0;
  let e = 0;
  for (const operator of ['intersect', 'except', 'union'] as const) {
    const [one, other] = [predicted[operator], expected[operator]];
    if (one) p++;
    if (other) e++;
    // Already rebuilt with the outer query, and not again.
    if (one && other) matching += compare(one, other).exact;
  }
  return scored(matching, p, e);
}

const conditionsEverywhere = (query: SpiderQuery): Condition[] => [query.joins, query.where, query.having].flatMap(conditionsOf);
const connectorsEverywhere = (query: SpiderQuery): Conditions => [query.joins, query.where, query.having].flatMap(connectorsOf);

export function keywordsOf(query: SpiderQuery): string[] {
  const words: string[] = [];
  if (query.where.length > 0) words.push('where');
  if (query.groupBy.length > 0) words.push('group');
  if (query.having.length > 0) words.push('having');
  if (query.orderBy) words.push(query.orderBy.direction, 'order');
  if (query.limit) words.push('limit');
  if (query.except) words.push('except');
  if (query.union) words.push('union');
  if (query.intersect) words.push('intersect');
  const conditions = conditionsEverywhere(query);
  if (connectorsEverywhere(query).includes('or')) words.push('or');
  if (conditions.some(({ not }) => not)) words.push('not');
  if (conditions.some(({ operator }) => operator === 'in')) words.push('in');
  if (conditions.some(({ operator }) => operator === 'like')) words.push('like');
  return words;
}

export type SpiderHardness = 'easy' | 'medium' | 'hard' | 'extra';

export interface HardnessCounts {
  readonly component1: number;
  readonly component2: number;
  readonly others: number;
}

/** The three counts of the official code, its slip included: in WHERE and HAVING it counts NOT where it means aggregates. */
export function hardnessCounts(query: SpiderQuery): HardnessCounts {
  const conditions = conditionsEverywhere(query);
  const one = (there: boolean): number => (there ? 1 : 0);
  const component1 =
    one(query.where.length > 0) +
    one(query.groupBy.length > 0) +
    one(query.orderBy !== undefined) +
    one(query.limit) +
    Math.max(0, query.from.length - 1) +
    connectorsEverywhere(query).filter((connector) => connector === 'or').length +
    conditions.filter(({ operator }) => operator === 'like').length;
  const values = conditions.flatMap(({ first, second }) => [first, second]).filter(isSpiderQuery).length;
  const component2 = values + [query.intersect, query.except, query.union].filter((part) => part !== undefined).length;
  const ordered = (query.orderBy?.values ?? []).flatMap(({ left, right }) => (right ? [left, right] : [left]));
  const aggregates =
    query.select.filter(({ aggregate }) => aggregate !== 'none').length +
    conditionsOf(query.where).filter(({ not }) => not).length +
    [...query.groupBy, ...ordered].filter(({ aggregate }) => aggregate !== 'none').length +
    query.having.filter((item) => typeof item === 'string' || item.not).length;
  const others = one(aggregates > 1) + one(query.select.length > 1) + one(query.where.length > 1) + one(query.groupBy.length > 1);
  return { component1, component2, others };
}

export function hardnessOf({ component1: c1, component2: c2, others }: HardnessCounts): SpiderHardness {
  if (c1 <= 1 && others === 0 && c2 === 0) return 'easy';
  if (c2 === 0 && ((others <= 2 && c1 <= 1) || (c1 <= 2 && others < 2))) return 'medium';
  if (c2 === 0 && ((others > 2 && c1 <= 2) || (c1 > 2 && c1 <= 3 && others <= 2))) return 'hard';
  if (c1 <= 1 && others === 0 && c2 <= 1) return 'hard';
  return 'extra';
}
