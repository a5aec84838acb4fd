import { type CronFields, parseCron } from './cron.ts';

/** Cron lines, read in one time zone. */
export interface Clock {
  readonly cron: readonly string[];
  readonly timezone: string;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
// 29 February is at most eight years away; 30 February never comes.
const DAYS_MAX = 8 * 366;

/** Ticks after an instant, ascending. Ends where none comes within eight years. */
export function* ticksAfter(clock: Clock, from: Date): Generator<Date, undefined> {
  yield* walk(clock, from.getTime(), 1, (tick) => tick > from.getTime());
}

/** Ticks up to an instant, itself included, newest first. Ends where none was within eight years. */
export function* ticksUpTo(clock: Clock, to: Date): Generator<Date, undefined> {
  yield* walk(clock, to.getTime(), -1, (tick) => tick <= to.getTime());
}

/** The newest tick up to an instant; undefined where there was none within eight years. */
export const tickAt = (clock: Clock, at: Date): Date | undefined => ticksUpTo(clock, at).next().value;

/** An instant as the clocks of a zone show it, to the minute, with their distance from UTC: `2026-11-23T04:17+01:00`, `2026-11-23T04:17Z`. */
export function zonedText(at: Date, timezone: string): string {
  const offset = offsetsOf(timezone)(at.getTime());
  const local = new Date(at.getTime() + offset).toISOString().slice(0, 16);
  if (offset === 0) return `${local}Z`;
  const distance = new Date(Math.abs(offset)).toISOString().slice(11, 16);
  return `${local}${offset < 0 ? '-' : '+'}${distance}`;
}

function* walk({ cron, timezone }: Clock, origin: number, step: 1 | -1, wanted: (tick: number) => boolean): Generator<Date, undefined> {
  const lines = cron.map(parseCron);
  const offset = offsetsOf(timezone);
  let day = Math.floor((origin + offset(origin)) / DAY_MS) - step;
  let last: number | undefined;
  for (let barren = 0; barren < DAYS_MAX; barren++) {
    const ticks = ticksOfDay(day, lines, offset);
    if (step < 0) ticks.reverse();
    for (const tick of ticks) {
      if (!wanted(tick) || (last !== undefined && (tick - last) * step <= 0)) continue;
      yield new Date(tick);
      last = tick;
      barren = 0;
    }
    day += step;
  }
}

/** Ticks of one day of the calendar (days since 1970), ascending. */
function ticksOfDay(day: number, lines: readonly CronFields[], offset: Offset): number[] {
  const date = new Date(day * DAY_MS);
  const ticks = new Set<number>();
  for (const line of lines) {
    const [onDay, onWeekday] = [line.days.has(date.getUTCDate()), line.weekdays.has(date.getUTCDay())];
    if (!line.months.has(date.getUTCMonth() + 1) || !(line.eitherDay ? onDay || onWeekday : onDay && onWeekday)) continue;
    for (const hour of line.hours) {
      for (const minute of line.minutes) {
        for (const tick of instantsOf(day * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS, line.everyHour, offset)) ticks.add(tick);
      }
    }
  }
  return [...ticks].sort((a, b) => a - b);
}

/**
 * When clocks show a time. Where they are put forward, a time they never show becomes the moment they are put forward (GitHub: "scheduled
 * workflows in skipped hours advance to the next valid time"), unless every hour has its tick anyway. Where they are put back, a time they
 * show twice counts once, the first time, unless every hour has its tick: both hours pass.
 *
 * @param wall the time shown, as if it were UTC
 */
function instantsOf(wall: number, everyHour: boolean, offset: Offset): readonly number[] {
  const [before, after] = [offset(wall - DAY_MS), offset(wall + DAY_MS)];
  const first = wall - Math.max(before, after);
  const second = wall - Math.min(before, after);
  const shown = [first, second].filter((instant) => instant + offset(instant) === wall);
  if (shown.length > 0) return before !== after && everyHour ? shown : shown.slice(0, 1);
  return everyHour ? [] : [changeBetween(first, second, offset)];
}

/** The first minute after `low` at which the offset is that of `high`. */
function changeBetween(low: number, high: number, offset: Offset): number {
  let [old, now] = [low, high];
  while (now - old > MINUTE_MS) {
    const middle = old + Math.floor((now - old) / 2 / MINUTE_MS) * MINUTE_MS;
    if (offset(middle) === offset(high)) now = middle;
    else old = middle;
  }
  return now;
}

/** How far a zone's clocks are ahead of UTC at an instant, in milliseconds. */
type Offset = (instant: number) => number;

function offsetsOf(timezone: string): Offset {
  const format = new Intl.DateTimeFormat('en', { timeZone: timezone, timeZoneName: 'longOffset' });
  return (instant) => {
    const name = format.formatToParts(instant).find(({ type }) => type === 'timeZoneName')!.value;
    const [, sign, hours, minutes] = /^GMT(?:([+-])(\d\d):(\d\d))?/.exec(name)!;
    return sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS);
  };
}
