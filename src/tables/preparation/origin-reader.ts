import { BadInput } from '../bad-input.ts';
import { compileExpression } from '../expression/compile.ts';
import type { Fits } from '../expression/fit.ts';
import { columnsOf, type Node, parseExpression } from '../expression/syntax.ts';
import type { Compiled, TextVector } from '../expression/vector.ts';
import { cellText } from '../row-keys.ts';
import { rowPlace } from '../row-place.ts';
import type { Batch, Schema } from '../table.ts';
import type { Origin } from './preparation.ts';

const DECIMAL = /^\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*$/;

export interface ReadOptions {
  readonly schema: Schema;
  readonly fits: Fits;
  /** Texts that mean missing. */
  readonly missing: readonly string[];
  readonly table: string;
}

export function originText(origin: Origin): string {
  if (origin.kind === 'expression') return origin.expression;
  return origin.kind === 'column' ? origin.column : `${origin.part}(${origin.column})`;
}

export function originNode(origin: Origin): Node {
  if (origin.kind === 'expression') return parseExpression(origin.expression);
  const column: Node = { kind: 'column', name: origin.column, at: 0 };
  return origin.kind === 'column' ? column : { kind: 'call', name: origin.part, args: [column], at: 0 };
}

export const originColumns = (origin: Origin): readonly string[] => [...columnsOf(originNode(origin))];

export function compileOrigin(origin: Origin, { schema, fits }: Pick<ReadOptions, 'schema' | 'fits'>): Compiled {
  return compileExpression(originNode(origin), { source: originText(origin), schema, fits });
}

/** Numbers of a feature, NaN where missing. With `parse` a text must spell a number or be blank. An infinite value is refused. */
export function readNumbers(origin: Origin, parse: boolean, options: ReadOptions): (batch: Batch) => Float64Array {
  const compiled = compileOrigin(origin, options);
  const name = originText(origin);
  if (compiled.type === 'text') {
    if (!parse) throw new BadInput('wrong-type', `"${name}" must be a number, found text.`, { file: options.table });
    const missing = new Set(options.missing);
    return (batch) => {
      const { codes, dictionary } = compiled.evaluate(batch);
      const numbers = new Float64Array(dictionary.length);
      dictionary.forEach((text, code) => {
        if (missing.has(text) || text.trim() === '') numbers[code] = Number.NaN;
        else if (DECIMAL.test(text)) numbers[code] = Number(text);
        else refuseText(text, code, codes, batch, name, options.table);
      });
      const values = new Float64Array(batch.rows);
      for (let row = 0; row < batch.rows; row++) values[row] = codes[row]! < 0 ? Number.NaN : numbers[codes[row]!]!;
      return values;
    };
  }
  return (batch) => {
    const { values } = compiled.evaluate(batch);
    for (let row = 0; row < values.length; row++) {
      if (values[row] === Number.POSITIVE_INFINITY || values[row] === Number.NEGATIVE_INFINITY) {
        throw new BadInput('infinite-value', 'An infinite value cannot be prepared.', {
          ...rowPlace(batch, row, options.table),
          column: name,
        });
      }
    }
    return values;
  };
}

function refuseText(text: string, code: number, codes: Int32Array, batch: Batch, column: string, file: string): void {
  const row = codes.indexOf(code);
  if (row < 0) return;
  throw new BadInput(
    'not-a-number',
    `Expected a number, found ${JSON.stringify(text)}.`,
    { ...rowPlace(batch, row, file), column },
    `If it means missing, add it to \`columns.${column}.missing\`.`,
  );
}

/** Texts of a feature, code -1 where missing; numbers and booleans are spelled. */
export function readTexts(origin: Origin, options: ReadOptions): (batch: Batch) => TextVector {
  const compiled = compileOrigin(origin, options);
  if (compiled.type !== 'text') {
    const field = { name: '', type: compiled.type === 'date' ? 'timestamp' : compiled.type } as const;
    return (batch) => {
      const { values } = compiled.evaluate(batch);
      const known = new Map<number, number>();
      const dictionary: string[] = [];
      const codes = new Int32Array(values.length);
      for (let row = 0; row < values.length; row++) {
        const value = values[row]!;
        let code = Number.isNaN(value) ? -1 : known.get(value);
        if (code === undefined) {
          code = dictionary.push(cellText({ kind: 'number', values }, field, row)!) - 1;
          known.set(value, code);
        }
        codes[row] = code;
      }
      return { kind: 'text', codes, dictionary };
    };
  }
  if (options.missing.length === 0) return compiled.evaluate;
  const missing = new Set(options.missing);
  return (batch) => {
    const { codes, dictionary } = compiled.evaluate(batch);
    if (!dictionary.some((text) => missing.has(text))) return { kind: 'text', codes, dictionary };
    const present = dictionary.map((text, code) => (missing.has(text) ? -1 : code));
    return { kind: 'text', codes: codes.map((code) => (code < 0 ? -1 : present[code]!)), dictionary };
  };
}
