import { BadInput } from './bad-input.ts';
import { dayIn, dayText, nextDay, parseDay, startOfDay } from './calendar.ts';
import { LEFT_OUT, type Part } from './split-parts.ts';
import type { SplitSpec } from './split-schema.ts';

/** A window of calendar dates, both ends inclusive, with the instants it begins and ends at in the declared time zone. */
export interface ClosedWindow {
  readonly part: Part;
  readonly from: string;
  readonly to: string;
  /** First instant inside. */
  readonly start: number;
  /** First instant after. */
  readonly end: number;
}
export type ClosedWindows = readonly ClosedWindow[];

type Windows = NonNullable<SplitSpec['windows']>;

/** Windows in the order of time. Overlap and wrong order are errors, a gap is a warning (D24). */
export function closeWindows(
  windows: Windows,
  timezone: string,
): { readonly windows: ClosedWindows; readonly warnings: readonly string[] } {
  const closed: ClosedWindow[] = [];
  const warnings: string[] = [];
  for (const part of ['train', 'validation', 'test', 'oot'] as const) {
    const window = windows[part];
    if (!window) continue;
    const [from, to] = [day(window.from, `${part}.from`), day(window.to, `${part}.to`)];
    if (from > to) throw new BadInput('window-order', `The window ${part} ends (${window.to}) before it begins (${window.from}).`);
    const before = closed.at(-1);
    if (before) {
      const expected = nextDay(parseDay(before.to)!);
      if (from < expected) {
        throw new BadInput(
          'overlapping-windows',
          `The window ${part} (${window.from} to ${window.to}) must begin after ${before.part} (${before.from} to ${before.to}) ends.`,
          {},
          'Windows follow each other in time: train, validation, test, oot; no date may lie in two.',
        );
      }
      if (from > expected)
        warnings.push(
          `Rows from ${dayText(expected)} to ${dayText(from - 86_400_000)} lie between the windows ${before.part} and ${part}: in neither.`,
        );
    }
    closed.push({ part, from: window.from, to: window.to, start: startOfDay(from, timezone), end: startOfDay(nextDay(to), timezone) });
  }
  return { windows: closed, warnings };
}

function day(text: string, where: string): number {
  const milliseconds = parseDay(text);
  if (milliseconds === undefined) throw new BadInput('no-such-date', `split.windows.${where}: there is no date ${text}.`);
  return milliseconds;
}

/** Train and test cut between two calendar dates, so that at least the latest `test` share of the dated rows judges. */
export function cutByShare(dates: Float64Array, spec: SplitSpec, datesAreDays: boolean): ClosedWindows {
  const sorted = dates.filter((date) => !Number.isNaN(date)).sort();
  if (sorted.length === 0) throw new BadInput('no-dates', 'No row has a date.', { column: spec.column! });
  const timezone = datesAreDays ? 'UTC' : spec.timezone;
  const tests = Math.max(1, Math.floor(spec.test * sorted.length + 0.5));
  const localDay = dayIn(timezone);
  const first = localDay(sorted[0]!);
  const last = localDay(sorted.at(-1)!);
  const cut = localDay(sorted[sorted.length - tests]!);
  const cutStart = startOfDay(parseDay(cut)!, timezone);
  const end = startOfDay(nextDay(parseDay(last)!), timezone);
  const train: ClosedWindow = {
    part: 'train',
    from: first,
    to: dayText(parseDay(cut)! - 86_400_000),
    start: startOfDay(parseDay(first)!, timezone),
    end: cutStart,
  };
  return [train, { part: 'test', from: cut, to: last, start: cutStart, end }];
}

/** Part of each row by its instant. A column of calendar dates is compared as it stands, without a time zone. */
export function placeInWindows(
  dates: Float64Array,
  windows: ClosedWindows,
  datesAreDays: boolean,
  parts: readonly Part[],
  partOf: Uint8Array,
  leftOut: { outside: number; undated: number },
): void {
  const bounds = windows.map((window) => ({
    index: parts.indexOf(window.part),
    start: datesAreDays ? parseDay(window.from)! : window.start,
    end: datesAreDays ? nextDay(parseDay(window.to)!) : window.end,
  }));
  for (let row = 0; row < dates.length; row++) {
    const date = dates[row]!;
    const window = bounds.find(({ start, end }) => date >= start && date < end);
    partOf[row] = window ? window.index : LEFT_OUT;
    if (window) continue;
    if (Number.isNaN(date)) leftOut.undated++;
    else leftOut.outside++;
  }
}
