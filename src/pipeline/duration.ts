import { z } from 'zod';

const EXPECTED = 'expected a duration such as 30d, 6h, 1h30m, 5m or 90s';
const UNIT_SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 } as const;
const UNITS = ['w', 'd', 'h', 'm', 's'] as const;
const PART = String.raw`\d+(?:\.\d+)?`;
/** One or more parts, largest unit first: `6h`, `1h30m`, `1.5h`, `30d`. */
const DURATION = new RegExp(`^(?=.)(?:(${PART})w)?(?:(${PART})d)?(?:(${PART})h)?(?:(${PART})m)?(?:(${PART})s)?$`);

/** Seconds of a duration such as `30d`, `6h`, `1h30m`, `90s`; undefined when the text is none. */
export function parseDuration(text: string): number | undefined {
  const parts = DURATION.exec(text.trim());
  if (parts === null) return undefined;
  return UNITS.reduce((sum, unit, index) => sum + Number(parts[index + 1] ?? 0) * UNIT_SECONDS[unit], 0);
}

/** `5400` → `1h30m`; parts of a second are kept: `0.5s`. */
export function formatDuration(seconds: number): string {
  if (seconds === 0) return '0s';
  let rest = seconds;
  let text = '';
  for (const unit of UNITS.filter((unit) => unit !== 'w')) {
    const size = UNIT_SECONDS[unit];
    const count = unit === 's' ? Number(rest.toFixed(3)) : Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) text += `${count}${unit}`;
  }
  return text;
}

/**
 * A length of time with its unit, parsed to seconds. A bare number is refused: nobody can see whether `5` means
 * seconds or minutes.
 */
export const duration = () =>
  z
    .string(EXPECTED)
    .regex(DURATION, EXPECTED)
    .transform((text) => parseDuration(text)!)
    .meta({ title: 'a duration' });
