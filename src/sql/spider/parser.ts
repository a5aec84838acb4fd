import type { ColumnUnit, Condition, SelectItem, SpiderQuery, SpiderValue, TableUnit, ValueUnit } from './query.ts';
import type { SpiderSchema } from './schema.ts';
import { spiderTokens } from './tokens.ts';

const CLAUSES = new Set(['select', 'from', 'where', 'group', 'order', 'limit', 'intersect', 'union', 'except']);
const JOINS = new Set(['join', 'on', 'as']);
const COMPARISONS = new Set(['not', 'between', '=', '>', '<', '>=', '<=', '!=', 'in', 'like', 'is', 'exists']);
const UNIT_OPERATORS = new Set(['none', '-', '+', '*', '/']);
const AGGREGATES = new Set(['none', 'max', 'min', 'count', 'sum', 'avg']);

/** A number as Python's `float` reads it. */
const PYTHON_FLOAT = /^[+-]?(?:(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?|inf(?:inity)?|nan)$/i;

/** Reading takes time with the square of the length where names repeat; no query comes near. */
const CHARACTERS_MAX = 65_536;

class Unreadable extends Error {}

/**
 * Reads a text by Spider's own small grammar, with its looseness and its gaps (no INNER JOIN, no comma join, no CASE, …): the verdicts
 * of the official evaluator rest on both. Undefined when it cannot be read, with the reason.
 */
export function parseSpider(source: string, schema: SpiderSchema): SpiderQuery | { readonly unreadable: string } {
  if (source.length > CHARACTERS_MAX) return { unreadable: `longer than ${CHARACTERS_MAX} characters` };
  const tokens = spiderTokens(source);
  if (!tokens) return { unreadable: 'a quote stays open' };
  try {
    return new Parser(tokens, schema).statement();
  } catch (error) {
    if (error instanceof Unreadable) return { unreadable: error.message };
    if (error instanceof RangeError) return { unreadable: 'nested too deeply' };
    throw error;
  }
}

class Parser {
  readonly #tokens: readonly string[];
  readonly #schema: SpiderSchema;
  /** Alias or table → table. */
  readonly #tables: Map<string, string>;
  #at = 0;

  constructor(tokens: readonly string[], schema: SpiderSchema, tables = new Map<string, string>()) {
    this.#tokens = tokens;
    this.#schema = schema;
    this.#tables = tables;
  }

  statement(): SpiderQuery {
    for (const [i, token] of this.#tokens.entries()) {
      if (token === 'as') this.#tables.set(this.#token(i + 1), this.#tokens.at(i - 1)!);
    }
    for (const table of this.#schema.columns.keys()) {
      if (this.#tables.has(table)) throw new Unreadable(`the alias ${table} is a table's name`);
      this.#tables.set(table, table);
    }
    return this.#query();
  }

  /** The token there must be. */
  #token(at = this.#at): string {
    const token = this.#tokens[at];
    if (token === undefined) throw new Unreadable('the text ends too early');
    return token;
  }

  /** The token there may be; empty at the end. */
  #peek(): string {
    return this.#tokens[this.#at] ?? '';
  }

  #expect(token: string): void {
    if (this.#token() !== token) throw new Unreadable(`${token} expected, ${this.#token()} found`);
    this.#at++;
  }

  #took(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#at++;
    return true;
  }

  #endsClause(): boolean {
    const token = this.#peek();
    return CLAUSES.has(token) || token === ')' || token === ';';
  }

  /** FROM is read first, because the select list needs its tables. */
  #query(): SpiderQuery {
    const start = this.#at;
    const block = this.#token() === '(';
    const { from, joins, tables } = this.#from(start);
    const afterFrom = this.#at;
    this.#at = block ? start + 1 : start;
    const { distinct, select } = this.#select(tables);
    this.#at = afterFrom;
    const where = this.#took('where') ? this.#conditions(tables) : [];
    const groupBy = this.#groupBy(tables);
    const having = this.#took('having') ? this.#conditions(tables) : [];
    const orderBy = this.#orderBy(tables);
    const limit = this.#took('limit');
    if (limit) {
      this.#token();
      this.#at++;
    }
    this.#skipSemicolons();
    if (block) this.#expect(')');
    this.#skipSemicolons();
    const operator = this.#peek();
    const combined = operator === 'intersect' || operator === 'union' || operator === 'except' ? operator : undefined;
    if (combined) this.#at++;
    const second = combined ? this.#query() : undefined;
    return {
      kind: 'query',
      distinct,
      select,
      from,
      joins,
      where,
      groupBy,
      having,
      orderBy,
      limit,
      intersect: combined === 'intersect' ? second : undefined,
      union: combined === 'union' ? second : undefined,
      except: combined === 'except' ? second : undefined,
    };
  }

  #skipSemicolons(): void {
    while (this.#took(';'));
  }

  #from(start: number): { from: TableUnit[]; joins: (Condition | string)[]; tables: string[] } {
    const found = this.#tokens.indexOf('from', start);
    if (found < 0) throw new Unreadable('no FROM');
    this.#at = found + 1;
    const from: TableUnit[] = [];
    const joins: (Condition | string)[] = [];
    const tables: string[] = [];
    while (this.#at < this.#tokens.length) {
      const block = this.#took('(');
      if (this.#token() === 'select') from.push({ kind: 'query', query: this.#query() });
      else {
        this.#took('join');
        const table = this.#tables.get(this.#token());
        if (table === undefined || !this.#schema.columns.has(table)) throw new Unreadable(`no table ${this.#token()}`);
        this.#at += this.#tokens[this.#at + 1] === 'as' ? 3 : 1;
        from.push({ kind: 'table', table });
        tables.push(table);
      }
      if (this.#took('on')) {
        const conditions = this.#conditions(tables);
        if (joins.length > 0) joins.push('and');
        joins.push(...conditions);
      }
      if (block) this.#expect(')');
      if (this.#endsClause()) break;
    }
    return { from, joins, tables };
  }

  #select(tables: readonly string[]): { distinct: boolean; select: SelectItem[] } {
    this.#expect('select');
    const distinct = this.#took('distinct');
    const select: SelectItem[] = [];
    while (this.#at < this.#tokens.length && !CLAUSES.has(this.#peek())) {
      const aggregate = AGGREGATES.has(this.#peek()) ? this.#tokens[this.#at++]! : 'none';
      select.push({ aggregate, value: this.#valueUnit(tables) });
      this.#took(',');
    }
    return { distinct, select };
  }

  #groupBy(tables: readonly string[]): ColumnUnit[] {
    const columns: ColumnUnit[] = [];
    if (!this.#took('group')) return columns;
    this.#expect('by');
    while (this.#at < this.#tokens.length && !this.#endsClause()) {
      columns.push(this.#columnUnit(tables));
      if (!this.#took(',')) break;
    }
    return columns;
  }

  #orderBy(tables: readonly string[]): SpiderQuery['orderBy'] {
    if (!this.#took('order')) return undefined;
    this.#expect('by');
    const values: ValueUnit[] = [];
    let direction = 'asc';
    while (this.#at < this.#tokens.length && !this.#endsClause()) {
      values.push(this.#valueUnit(tables));
      if (this.#peek() === 'asc' || this.#peek() === 'desc') direction = this.#tokens[this.#at++]!;
      if (!this.#took(',')) break;
    }
    return { direction, values };
  }

  #conditions(tables: readonly string[]): (Condition | string)[] {
    const conditions: (Condition | string)[] = [];
    while (this.#at < this.#tokens.length) {
      const left = this.#valueUnit(tables);
      const not = this.#token() === 'not';
      if (not) this.#at++;
      const operator = this.#token();
      if (!COMPARISONS.has(operator)) throw new Unreadable(`a comparison expected, ${operator} found`);
      this.#at++;
      const first = this.#value(tables);
      let second: SpiderValue;
      if (operator === 'between') {
        this.#expect('and');
        second = this.#value(tables);
      }
      conditions.push({ not, operator, left, first, second });
      if (this.#endsClause() || JOINS.has(this.#peek())) break;
      if (this.#peek() === 'and' || this.#peek() === 'or') conditions.push(this.#tokens[this.#at++]!);
    }
    return conditions;
  }

  #value(tables: readonly string[]): SpiderValue {
    const start = this.#at;
    const block = this.#token() === '(';
    if (block) this.#at++;
    const token = this.#token();
    let value: SpiderValue;
    if (token === 'select') value = this.#query();
    else if (token.includes('"')) {
      value = token;
      this.#at++;
    } else if (PYTHON_FLOAT.test(token)) {
      value = Number(token.replaceAll('_', ''));
      this.#at++;
    } else value = this.#columnAsValue(start, tables);
    if (block) this.#expect(')');
    return value;
  }

  /** The official code hands the stretch up to the next separator to its column rule, so a call as a value is cut before its `)`. */
  #columnAsValue(start: number, tables: readonly string[]): ColumnUnit {
    let end = this.#at;
    for (; end < this.#tokens.length; end++) {
      const token = this.#tokens[end]!;
      if (token === ',' || token === ')' || token === 'and' || CLAUSES.has(token) || JOINS.has(token)) break;
    }
    const value = new Parser(this.#tokens.slice(start, end), this.#schema, this.#tables).#columnUnit(tables);
    this.#at = end;
    return value;
  }

  #valueUnit(tables: readonly string[]): ValueUnit {
    const block = this.#token() === '(';
    if (block) this.#at++;
    const left = this.#columnUnit(tables);
    let operator = 'none';
    let right: ColumnUnit | undefined;
    if (UNIT_OPERATORS.has(this.#peek())) {
      operator = this.#tokens[this.#at++]!;
      right = this.#columnUnit(tables);
    }
    if (block) this.#expect(')');
    return { operator, left, right };
  }

  #columnUnit(tables: readonly string[]): ColumnUnit {
    const block = this.#token() === '(';
    if (block) this.#at++;
    const aggregate = AGGREGATES.has(this.#token()) ? this.#tokens[this.#at++]! : undefined;
    if (aggregate !== undefined) {
      this.#expect('(');
      const distinct = this.#token() === 'distinct';
      if (distinct) this.#at++;
      const column = this.#column(tables);
      this.#expect(')');
      // A block's own `)` is left for whoever opened it.
      return { aggregate, column, distinct };
    }
    const distinct = this.#took('distinct');
    const column = this.#column(tables);
    if (block) this.#expect(')');
    return { aggregate: 'none', column, distinct };
  }

  #column(tables: readonly string[]): string {
    const token = this.#token();
    this.#at++;
    if (token === '*') return token;
    if (token.includes('.')) {
      const parts = token.split('.');
      const table = this.#tables.get(parts[0]!);
      if (parts.length !== 2 || table === undefined || !this.#schema.columns.get(table)?.has(parts[1]!))
        throw new Unreadable(`no column ${token}`);
      return `${table}.${parts[1]}`;
    }
    for (const name of tables) {
      const table = this.#tables.get(name)!;
      if (this.#schema.columns.get(table)?.has(token)) return `${table}.${token}`;
    }
    throw new Unreadable(`no column ${token}`);
  }
}
