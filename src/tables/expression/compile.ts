import { parseInstant } from '../calendar.ts';
import { nearest } from '../nearest.ts';
import type { Batch, Schema } from '../table.ts';
import { type Fits, fitKey } from './fit.ts';
import { FITTED_FUNCTIONS, functionNames, NUMBER_FUNCTIONS, type NumberFunction, TEXT_FUNCTIONS, type TextFunction } from './functions.ts';
import { type ArithmeticOp, badExpression, type CompareOp, type Node } from './syntax.ts';
import {
  type Compiled,
  type Evaluate,
  type NumberVector,
  type NumericCompiled,
  type TextCompiled,
  type TextVector,
  textAt,
  type ValueType,
} from './vector.ts';

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

const finite = (x: number) => (Number.isFinite(x) ? x : Number.NaN);

const ARITHMETIC: Readonly<Record<ArithmeticOp, (x: number, y: number) => number>> = {
  '+': (x, y) => x + y,
  '-': (x, y) => x - y,
  '*': (x, y) => x * y,
  '/': (x, y) => x / y,
  // The sign of the divisor, as in Python and SQL's mathematics of clocks and weekdays.
  '%': (x, y) => x - y * Math.floor(x / y),
};
const COMPARE: Readonly<Record<CompareOp, (x: number, y: number) => number>> = {
  '=': (x, y) => Number(x === y),
  '!=': (x, y) => Number(x !== y),
  '<': (x, y) => Number(x < y),
  '<=': (x, y) => Number(x <= y),
  '>': (x, y) => Number(x > y),
  '>=': (x, y) => Number(x >= y),
};
const TEXT_ORDER: Readonly<Record<CompareOp, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};
const holdsText = (op: CompareOp, a: string, b: string): boolean => TEXT_ORDER[op](a === b ? 0 : a < b ? -1 : 1);

function constant(value: number, type: 'number' | 'boolean' | 'date'): Compiled {
  let filled = new Float64Array(0);
  return {
    type,
    evaluate: ({ rows }) => {
      if (filled.length < rows) filled = new Float64Array(rows).fill(value);
      return { kind: 'number', values: filled.subarray(0, rows) };
    },
  };
}

function constantText(value: string): Compiled {
  return { type: 'text', evaluate: ({ rows }) => ({ kind: 'text', codes: new Int32Array(rows), dictionary: [value] }) };
}

function map(of: Numeric, type: 'number' | 'boolean', by: (x: number) => number): Numeric {
  return {
    type,
    evaluate: (batch) => {
      const { values: x } = of.evaluate(batch);
      const values = new Float64Array(x.length);
      for (let row = 0; row < x.length; row++) values[row] = Number.isNaN(x[row]!) ? Number.NaN : by(x[row]!);
      return { kind: 'number', values };
    },
  };
}

function zip(a: Numeric, b: Numeric, type: 'number' | 'boolean', by: (x: number, y: number) => number): Numeric {
  return {
    type,
    evaluate: (batch) => {
      const [{ values: x }, { values: y }] = [a.evaluate(batch), b.evaluate(batch)];
      const values = new Float64Array(x.length);
      for (let row = 0; row < x.length; row++)
        values[row] = Number.isNaN(x[row]!) || Number.isNaN(y[row]!) ? Number.NaN : by(x[row]!, y[row]!);
      return { kind: 'number', values };
    },
  };
}

function arithmetic(op: ArithmeticOp, a: Numeric, b: Numeric): Numeric {
  const by = ARITHMETIC[op];
  return zip(a, b, 'number', (x, y) => finite(by(x, y)));
}

/** Kleene: false and missing is false, true or missing is true. */
function logic(op: 'and' | 'or', a: Numeric, b: Numeric): Numeric {
  const decisive = op === 'and' ? 0 : 1;
  return {
    type: 'boolean',
    evaluate: (batch) => {
      const [{ values: x }, { values: y }] = [a.evaluate(batch), b.evaluate(batch)];
      const values = new Float64Array(x.length);
      for (let row = 0; row < x.length; row++) {
        const [p, q] = [x[row]!, y[row]!];
        values[row] = p === decisive || q === decisive ? decisive : Number.isNaN(p) || Number.isNaN(q) ? Number.NaN : 1 - decisive;
      }
      return { kind: 'number', values };
    },
  };
}

