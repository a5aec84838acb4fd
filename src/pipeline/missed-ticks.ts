import { type Clock, ticksUpTo, zonedText } from './ticks.ts';

/** A run that came to be, however it ended. */
export interface RunSeen {
  readonly began: Date;
  /** Day or instant it stands for; absent where the clock started it: then it stands for the tick it came for. */
  readonly logicalDate?: string;
}

export interface CatchUp extends Clock {
  readonly 'catch-up': 'none' | 'latest' | 'all';
  /** First day of the zone's calendar that may be caught up, `2026-11-21`. */
  readonly start?: string;
}

/** How far back anybody looks. GitHub forgets runs after 400 days; a tick whose run is forgotten would look missed. */
export const LOOK_BACK = { days: 365, ticks: 500 } as const;
const DAY_MS = 86_400_000;

/** First moment whose runs {@link missedTicks} must be told of. */
export function lookBackTo(schedule: CatchUp, now: Date): Date {
  return new Date(Math.min(now.getTime(), ...ticksInView(schedule, now).map((tick) => tick.getTime())));
}

/**
 * Ticks that no run stands for, oldest first, as `catch-up` asks: none of them, the latest, or all.
 *
 * A run stands for the tick its logical date names. One named by a day stands for all ticks of that day which had come when it began. One
 * that the clock started stands for the newest tick before it, or, when another such run has come for that one already, for the tick before:
 * where the clock is late, two come close together. `latest` is the newest missed tick that no later run has made pointless.
 *
 * @param runs all since {@link lookBackTo}, in any order
 * @param graceMs how late the clock may be: a younger tick is not missed yet
 */
export function missedTicks(schedule: CatchUp, runs: readonly RunSeen[], now: Date, graceMs: number): readonly Date[] {
  if (schedule['catch-up'] === 'none') return [];
  const first = Math.min(...runs.map(({ began }) => began.getTime()));
  const ticks = ticksInView(schedule, now);
  const done = ticksDone(ticks, schedule.timezone, runs);
  const isWanted = (tick: Date) => schedule.start !== undefined || tick.getTime() >= first;
  const missed = ticks.filter((tick) => !done.has(tick) && isWanted(tick) && tick.getTime() <= now.getTime() - graceMs);
  if (schedule['catch-up'] === 'all') return missed;
  const latest = missed.at(-1);
  return latest === undefined || [...done].some((tick) => tick > latest) ? [] : [latest];
}

/** Ascending; none before `start`. */
function ticksInView(schedule: CatchUp, now: Date): readonly Date[] {
  const found: Date[] = [];
  const oldest = now.getTime() - LOOK_BACK.days * DAY_MS;
  for (const tick of ticksUpTo(schedule, now)) {
    if (tick.getTime() < oldest || found.length === LOOK_BACK.ticks) break;
    if (schedule.start !== undefined && zonedText(tick, schedule.timezone).slice(0, schedule.start.length) < schedule.start) break;
    found.unshift(tick);
  }
  return found;
}

function ticksDone(ticks: readonly Date[], timezone: string, runs: readonly RunSeen[]): ReadonlySet<Date> {
  const done = new Set<Date>();
  const byClock = new Set<Date>();
  // Once for each tick, not for each run: asking for a zone's offset takes long.
  const texts = ticks.map((tick) => zonedText(tick, timezone));
  for (const { began, logicalDate } of [...runs].sort((a, b) => a.began.getTime() - b.began.getTime())) {
    if (logicalDate === undefined) {
      const newest = ticks.findLastIndex((tick) => tick <= began);
      const own = [ticks[newest], ticks[newest - 1]].find((tick) => tick !== undefined && !byClock.has(tick));
      if (own !== undefined) byClock.add(own);
    } else if (logicalDate.includes('T')) {
      const at = Date.parse(logicalDate);
      for (const tick of ticks) if (tick.getTime() === at) done.add(tick);
    } else {
      for (const [at, tick] of ticks.entries()) if (tick <= began && texts[at]!.startsWith(logicalDate)) done.add(tick);
    }
  }
  return new Set([...done, ...byClock]);
}
