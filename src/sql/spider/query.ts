/** Spider's idea of a query. Column ids are `table.column` or `*`; `none` is no aggregate, no operator. */
export interface ColumnUnit {
  readonly aggregate: string;
  readonly column: string;
  readonly distinct: boolean | undefined;
}

export interface ValueUnit {
  readonly operator: string;
  readonly left: ColumnUnit;
  readonly right: ColumnUnit | undefined;
}

export type SpiderValue = SpiderQuery | ColumnUnit | string | number | undefined;

export interface Condition {
  readonly not: boolean;
  readonly operator: string;
  readonly left: ValueUnit;
  readonly first: SpiderValue;
  readonly second: SpiderValue;
}

/** Conditions at even places, `and`/`or` at odd ones. In a text that is no SQL a condition may land at an odd place. */
export type Conditions = readonly (Condition | string)[];

export interface SelectItem {
  readonly aggregate: string;
  readonly value: ValueUnit;
}

export type TableUnit = { readonly kind: 'table'; readonly table: string } | { readonly kind: 'query'; readonly query: SpiderQuery };

export interface SpiderQuery {
  readonly kind: 'query';
  readonly distinct: boolean | undefined;
  readonly select: readonly SelectItem[];
  readonly from: readonly TableUnit[];
  readonly joins: Conditions;
  readonly where: Conditions;
  readonly groupBy: readonly ColumnUnit[];
  readonly having: Conditions;
  readonly orderBy: { readonly direction: string; readonly values: readonly ValueUnit[] } | undefined;
  readonly limit: boolean;
  readonly intersect: SpiderQuery | undefined;
  readonly union: SpiderQuery | undefined;
  readonly except: SpiderQuery | undefined;
}

/** What stands in for a prediction that Spider's grammar cannot read. */
export const EMPTY_QUERY: SpiderQuery = {
  kind: 'query',
  distinct: false,
  select: [],
  from: [],
  joins: [],
  where: [],
  groupBy: [],
  having: [],
  orderBy: undefined,
  limit: false,
  intersect: undefined,
  union: undefined,
  except: undefined,
};

export const isSpiderQuery = (value: SpiderValue): value is SpiderQuery => typeof value === 'object' && 'kind' in value;

/** The conditions proper, without what joins them. */
export const conditionsOf = (conditions: Conditions): Condition[] =>
  conditions.filter((item, i): item is Condition => i % 2 === 0 && typeof item !== 'string');
export const connectorsOf = (conditions: Conditions): (Condition | string)[] => conditions.filter((_, i) => i % 2 === 1);

/** Equal queries, conditions and columns have equal keys. */
export const keyOf = (value: unknown): string => JSON.stringify(value, (_, part: unknown) => (part === undefined ? null : part));
