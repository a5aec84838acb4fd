import type { Batch, Column } from '../table.ts';

export type ValueType = 'number' | 'boolean' | 'date' | 'text';

export interface NumberVector {
  readonly kind: 'number';
  /** NaN is missing; booleans are 0 and 1; dates milliseconds. Never written to by a reader. */
  readonly values: Float64Array;
}
export interface TextVector {
  readonly kind: 'text';
  readonly codes: Int32Array;
  readonly dictionary: readonly string[];
}

export type Evaluate<V> = (batch: Batch) => V;

export interface TextCompiled {
  readonly type: 'text';
  readonly evaluate: Evaluate<TextVector>;
}
export interface NumericCompiled {
  readonly type: 'number' | 'boolean' | 'date';
  readonly evaluate: Evaluate<NumberVector>;
}
export type Compiled = TextCompiled | NumericCompiled;

/** The result of an expression as a column of a table. */
export function columnOf(vector: NumberVector | TextVector): Column {
  if (vector.kind === 'text') return vector;
  let missing: Uint8Array | undefined;
  for (let row = 0; row < vector.values.length; row++) {
    if (!Number.isNaN(vector.values[row]!)) continue;
    missing ??= new Uint8Array(vector.values.length);
    missing[row] = 1;
  }
  return missing ? { kind: 'number', values: vector.values, missing } : { kind: 'number', values: vector.values };
}

/** The text of a code; several codes may spell the same text after `lower` and its like. */
export const textAt = ({ codes, dictionary }: TextVector, row: number): string | undefined => {
  const code = codes[row]!;
  return code < 0 ? undefined : dictionary[code];
};
