/** Words for common schedules; GitHub itself has none, so the starter workflow is generated with their fields. */
const WORDS: Readonly<Record<string, string>> = {
  '@hourly': '17 * * * *',
  '@daily': '17 0 * * *',
  '@weekly': '17 0 * * 0',
  '@monthly': '17 0 1 * *',
  '@yearly': '17 0 1 1 *',
};
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

interface FieldRule {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly words?: readonly string[];
}
const FIELDS: readonly FieldRule[] = [
  { name: 'minute', low: 0, high: 59 },
  { name: 'hour', low: 0, high: 23 },
  { name: 'day of the month', low: 1, high: 31 },
  { name: 'month', low: 1, high: 12, words: MONTHS },
  { name: 'day of the week', low: 0, high: 6, words: DAYS },
];

/** `@daily` → its five fields (at minute 17: GitHub is late at full hours); five fields as they are. */
export const cronFields = (text: string): string => WORDS[text] ?? text;

/** What is wrong with a cron line as GitHub reads it (five fields, or one of the `@` words); undefined when nothing is. */
export function cronProblem(text: string): string | undefined {
  if (text.startsWith('@'))
    return text in WORDS ? undefined : `expected one of ${Object.keys(WORDS).join(', ')} or five fields, found "${text}"`;
  const fields = text.trim().split(/\s+/);
  if (fields.length !== FIELDS.length)
    return `expected five fields (minute, hour, day, month, weekday), found ${fields.length} in "${text}"`;
  for (const [index, rule] of FIELDS.entries()) {
    if (!fields[index]!.split(',').every((part) => goodPart(part, rule))) {
      return `expected the ${rule.name} as *, ${rule.low} to ${rule.high}, a range, a list or a step, found "${fields[index]}" in "${text}"`;
    }
  }
  return undefined;
}

/** What a cron line says, field by field. */
export interface CronFields {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly weekdays: ReadonlySet<number>;
  /** The hour begins with `*`: the line speaks of time that passes, not of times on a clock. */
  readonly everyHour: boolean;
  /** Day of the month and day of the week are both restricted: one of the two is enough. */
  readonly eitherDay: boolean;
}

/** The fields of a line that {@link cronProblem} has nothing against; minutes and hours ascending. */
export function parseCron(text: string): CronFields {
  const fields = cronFields(text).trim().split(/\s+/);
  const [minutes, hours, days, months, weekdays] = FIELDS.map((rule, index) => valuesOf(fields[index]!, rule));
  const restricted = (field: string | undefined) => !field!.startsWith('*');
  return {
    minutes: minutes!,
    hours: hours!,
    days: new Set(days),
    months: new Set(months),
    weekdays: new Set(weekdays),
    everyHour: !restricted(fields[1]),
    eitherDay: restricted(fields[2]) && restricted(fields[4]),
  };
}

function valuesOf(field: string, rule: FieldRule): readonly number[] {
  const found = new Set<number>();
  for (const part of field.split(',')) {
    const [range = '*', step] = part.split('/');
    const [first, last] = range === '*' ? [rule.low, rule.high] : range.split('-').map((end) => fieldValue(end, rule)!);
    // `20/15` begins at 20 and goes on to the end of the field.
    const end = last ?? (step === undefined ? first! : rule.high);
    for (let value = first!; value <= end; value += Number(step ?? 1)) found.add(value);
  }
  return [...found].sort((a, b) => a - b);
}

function goodPart(part: string, rule: FieldRule): boolean {
  const [range, step, ...rest] = part.split('/');
  if (rest.length > 0 || (step !== undefined && !(/^\d+$/.test(step) && Number(step) > 0))) return false;
  if (range === '*') return true;
  const ends = range!.split('-').map((end) => fieldValue(end, rule));
  if (ends.length > 2 || ends.some((end) => end === undefined)) return false;
  return ends.length === 1 || ends[0]! <= ends[1]!;
}

function fieldValue(text: string, { low, high, words }: FieldRule): number | undefined {
  const word = words?.indexOf(text.toUpperCase()) ?? -1;
  const value = word >= 0 ? word + low : /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return value >= low && value <= high ? value : undefined;
}
