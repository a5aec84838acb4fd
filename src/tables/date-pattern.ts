import { BadInput } from './bad-input.ts';
import { daysIn, NO_SUCH_DATE, NOT_A_DATE, timeOf } from './iso-date.ts';

/** How a column writes its dates, where it is not ISO 8601. */
export interface DatePattern {
  readonly pattern: string;
  /** `timestamp` when the pattern has hours. */
  readonly type: 'date' | 'timestamp';
  /** Milliseconds since 1970-01-01T00:00Z (times are UTC); {@link NOT_A_DATE} when the text has another form, {@link NO_SUCH_DATE} for the 30th of February. */
  parse(text: string): number;
}

type Part = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second';
/** One-digit `D`, `M`, `h` take one or two digits; the others exactly as many as letters. */
const PARTS: Readonly<Record<string, readonly [Part, string]>> = {
  YYYY: ['year', '(\\d{4})'],
  MM: ['month', '(\\d{2})'],
  M: ['month', '(\\d{1,2})'],
  DD: ['day', '(\\d{2})'],
  D: ['day', '(\\d{1,2})'],
  hh: ['hour', '(\\d{2})'],
  h: ['hour', '(\\d{1,2})'],
  mm: ['minute', '(\\d{2})'],
  ss: ['second', '(\\d{2})'],
};

/**
 * A pattern of `YYYY`, `MM` or `M`, `DD` or `D`, and for times `hh` or `h` (0…23), `mm`, `ss`; everything else stands for itself. Year, month
 * and day must be there; years of two digits, names of months and halves of days are not read: they would have to be guessed.
 * Throws `bad-date-pattern`.
 */
export function datePattern(pattern: string, column: string): DatePattern {
  const order: Part[] = [];
  const source = pattern.replace(/([A-Za-z])\1*|[^A-Za-z]/g, (piece) => {
    const known = PARTS[piece];
    if (known !== undefined) order.push(known[0]);
    // `T` between date and time, as ISO 8601 has it.
    else if (piece !== 'T' && /[A-Za-z]/.test(piece)) throw bad(column, pattern, `${JSON.stringify(piece)} means nothing in it`);
    return known === undefined ? piece.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&') : known[1];
  });
  const twice = order.find((part, at) => order.indexOf(part) !== at);
  if (twice !== undefined) throw bad(column, pattern, `the ${twice} stands twice in it`);
  const timed = order.includes('hour');
  const lacking = [...(['year', 'month', 'day'] as const), ...(timed ? (['minute'] as const) : [])].find((part) => !order.includes(part));
  if (lacking !== undefined) throw bad(column, pattern, `it has no ${lacking}`);
  if (!timed && order.length > 3) throw bad(column, pattern, 'it has no hour');

  const whole = new RegExp(`^${source}$`);
  return { pattern, type: timed ? 'timestamp' : 'date', parse: (text) => timeIn(whole.exec(text), order) };
}

function timeIn(found: RegExpExecArray | null, order: readonly Part[]): number {
  if (found === null) return NOT_A_DATE;
  const of = (part: Part): number => (order.includes(part) ? Number(found[order.indexOf(part) + 1]) : 0);
  const [year, month, day, hour, minute, second] = [of('year'), of('month'), of('day'), of('hour'), of('minute'), of('second')];
  const exists = month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month) && hour <= 23 && minute <= 59 && second <= 59;
  return exists ? timeOf(year, month, day) + ((hour * 60 + minute) * 60 + second) * 1000 : NO_SUCH_DATE;
}

const bad = (column: string, pattern: string, why: string): BadInput =>
  new BadInput(
    'bad-date-pattern',
    `expected a pattern such as DD.MM.YYYY or M/D/YYYY hh:mm and found ${JSON.stringify(pattern)}: ${why}.`,
    { column },
    'Letters: YYYY, MM, M, DD, D, hh, h, mm, ss.',
  );
