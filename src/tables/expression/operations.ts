import type { Batch } from '../table.ts';
import type { NumberFunction, TextFunction } from './functions.ts';
import type { ArithmeticOp, CompareOp } from './syntax.ts';
import type { Compiled, Evaluate, NumberVector, NumericCompiled, TextCompiled, ValueType } from './vector.ts';

const finite = (x: number) => (Number.isFinite(x) ? x : Number.NaN);

const ARITHMETIC: Readonly<Record<ArithmeticOp, (x: number, y: number) => number>> = {
  '+': (x, y) => x + y,
  '-': (x, y) => x - y,
  '*': (x, y) => x * y,
  '/': (x, y) => x / y,
  // The sign of the divisor, as in Python and SQL's mathematics of clocks and weekdays.
  '%': (x, y) => x - y * Math.floor(x / y),
};
export const COMPARE: Readonly<Record<CompareOp, (x: number, y: number) => number>> = {
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
export const holdsText = (op: CompareOp, a: string, b: string): boolean => TEXT_ORDER[op](a === b ? 0 : a < b ? -1 : 1);

export function constant(value: number, type: 'number' | 'boolean' | 'date'): Compiled {
  let filled = new Float64Array(0);
  return {
    type,
    evaluate: ({ rows }) => {
      if (filled.length < rows) filled = new Float64Array(rows).fill(value);
      return { kind: 'number', values: filled.subarray(0, rows) };
    },
  };
}

export function constantText(value: string): Compiled {
  return { type: 'text', evaluate: ({ rows }) => ({ kind: 'text', codes: new Int32Array(rows), dictionary: [value] }) };
}

export function map(of: NumericCompiled, type: 'number' | 'boolean', by: (x: number) => number): NumericCompiled {
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

export function zip(
  a: NumericCompiled,
  b: NumericCompiled,
  type: 'number' | 'boolean',
  by: (x: number, y: number) => number,
): NumericCompiled {
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

export function arithmetic(op: ArithmeticOp, a: NumericCompiled, b: NumericCompiled): NumericCompiled {
  const by = ARITHMETIC[op];
  return zip(a, b, 'number', (x, y) => finite(by(x, y)));
}

/** Kleene: false and missing is false, true or missing is true. */
export function logic(op: 'and' | 'or', a: NumericCompiled, b: NumericCompiled): NumericCompiled {
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
export function lookup(of: TextCompiled, type: 'number' | 'boolean', by: (text: string) => number): NumericCompiled {
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

export function overTexts(of: TextCompiled, by: TextFunction, literal: string): Compiled {
  if (by.gives !== 'text') return lookup(of, by.gives, (text) => Number(by.of(text, literal) ?? Number.NaN));
  return {
    type: 'text',
    evaluate: (batch) => {
      const { codes, dictionary } = of.evaluate(batch);
      return { kind: 'text', codes, dictionary: dictionary.map((text) => String(by.of(text, literal))) };
    },
  };
}

export function rowByRow(args: readonly NumericCompiled[], { of, gives }: NumberFunction): NumericCompiled {
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

export function isMissing(of: Compiled, negated: boolean): NumericCompiled {
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

export function choose(condition: NumericCompiled, yes: Compiled, no: Compiled): Compiled {
  const pick = (batch: Batch): Int8Array => {
    const { values } = condition.evaluate(batch);
    return Int8Array.from(values, (x) => (Number.isNaN(x) ? -1 : x === 0 ? 1 : 0));
  };
  return blend(yes, no, pick);
}

export function firstPresent(first: Compiled, rest: Compiled): Compiled {
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
  const [m, n] = [a as NumericCompiled, b as NumericCompiled];
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
