import type { UserError } from '../../kernel/errors.ts';
import { listRuns } from '../../kernel/run-folder.ts';
import { type CatchUp, missedTicks, type RunSeen } from '../../pipeline/missed-ticks.ts';
import { ticksAfter, zonedText } from '../../pipeline/ticks.ts';
import type { Loaded } from '../loaded-pipeline.ts';
import type { Door } from './door.ts';

const NEXT_SHOWN = 3;

/** What the pipeline file says of its schedule; undefined where runs are started by hand only. */
export function scheduleOf({ resolved }: Loaded): CatchUp | undefined {
  const { cron, ...schedule } = (resolved.shared.schedule ?? {}) as Partial<CatchUp>;
  return cron === undefined ? undefined : { timezone: 'UTC', 'catch-up': 'none', ...schedule, cron };
}

/** The next ticks, as logical dates. */
export function nextDates(schedule: CatchUp, now: Date): readonly string[] {
  const found: string[] = [];
  for (const tick of ticksAfter(schedule, now)) {
    found.push(zonedText(tick, schedule.timezone));
    if (found.length === NEXT_SHOWN) break;
  }
  return found;
}

export const nextText = (dates: readonly string[]): string =>
  dates.length === 0 ? 'Runs never start by themselves: schedule.cron names no day that comes.' : `Runs next at ${dates.join(', ')}.`;

/**
 * Logical dates that no run of the home folder stands for, as `schedule.catch-up` asks for them; oldest first. A run that cannot be read is an error,
 * or told to `unreadable`: then its date looks missed.
 */
export async function missedHere(
  schedule: CatchUp,
  { home, model }: Loaded,
  door: Pick<Door, 'clock'>,
  unreadable: (error: UserError) => void = (error) => {
    throw error;
  },
): Promise<readonly string[]> {
  const runs = await listRuns(home, model, unreadable);
  const seen = runs.map(({ manifest }): RunSeen => ({ began: new Date(manifest.started), logicalDate: manifest.logicalDate }));
  return missedTicks(schedule, seen, door.clock(), 0).map((tick) => zonedText(tick, schedule.timezone));
}

export const missedText = (model: string, dates: readonly string[]): string =>
  dates.length === 0 ? `${model}: no tick was missed.` : `${model}: missed ${dates.join(', ')}.`;
