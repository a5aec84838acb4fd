const DAY_MS = 86_400_000;
const MINUS = 45;
const COLON = 58;

/** Why bytes are no date: not of the form at all, or of the form but no such day or time exists. */
export const NOT_A_DATE = Number.NaN;
export const NO_SUCH_DATE = Number.POSITIVE_INFINITY;

/**
 * ISO 8601 calendar date `YYYY-MM-DD` in `bytes[from, to)` as milliseconds since 1970-01-01T00:00Z;
 * {@link NOT_A_DATE} when the form is another, {@link NO_SUCH_DATE} for the 30th of February.
 */
export function parseDate(bytes: Uint8Array, from: number, to: number): number {
  if (to - from !== 10) return NOT_A_DATE;
  return dateAt(bytes, from);
}

/**
 * ISO 8601 `YYYY-MM-DD`, or with `T` or a blank and `hh:mm[:ss[.fraction]]` and `Z` or `±hh[[:]mm]`, as milliseconds since
 * 1970-01-01T00:00Z (with a fraction of a millisecond when given). Without a zone the time is taken as UTC.
 */
export function parseTimestamp(bytes: Uint8Array, from: number, to: number): number {
  if (to - from < 10) return NOT_A_DATE;
  const day = dateAt(bytes, from);
  if (Number.isNaN(day) || to - from === 10) return day;
  let at = from + 10;
  const separator = bytes[at++];
  if (separator !== 84 && separator !== 116 && separator !== 32) return NOT_A_DATE;
  const hour = pair(bytes, at, to);
  if (bytes[at + 2] !== COLON) return NOT_A_DATE;
  const minute = pair(bytes, at + 3, to);
  at += 5;
  let second = 0;
  let fraction = 0;
  if (at < to && bytes[at] === COLON) {
    second = pair(bytes, at + 1, to);
    at += 3;
    if (at < to && (bytes[at] === 46 || bytes[at] === 44)) {
      const start = ++at;
      let digits = 0;
      let power = 1;
      while (at < to && isDigit(bytes[at]) && at - start < 15) {
        digits = digits * 10 + (bytes[at++] - 48);
        power *= 10;
      }
      while (at < to && isDigit(bytes[at])) at++;
      if (at === start) return NOT_A_DATE;
      fraction = (digits * 1000) / power;
    }
  }
  const zone = zoneMinutes(bytes, at, to);
  if (Number.isNaN(hour) || Number.isNaN(minute) || Number.isNaN(second) || Number.isNaN(zone)) return NOT_A_DATE;
  if (hour > 23 || minute > 59 || second > 59 || zone === NO_SUCH_DATE || day === NO_SUCH_DATE) return NO_SUCH_DATE;
  return day + (hour * 60 + minute - zone) * 60_000 + second * 1000 + fraction;
}

/** Days since 1970-01-01 of a date of the proleptic Gregorian calendar (H. Hinnant's days_from_civil). */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468;
}

/** Midnight UTC of a day that exists, as milliseconds since 1970-01-01T00:00Z. */
export const timeOf = (year: number, month: number, day: number): number => daysFromCivil(year, month, day) * DAY_MS;

function dateAt(bytes: Uint8Array, at: number): number {
  if (bytes[at + 4] !== MINUS || bytes[at + 7] !== MINUS) return NOT_A_DATE;
  const end = at + 10;
  const year = pair(bytes, at, end) * 100 + pair(bytes, at + 2, end);
  const month = pair(bytes, at + 5, end);
  const day = pair(bytes, at + 8, end);
  if (Number.isNaN(year + month + day)) return NOT_A_DATE;
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return NO_SUCH_DATE;
  return timeOf(year, month, day);
}

const LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Days of a month of the proleptic Gregorian calendar. */
export function daysIn(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && leap ? 29 : LENGTHS[month - 1];
}

/** Minutes east of UTC of what stands in `bytes[at, to)`: nothing and `Z` are 0. */
function zoneMinutes(bytes: Uint8Array, at: number, to: number): number {
  if (at === to) return 0;
  const sign = bytes[at];
  if (sign === 90 || sign === 122) return at + 1 === to ? 0 : Number.NaN;
  if (sign !== 43 && sign !== MINUS) return Number.NaN;
  const hours = pair(bytes, at + 1, to);
  let rest = at + 3;
  let minutes = 0;
  if (rest < to) {
    if (bytes[rest] === COLON) rest++;
    minutes = pair(bytes, rest, to);
    rest += 2;
  }
  if (rest !== to || Number.isNaN(hours + minutes)) return Number.NaN;
  if (hours > 23 || minutes > 59) return NO_SUCH_DATE;
  return (sign === MINUS ? -1 : 1) * (hours * 60 + minutes);
}

function pair(bytes: Uint8Array, at: number, to: number): number {
  if (at + 2 > to || !isDigit(bytes[at]) || !isDigit(bytes[at + 1])) return Number.NaN;
  return (bytes[at] - 48) * 10 + bytes[at + 1] - 48;
}

const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57;