/** A number for each different text of the batch. */
function lookup(of: TextCompiled, type: 'number' | 'boolean', by: (text: string) => number): Numeric {
  return {
    type,
    evaluate: (batch) => {
      const { codes, dictionary } = of.evaluate(batch);
      const results = Float64Array.from(dictionary, by);
      const values = new Float64Array(codes.length);
      for (let row = 0; row < codes.length; row++) values[row] = codes[row]! < 0 ? Number.NaN : results[codes[row]!]!;
      return { kind: 'number', values };
    },
  };
}

function overTexts(of: TextCompiled, by: TextFunction, literal: string): Compiled {
  if (by.gives !== 'text') return lookup(of, by.gives, (text) => Number(by.of(text, literal) ?? Number.NaN));
  return {
    type: 'text',
    evaluate: (batch) => {
      const { codes, dictionary } = of.evaluate(batch);
      return { kind: 'text', codes, dictionary: dictionary.map((text) => String(by.of(text, literal))) };
    },
  };
}

function rowByRow(args: readonly Numeric[], { of, gives }: NumberFunction): Numeric {
  const type = gives as 'number' | 'boolean';
  if (args.length === 1) return map(args[0]!, type, (x) => finite(of(x)));
  if (args.length === 2) return zip(args[0]!, args[1]!, type, (x, y) => finite(of(x, y)));
  return {
    type,
    evaluate: (batch) => {
      const columns = args.map((arg) => arg.evaluate(batch).values);
      const row = new Array<number>(columns.length);
      const values = new Float64Array(batch.rows);
      for (let r = 0; r < batch.rows; r++) {
        for (let i = 0; i < columns.length; i++) row[i] = columns[i]![r]!;
        values[r] = row.some(Number.isNaN) ? Number.NaN : finite(of(...row));
      }
      return { kind: 'number', values };
    },
  };
}

function isMissing(of: Compiled, negated: boolean): Numeric {
  const [yes, no] = negated ? [0, 1] : [1, 0];
  return {
    type: 'boolean',
    evaluate: (batch) => {
      const vector = of.evaluate(batch);
      const values = new Float64Array(batch.rows);
      if (vector.kind === 'text') for (let row = 0; row < batch.rows; row++) values[row] = vector.codes[row]! < 0 ? yes : no;
      else for (let row = 0; row < batch.rows; row++) values[row] = Number.isNaN(vector.values[row]!) ? yes : no;
      return { kind: 'number', values };
    },
  };
}

function choose(condition: Numeric, yes: Compiled, no: Compiled): Compiled {
  const pick = (batch: Batch): Int8Array => {
    const { values } = condition.evaluate(batch);
    return Int8Array.from(values, (x) => (Number.isNaN(x) ? -1 : x === 0 ? 1 : 0));
  };
  return blend(yes, no, pick);
}

function firstPresent(first: Compiled, rest: Compiled): Compiled {
  const absent = isMissing(first, false).evaluate as Evaluate<NumberVector>;
  return blend(first, rest, (batch) => Int8Array.from(absent(batch).values));
}

/** Per row the value of `a` (0), of `b` (1) or missing (-1). */
function blend(a: Compiled, b: Compiled, pick: (batch: Batch) => Int8Array): Compiled {
  if (a.type === 'text' && b.type === 'text') {
    return {
      type: 'text',
      evaluate: (batch) => {
        const [x, y, picked] = [a.evaluate(batch), b.evaluate(batch), pick(batch)];
        const codes = new Int32Array(batch.rows);
        for (let row = 0; row < batch.rows; row++) {
          const code = picked[row] === 0 ? x.codes[row]! : y.codes[row]!;
          codes[row] = picked[row]! < 0 || code < 0 ? -1 : picked[row] === 0 ? code : code + x.dictionary.length;
        }
        return { kind: 'text', codes, dictionary: [...x.dictionary, ...y.dictionary] };
      },
    };
  }
  const [m, n] = [a as Numeric, b as Numeric];
  const type: Exclude<ValueType, 'text'> = m.type === n.type ? m.type : 'number';
  return {
    type,
    evaluate: (batch) => {
      const [{ values: x }, { values: y }, picked] = [m.evaluate(batch), n.evaluate(batch), pick(batch)];
      const values = new Float64Array(batch.rows);
      for (let row = 0; row < batch.rows; row++) values[row] = picked[row]! < 0 ? Number.NaN : picked[row] === 0 ? x[row]! : y[row]!;
      return { kind: 'number', values };
    },
  };
}
