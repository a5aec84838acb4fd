import { BadInput } from '../tables/bad-input.ts';
import { byCodePoint } from '../tables/code-point-order.ts';
import { type Origin, placeOf } from './column-checks.ts';

export type Label = string | number | boolean;

/** Labels row by row, or as codes into a dictionary. */
export type LabelColumn = ArrayLike<Label> | { readonly codes: Int32Array; readonly dictionary: readonly string[] };

/** Rows of a column of labels. */
export const labelCount = (column: LabelColumn): number => ('codes' in column ? column.codes.length : column.length);

/** All labels of some columns in their order: numbers ascending, then text by code point. */
export function labelsOf(columns: readonly LabelColumn[]): string[] {
  const seen = new Set<string>();
  for (const column of columns) {
    if ('codes' in column) {
      const used = new Uint8Array(column.dictionary.length);
      for (let i = 0; i < column.codes.length; i++) if (column.codes[i]! >= 0) used[column.codes[i]!] = 1;
      for (let code = 0; code < used.length; code++) if (used[code]) seen.add(column.dictionary[code]!);
    } else {
      for (let i = 0; i < column.length; i++) if (!isMissing(column[i])) seen.add(String(column[i]));
    }
  }
  return [...seen].sort(byLabelOrder);
}

/** Each row's label as its place in `classes`. A missing or unknown label is a `BadInput` with its row. */
export function encodeLabels(column: LabelColumn, classes: readonly string[], name: string, origin: Origin = {}): Int32Array {
  const codeOf = new Map(classes.map((label, code) => [label, code]));
  const n = labelCount(column);
  const out = new Int32Array(n);
  if ('codes' in column) {
    const translated = Int32Array.from(column.dictionary, (label) => codeOf.get(label) ?? -1);
    for (let i = 0; i < n; i++) {
      const given = column.codes[i]!;
      const code = given < 0 ? -1 : translated[given]!;
      if (code < 0) throw unknownLabel(given < 0 ? undefined : column.dictionary[given], classes, name, origin, i);
      out[i] = code;
    }
    return out;
  }
  for (let i = 0; i < n; i++) {
    const label = column[i];
    const code = isMissing(label) ? undefined : codeOf.get(String(label));
    if (code === undefined) throw unknownLabel(isMissing(label) ? undefined : label, classes, name, origin, i);
    out[i] = code;
  }
  return out;
}

const isMissing = (label: Label | undefined | null): boolean =>
  label === undefined || label === null || (typeof label === 'number' && Number.isNaN(label));

function unknownLabel(label: Label | undefined, classes: readonly string[], name: string, origin: Origin, index: number): BadInput {
  const shown = classes.slice(0, 10).map((known) => JSON.stringify(known));
  const more = classes.length > 10 ? ` and ${classes.length - 10} more` : '';
  return new BadInput(
    label === undefined ? 'missing-label' : 'unknown-label',
    `expected one of ${shown.join(', ')}${more} and found ${label === undefined ? 'nothing' : JSON.stringify(String(label))}.`,
    placeOf(origin, index, name),
    'Labels are compared as they are: no trimming, no folding of case.',
  );
}

/** Numbers ascending before text by code point. */
export function byLabelOrder(a: string, b: string): number {
  const x = asNumber(a);
  const y = asNumber(b);
  if (x !== undefined && y !== undefined) return x - y || byCodePoint(a, b);
  if (x !== undefined) return -1;
  if (y !== undefined) return 1;
  return byCodePoint(a, b);
}

const asNumber = (text: string): number | undefined => (text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined);
