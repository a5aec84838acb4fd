import { decimalKind } from './decimal.ts';
import { parseTimestamp } from './iso-date.ts';
import type { ColumnType } from './table.ts';

/** What values of a column were seen to be; bits, so that evidence of several files is joined by OR. */
export type Evidence = number;
export const SEEN_INTEGER = 1;
export const SEEN_NUMBER = 2;
export const SEEN_BOOLEAN = 4;
export const SEEN_DATE = 8;
export const SEEN_TIMESTAMP = 16;
export const SEEN_TEXT = 32;

/** What one non-missing value written as text looks like. Dates that do not exist look like dates all the same, and are refused on reading. */
export function evidenceOf(text: string): Evidence {
  const first = text.charCodeAt(0);
  if (first <= 57 && first >= 43) {
    const kind = decimalKind(text);
    if (kind === 'integer') return SEEN_INTEGER;
    if (kind === 'number') return SEEN_NUMBER;
    if (text.length >= 10 && text[4] === '-') return dateEvidence(text);
    return SEEN_TEXT;
  }
  return text === 'true' || text === 'false' ? SEEN_BOOLEAN : SEEN_TEXT;
}

/**
 * The evidence of plain decimals of at most 15 digits, straight from their bytes; undefined for everything else, which
 * {@link evidenceOf} then judges as text. Most cells of the first rows are such, and no string need be made of them.
 */
export function evidenceOfDecimal(bytes: Uint8Array, from: number, to: number): Evidence | undefined {
  let at = bytes[from] === 45 ? from + 1 : from;
  const start = at;
  while (at < to && bytes[at] >= 48 && bytes[at] <= 57) at++;
  const whole = at - start;
  if (whole === 0 || (whole > 1 && bytes[start] === 48)) return undefined;
  if (at === to) return whole <= 15 ? SEEN_INTEGER : undefined;
  if (bytes[at] !== 46) return undefined;
  at++;
  while (at < to && bytes[at] >= 48 && bytes[at] <= 57) at++;
  return at === to && at - start <= 16 ? SEEN_NUMBER : undefined;
}

const asBytes = new Uint8Array(64);

/** Whether text has the form of an ISO date or timestamp. */
export function dateEvidence(text: string): Evidence {
  if (text.length < 10 || text.length > asBytes.length) return SEEN_TEXT;
  for (let i = 0; i < text.length; i++) asBytes[i] = Math.min(255, text.charCodeAt(i));
  if (Number.isNaN(parseTimestamp(asBytes, 0, text.length))) return SEEN_TEXT;
  return text.length === 10 ? SEEN_DATE : SEEN_TIMESTAMP;
}

/** The type that holds all that was seen; text when nothing was, or when kinds are mixed. */
export function typeOf(seen: Evidence): ColumnType {
  if (seen === SEEN_INTEGER) return 'integer';
  if (seen === SEEN_NUMBER || seen === (SEEN_INTEGER | SEEN_NUMBER)) return 'number';
  if (seen === SEEN_BOOLEAN) return 'boolean';
  if (seen === SEEN_DATE) return 'date';
  if (seen === SEEN_TIMESTAMP || seen === (SEEN_DATE | SEEN_TIMESTAMP)) return 'timestamp';
  return 'text';
}

export const EVIDENCE_OF_TYPE: Readonly<Record<ColumnType, Evidence>> = {
  integer: SEEN_INTEGER,
  number: SEEN_NUMBER,
  boolean: SEEN_BOOLEAN,
  date: SEEN_DATE,
  timestamp: SEEN_TIMESTAMP,
  text: SEEN_TEXT,
};
