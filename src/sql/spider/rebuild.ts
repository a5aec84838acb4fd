import {
  type ColumnUnit,
  type Condition,
  type Conditions,
  isSpiderQuery,
  type SpiderQuery,
  type SpiderValue,
  type ValueUnit,
} from './query.ts';
import type { SpiderSchema } from './schema.ts';

/**
 * Drops what the comparison does not look at: literals, DISTINCT, and which of several columns joined by foreign keys was named.
 * Twins are replaced only when their table stands in the FROM of the outermost query; queries that are values lose their literals
 * only, queries in FROM stay as they are. That is how the official code goes, and its figures with it.
 */
export function rebuild(query: SpiderQuery, schema: SpiderSchema): SpiderQuery {
  const own = new Set(query.from.filter((unit) => unit.kind === 'table').map(({ table }) => table));
  const valid = new Set(schema.names.filter((name) => own.has(name.slice(0, name.indexOf('.')))));
  const twinOf = (column: string): string => (valid.has(column) ? (schema.twins.get(column) ?? column) : column);
  return withoutNames(withoutValues(query), twinOf);
}

function withoutValues(query: SpiderQuery): SpiderQuery {
  return {
    ...query,
    joins: query.joins.map(bareCondition),
    where: query.where.map(bareCondition),
    having: query.having.map(bareCondition),
    intersect: query.intersect && withoutValues(query.intersect),
    union: query.union && withoutValues(query.union),
    except: query.except && withoutValues(query.except),
  };
}

function bareCondition(item: Condition | string, i: number): Condition | string {
  if (i % 2 === 1 || typeof item === 'string') return item;
  const bare = (value: SpiderValue): SpiderValue => (isSpiderQuery(value) ? withoutValues(value) : undefined);
  return { ...item, first: bare(item.first), second: bare(item.second) };
}

function withoutNames(query: SpiderQuery, twinOf: (column: string) => string): SpiderQuery {
  const column = (unit: ColumnUnit): ColumnUnit => ({ aggregate: unit.aggregate, column: twinOf(unit.column), distinct: undefined });
  const value = (unit: ValueUnit): ValueUnit => ({
    operator: unit.operator,
    left: column(unit.left),
    right: unit.right && column(unit.right),
  });
  const conditions = (items: Conditions): Conditions =>
    items.map((item, i) => (i % 2 === 1 || typeof item === 'string' ? item : { ...item, left: value(item.left) }));
  return {
    ...query,
    distinct: undefined,
    select: query.select.map((item) => ({ aggregate: item.aggregate, value: value(item.value) })),
    joins: conditions(query.joins),
    where: conditions(query.where),
    having: conditions(query.having),
    groupBy: query.groupBy.map(column),
    orderBy: query.orderBy && { direction: query.orderBy.direction, values: query.orderBy.values.map(value) },
    intersect: query.intersect && withoutNames(query.intersect, twinOf),
    union: query.union && withoutNames(query.union, twinOf),
    except: query.except && withoutNames(query.except, twinOf),
  };
}
