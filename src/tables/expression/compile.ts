import { parseInstant } from '../calendar.ts';
import { nearest } from '../nearest.ts';
import type { Batch, Schema } from '../table.ts';
import { type Fits, fitKey } from './fit.ts';
import { FITTED_FUNCTIONS, functionNames, NUMBER_FUNCTIONS, TEXT_FUNCTIONS } from './functions.ts';
import {
  arithmetic,
  COMPARE,
  choose,
  constant,
  constantText,
  firstPresent,
  holdsText,
  isMissing,
  logic,
  lookup,
  map,
  overTexts,
  rowByRow,
  zip,
} from './operations.ts';
import { badExpression, type CompareOp, type Node } from './syntax.ts';
import { type Compiled, type NumberVector, type NumericCompiled, type TextVector, textAt } from './vector.ts';

export interface CompileOptions {
  /** For messages. */
  readonly source: string;
  readonly schema: Schema;
  /** Values of the fitted functions; without it they are refused. */
  readonly fits?: Fits;
}

type Numeric = NumericCompiled;

/**
 * Turns a parsed expression into closures over whole columns of a batch. Missing propagates; what cannot be computed
 * (a division by 0, the logarithm of 0) is missing. `and`, `or` follow three-valued logic.
 * Throws `BadInput` `bad-expression` for unknown names and for types that do not fit.
 */
