import { BadInput } from './bad-input.ts';
import { rowPlace } from './row-place.ts';
import type { Batch, Column, Field } from './table.ts';

const DAY = 86_400_000;

/** Milliseconds (UTC midnight) of a calendar date `YYYY-MM-DD`; undefined when there is no such day. */
export function parseDay(text: string): number | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!match) return undefined;
  const milliseconds = Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3]));
  return new Date(milliseconds).toISOString().slice(0, 10) === text ? milliseconds : undefined;
}

export const dayText = (milliseconds: number): string => new Date(milliseconds).toISOString().slice(0, 10);

export const nextDay = (milliseconds: number): number => milliseconds + DAY;

/** Calendar date (`YYYY-MM-DD`) of an instant in a time zone. */
export function dayIn(timezone: string): (instant: number) => string {
  if (timezone === 'UTC') return dayText;
  const format = new Intl.DateTimeFormat('en', {
    timeZone: timezone,
    calendar: 'gregory',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  return (instant) => {
    const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type, value]));
    return `${parts.get('year')!.padStart(4, '0')}-${parts.get('month')}-${parts.get('day')}`;
  };
}

/** The first instant whose calendar date in `timezone` is `day` (UTC midnight of the date) or later. */
export function startOfDay(day: number, timezone: string): number {
  if (timezone === 'UTC') return day;
  const wanted = dayText(day);
  const localDay = dayIn(timezone);
  let before = day - DAY;
  let after = day + DAY;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (localDay(middle) >= wanted) after = middle;
    else before = middle;
  }
  return after;
}

/** Is `timezone` one that this machine knows? */
export function knownTimezone(timezone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
    return true;
  } catch {
    return false;
  }
}

const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** Milliseconds of an ISO 8601 date or timestamp (UTC when it names no offset); undefined when it is none. */
export function parseInstant(text: string): number | undefined {
  const match = ISO.exec(text);
  if (!match) return undefined;
  const day = parseDay(match[1]!);
  if (day === undefined || match[2] === undefined) return day;
  const [hours, minutes, seconds] = [Number(match[2]), Number(match[3]), Number(match[4] ?? 0)];
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const offset = match[6];
  const shift = !offset || offset === 'Z' ? 0 : (offset[0] === '-' ? -1 : 1) * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2)));
  return day + hours * 3_600_000 + minutes * 60_000 + seconds * 1000 + Number(match[5] ?? 0) * 1000 - shift * 60_000;
}

/**
 * Reads a column as instants: milliseconds, NaN when missing. Text must be ISO 8601, else a `BadInput` with the row;
 * a calendar date without a time is the beginning of that day in `timezone`.
 */
export function dateReader(field: Field, table: string, timezone = 'UTC'): (column: Column, row: number, batch: Batch) => number {
  if (field.type !== 'text' && field.type !== 'date' && field.type !== 'timestamp') {
    throw new BadInput(
      'not-a-date',
      `Expected dates, found the type ${field.type}.`,
      { file: table, column: field.name },
      'Declare the type of the column.',
    );
  }
  const starts = new Map<number, number>();
  const start = (day: number) => {
    const known = starts.get(day) ?? startOfDay(day, timezone);
    starts.set(day, known);
    return known;
  };
  return (column, row, batch) => {
    if (column.kind === 'number') return column.values[row]!;
    const code = column.codes[row]!;
    if (code < 0) return Number.NaN;
    const value = parseInstant(column.dictionary[code]!);
    if (value === undefined) {
      throw new BadInput(
        'not-a-date',
        `Expected an ISO 8601 date, found "${column.dictionary[code]}".`,
        { ...rowPlace(batch, row, table), column: field.name },
        'Declare the type of the column with its pattern, or mend the value.',
      );
    }
    return column.dictionary[code]!.length === 10 ? start(value) : value;
  };
}
