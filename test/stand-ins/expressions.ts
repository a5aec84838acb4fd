import { data, Evaluator, Lexer, Parser } from '@actions/expressions';
import { truthy } from '@actions/expressions/result';

export type Status = 'always' | 'success' | 'failure' | 'cancelled';
export interface Scope {
  readonly contexts: Readonly<Record<string, unknown>>;
  /** What the status functions say here. */
  readonly status: Readonly<Record<Status, boolean>>;
}

/** A value of JavaScript as GitHub's evaluator wants it. */
function toData(value: unknown): data.ExpressionData {
  if (value === undefined || value === null) return new data.Null();
  if (typeof value === 'boolean') return new data.BooleanData(value);
  if (typeof value === 'number') return new data.NumberData(value);
  if (typeof value === 'string') return new data.StringData(value);
  if (Array.isArray(value)) return new data.Array(...value.map(toData));
  return new data.Dictionary(...Object.entries(value as object).map(([key, member]) => ({ key, value: toData(member) })));
}

/** The same value in JavaScript. */
export function fromData(value: data.ExpressionData): unknown {
  // JSON has no sign for some numbers.
  if (value instanceof data.NumberData) return value.value;
  return JSON.parse(JSON.stringify(value, data.replacer)) as unknown;
}

/** One expression, by GitHub's own lexer, parser and evaluator. */
export function evaluate(expression: string, { contexts, status }: Scope): data.ExpressionData {
  // The package parses nothing to nothing; GitHub makes that a null.
  if (expression.trim() === '') return new data.Null();
  const functions = (Object.keys(status) as Status[]).map((name) => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: () => new data.BooleanData(status[name]),
  }));
  const parsed = new Parser(new Lexer(expression).lex().tokens, Object.keys(contexts), functions).parse();
  const known = new Map(functions.map((one) => [one.name, one]));
  return new Evaluator(parsed, toData(contexts) as data.Dictionary, known).evaluate();
}

/** A condition as GitHub judges it: the truth of the value. */
export function holds(expression: string, scope: Scope): boolean {
  return truthy(evaluate(expression, scope));
}

/** A value of a workflow file: a text that is one expression keeps the expression's type; others are filled in. */
export function resolved(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) return value.map((item) => resolved(item, scope));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, resolved(member, scope)]));
  }
  if (typeof value !== 'string') return value;
  const whole = /^\s*\$\{\{((?:(?!\}\})[\s\S])*)\}\}\s*$/.exec(value);
  if (whole) return fromData(evaluate(whole[1]!, scope));
  return value.replace(/\$\{\{((?:(?!\}\})[\s\S])*)\}\}/g, (_text, expression: string) => evaluate(expression, scope).coerceString());
}

/** The same as text: what an input, an output or a variable holds. */
export function resolvedText(value: unknown, scope: Scope): string {
  const found = resolved(value, scope);
  if (found === undefined || found === null) return '';
  return typeof found === 'object' ? JSON.stringify(found) : String(found);
}