export function compileExpression(node: Node, options: CompileOptions): Compiled {
  const fail = (at: number, message: string, todo?: string) => badExpression(options.source, at, message, todo);

  const compile = (of: Node): Compiled => {
    switch (of.kind) {
      case 'number':
        return constant(of.value, 'number');
      case 'boolean':
        return constant(of.value ? 1 : 0, 'boolean');
      case 'text':
        return constantText(of.value);
      case 'column':
        return column(of.name, of.at);
      case 'unary':
        return of.op === '-' ? map(numeric(of.of), 'number', (x) => -x) : map(condition(of.of), 'boolean', (x) => 1 - x);
      case 'binary':
        if (of.op === 'and' || of.op === 'or') return logic(of.op, condition(of.left), condition(of.right));
        if (of.op === '=' || of.op === '!=' || of.op === '<' || of.op === '<=' || of.op === '>' || of.op === '>=')
          return compare(of.op, of.left, of.right, of.at);
        return arithmetic(of.op, numeric(of.left), numeric(of.right));
      case 'in':
        return membership(of);
      case 'missing':
        return isMissing(compile(of.of), of.negated);
      case 'call':
        return call(of);
    }
  };

  const column = (name: string, at: number): Compiled => {
    const field = options.schema.find((candidate) => candidate.name === name);
    if (!field) {
      const names = options.schema.map((candidate) => candidate.name);
      const near = nearest(name, names);
      const hint = near ? ` Did you mean "${near}"?` : ` There are ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}.`;
      throw fail(at, `there is no column "${name}".${hint}`, "Texts stand in single quotes ('…'), columns in none or in double quotes.");
    }
    const position = positionOf(name);
    if (field.type === 'text') return { type: 'text', evaluate: (batch) => batch.columns[position(batch)] as TextVector };
    const type = field.type === 'date' || field.type === 'timestamp' ? 'date' : field.type === 'boolean' ? 'boolean' : 'number';
    return { type, evaluate: (batch) => batch.columns[position(batch)] as NumberVector };
  };

  const numeric = (of: Node): Numeric => {
    const compiled = compile(of);
    if (compiled.type === 'number' || compiled.type === 'boolean') return compiled;
    const todo =
      compiled.type === 'text'
        ? 'Use number(…) for a text that spells a number.'
        : 'Use days_between(from, to), year(…), hour(…) and their like.';
    throw fail(of.at, `expected a number, found a ${compiled.type}.`, todo);
  };
  const condition = (of: Node): Numeric => {
    const compiled = compile(of);
    if (compiled.type === 'boolean') return compiled;
    throw fail(of.at, `expected a condition, found a ${compiled.type}.`, 'Write a comparison, such as x = 1.');
  };
  const asDate = (of: Node): Numeric => {
    const compiled = compile(of);
    if (compiled.type === 'date') return compiled;
    if (of.kind === 'text') {
      const instant = parseInstant(of.value);
      if (instant !== undefined) return constant(instant, 'date') as Numeric;
    }
    throw fail(
      of.at,
      `expected a date, found a ${compiled.type}.`,
      'Dates in quotes are ISO 8601, such as 2024-02-29; a text column needs its type declared as date.',
    );
  };

  const compare = (op: CompareOp, left: Node, right: Node, at: number): Compiled => {
    const [a, b] = [compile(left), compile(right)];
    if (a.type === 'text' && b.type === 'text') {
      if (right.kind === 'text') return lookup(a, 'boolean', (text) => Number(holdsText(op, text, right.value))) as Numeric;
      return {
        type: 'boolean',
        evaluate: (batch) => {
          const [x, y] = [a.evaluate(batch), b.evaluate(batch)];
          const values = new Float64Array(batch.rows);
          for (let row = 0; row < batch.rows; row++) {
            const [s, t] = [textAt(x, row), textAt(y, row)];
            values[row] = s === undefined || t === undefined ? Number.NaN : Number(holdsText(op, s, t));
          }
          return { kind: 'number', values };
        },
      };
    }
    if (a.type === 'date' || b.type === 'date') return zip(asDate(left), asDate(right), 'boolean', COMPARE[op]);
    if (a.type === 'text' || b.type === 'text') throw fail(at, `a ${a.type} cannot be compared with a ${b.type}.`);
    return zip(a, b, 'boolean', COMPARE[op]);
  };

  const membership = (of: Extract<Node, { kind: 'in' }>): Compiled => {
    const member = compile(of.of);
    const wrong = of.list.find((item) => (item.kind === 'text') !== (member.type === 'text' || member.type === 'date'));
    if (wrong) throw fail(wrong.at, `the list must hold values of the type ${member.type}.`);
    const [yes, no] = of.negated ? [0, 1] : [1, 0];
    if (member.type === 'text') {
      const texts = new Set(of.list.map((item) => (item as { value: string }).value));
      return lookup(member, 'boolean', (text) => (texts.has(text) ? yes : no));
    }
    const numbers = new Set(
      of.list.map((item) => {
        if (item.kind === 'text') {
          const instant = parseInstant(item.value);
          if (instant === undefined) throw fail(item.at, `"${item.value}" is no ISO 8601 date.`);
          return instant;
        }
        return Number((item as { value: number | boolean }).value);
      }),
    );
    return map(member, 'boolean', (x) => (numbers.has(x) ? yes : no));
  };

  const call = (of: Extract<Node, { kind: 'call' }>): Compiled => {
    const { name, args, at } = of;
    const count = (least: number, most: number) => {
      if (args.length < least || args.length > most) {
        throw fail(
          at,
          `${name} takes ${least === most ? least : `${least} to ${most}`} argument${most === 1 ? '' : 's'}, found ${args.length}.`,
        );
      }
    };
    const ofNumbers = NUMBER_FUNCTIONS.get(name);
    if (ofNumbers) {
      count(...ofNumbers.args);
      return rowByRow(args.map(ofNumbers.takes === 'date' ? asDate : numeric), ofNumbers);
    }
    const ofText = TEXT_FUNCTIONS.get(name);
    if (ofText) {
      count(ofText.literal ? 2 : 1, ofText.literal ? 2 : 1);
      const text = compile(args[0]!);
      if (name === 'number' && (text.type === 'number' || text.type === 'boolean')) return { type: 'number', evaluate: text.evaluate };
      if (text.type !== 'text') throw fail(args[0]!.at, `${name} expects a text, found a ${text.type}.`);
      const literal = args[1];
      if (ofText.literal && literal?.kind !== 'text') throw fail(literal!.at, `the ${ofText.literal} must be a text in single quotes.`);
      return overTexts(text, ofText, literal?.kind === 'text' ? literal.value : '');
    }
    if (FITTED_FUNCTIONS.has(name)) {
      count(FITTED_FUNCTIONS.get(name)!.args, FITTED_FUNCTIONS.get(name)!.args);
      return fitted(of);
    }
    if (name === 'if') {
      count(3, 3);
      const [then, otherwise] = sameType([args[1]!, args[2]!]);
      return choose(condition(args[0]!), then!, otherwise!);
    }
    if (name === 'coalesce') {
      count(1, 20);
      return sameType(args).reduceRight((rest, first) => firstPresent(first, rest));
    }
    const near = nearest(name, functionNames());
    throw fail(at, `there is no function "${name}".${near ? ` Did you mean "${near}"?` : ` There are ${functionNames().join(', ')}.`}`);
  };

  const fitted = (of: Extract<Node, { kind: 'call' }>): Compiled => {
    const [argument, second] = of.args as [Node, Node | undefined];
    numeric(argument);
    if (of.name === 'quantile' && !(second?.kind === 'number' && second.value >= 0 && second.value <= 1)) {
      throw fail(second!.at, 'the second argument of quantile is a number from 0 to 1.');
    }
    const by = of.name === 'group_mean' ? compile(second!) : undefined;
    if (!options.fits) throw fail(of.at, `${of.name} is fitted on training rows and can only be used in prepare-data.features.`);
    const fit = options.fits.get(fitKey(of));
    if (!fit) throw new RangeError(`No fitted value for ${fitKey(of)}.`);
    if (fit.kind === 'number') return constant(fit.value ?? Number.NaN, 'number');
    const overall = fit.overall ?? Number.NaN;
    if (by!.type === 'text') return lookup(by!, 'number', (text) => fit.groups.get(text) ?? overall);
    return map(by!, 'number', (x) => fit.groups.get(String(x === 0 ? 0 : x)) ?? overall);
  };

  const sameType = (nodes: readonly Node[]): readonly Compiled[] => {
    const compiled = nodes.map(compile);
    const type = compiled[0]!.type;
    const wrong = compiled.findIndex(
      (other) => (other.type === 'boolean' ? 'number' : other.type) !== (type === 'boolean' ? 'number' : type),
    );
    if (wrong >= 0) throw fail(nodes[wrong]!.at, `expected a ${type} like the others, found a ${compiled[wrong]!.type}.`);
    return compiled;
  };

  return compile(node);
}

/** Where a column stands in a batch; looked up once for batches of one schema. */
function positionOf(name: string): (batch: Batch) => number {
  let schema: Schema | undefined;
  let position = -1;
  return (batch) => {
    if (batch.schema !== schema) {
      schema = batch.schema;
      position = schema.findIndex((field) => field.name === name);
      if (position < 0) throw new RangeError(`The batch lacks the column "${name}".`);
    }
    return position;
  };
}
