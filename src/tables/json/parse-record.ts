import { BadCell } from '../csv/cells.ts';
import { decimalKind } from '../decimal.ts';
import { dateEvidence, type Evidence, SEEN_BOOLEAN, SEEN_INTEGER, SEEN_NUMBER, SEEN_TEXT } from '../evidence.ts';
import type { RecordBytes } from './record-splitter.ts';

/** A number that a double cannot hold as it is written: an integer beyond 2^53, or beyond the range. Kept as it stands. */
export class LongNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type JsonCell = string | number | boolean | null | undefined | LongNumber;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const MAYBE_LONG = /\d{16}|[eE]\+?\d{3}/;
const MAYBE_LONE = /\\u[dD][89a-fA-F]/;

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
const parseWithSource = JSON.parse as (text: string, reviver: Reviver) => unknown;

/** The object of a record. Throws {@link BadCell}: `bad-encoding`, `bad-json`, `not-an-object`, `lone-surrogate`. */
export function parseRecord({ bytes, from, to }: RecordBytes, anyText = false): Readonly<Record<string, unknown>> {
  let text: string;
  try {
    text = decoder.decode(bytes.subarray(from, to));
  } catch {
    throw new BadCell('bad-encoding', 'The bytes are not valid UTF-8.', 'Save the file as UTF-8.');
  }
  const lone = MAYBE_LONE.test(text);
  let value: unknown;
  try {
    value = lone || MAYBE_LONG.test(text) ? parseWithSource(text, anyText ? keepAny : keepExact) : JSON.parse(text);
  } catch (error) {
    if (error instanceof BadCell) throw error;
    throw new BadCell('bad-json', `expected JSON, found ${shown(text)}.`, 'Check quotes, commas and brackets of this record.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof LongNumber) {
    throw new BadCell('not-an-object', `expected an object like {"column": value}, found ${shown(text)}.`, 'Every record is one object.');
  }
  if (lone) for (const key of Object.keys(value)) wellFormed(key);
  return value as Record<string, unknown>;
}

function keepExact(key: string, value: unknown, { source }: { readonly source?: string }): unknown {
  if (typeof value === 'number' && source !== undefined && decimalKind(source) === 'too-large') return new LongNumber(source);
  if (typeof value === 'string') wellFormed(value, key);
  return value;
}

const keepAny: Reviver = (key, value, context) => (typeof value === 'string' ? value.toWellFormed() : keepExact(key, value, context));

function wellFormed(text: string, column?: string): void {
  if (!text.isWellFormed())
    throw new BadCell(
      'lone-surrogate',
      'a text holds half a surrogate pair, which is no character.',
      'Mend the program that wrote the file.',
      column,
    );
}

/** A value that a table can hold; objects and arrays are refused (`nested-value`). */
export function flatCell(value: unknown, column: string): JsonCell {
  if (typeof value === 'object' && value !== null && !(value instanceof LongNumber)) {
    throw new BadCell(
      'nested-value',
      `column "${column}" holds ${Array.isArray(value) ? 'an array' : 'an object'}; a table holds plain values.`,
      'Flatten it, or write it as text.',
      column,
    );
  }
  return value as JsonCell;
}

export function evidenceOfCell(cell: JsonCell): Evidence {
  if (cell === null || cell === undefined) return 0;
  if (typeof cell === 'number') return Number.isInteger(cell) ? SEEN_INTEGER : SEEN_NUMBER;
  if (typeof cell === 'boolean') return SEEN_BOOLEAN;
  return typeof cell === 'string' ? dateEvidence(cell) : SEEN_TEXT;
}

const shown = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}…` : text);
