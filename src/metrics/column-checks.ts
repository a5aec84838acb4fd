import { BadInput } from '../tables/bad-input.ts';

/** Where the rows came from, for messages: row numbers count from `firstRow` (1 by default; 2 under a CSV header). */
export interface Origin {
  readonly file?: string;
  readonly firstRow?: number;
}

export const placeOf = (origin: Origin, index: number, column?: string): { file?: string; row: number; column?: string } => ({
  file: origin.file,
  row: index + (origin.firstRow ?? 1),
  column,
});

/** Two columns that must be of one length. */
export function expectLength(found: number, expected: number, column: string, origin: Origin): void {
  if (found === expected) return;
  throw new BadInput(
    'wrong-length',
    `expected ${expected} rows, as the truth has, and found ${found}.`,
    { file: origin.file, column },
    'Give one prediction for each row of the test part, in the same order.',
  );
}

/** Numbers as doubles, none of them NaN or infinite. `values` itself when it already is a Float64Array. */
export function finiteColumn(values: ArrayLike<number>, column: string, origin: Origin = {}): Float64Array {
  const out = values instanceof Float64Array ? values : Float64Array.from(values);
  for (let i = 0; i < out.length; i++) {
    if (Number.isFinite(out[i])) continue;
    throw new BadInput('non-finite', `expected a finite number and found ${describe(values[i])}.`, placeOf(origin, i, column));
  }
  return out;
}

/** Probabilities, each within 0…1. */
export function probabilityColumn(values: ArrayLike<number>, column: string, origin: Origin = {}): Float64Array {
  const out = values instanceof Float64Array ? values : Float64Array.from(values);
  for (let i = 0; i < out.length; i++) {
    const p = out[i]!;
    if (p >= 0 && p <= 1) continue;
    throw new BadInput(
      'not-a-probability',
      `expected a probability within 0…1 and found ${describe(values[i])}.`,
      placeOf(origin, i, column),
      'Let the trainer write probabilities, not margins or log-odds.',
    );
  }
  return out;
}

/** Weights: at least 0, finite, not all 0. */
export function weightColumn(values: ArrayLike<number>, n: number, origin: Origin = {}): Float64Array {
  expectLength(values.length, n, 'weights', origin);
  const out = finiteColumn(values, 'weights', origin);
  let some = n === 0;
  for (let i = 0; i < n; i++) {
    if (out[i]! < 0)
      throw new BadInput('negative-weight', `expected a weight of at least 0 and found ${out[i]}.`, placeOf(origin, i, 'weights'));
    if (out[i]! > 0) some = true;
  }
  if (!some) throw new BadInput('no-weight', 'expected at least one weight above 0; all are 0.', { file: origin.file, column: 'weights' });
  return out;
}

export function takeNumbers(values: Float64Array, positions: Uint32Array): Float64Array {
  const out = new Float64Array(positions.length);
  for (let i = 0; i < positions.length; i++) out[i] = values[positions[i]!]!;
  return out;
}

export function takeCodes(codes: Int32Array, positions: Uint32Array): Int32Array {
  const out = new Int32Array(positions.length);
  for (let i = 0; i < positions.length; i++) out[i] = codes[positions[i]!]!;
  return out;
}

function describe(value: unknown): string {
  return value === undefined || value === null ? 'nothing' : String(value);
}
