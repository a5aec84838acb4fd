import { z } from 'zod';

const PERCENT = /^(\d+(?:\.\d+)?) ?%$/;
const PERCENT_UP_TO_100 = /^(?:100(?:\.0+)?|\d{1,2}(?:\.\d+)?) ?%$/;
const EXPECTED = 'expected a share from 0 to 1, or from 0 % to 100 %';

/** `20 %` → 0.2, `0.2` → 0.2; undefined when the text is neither. Not bounded. */
export function parseShare(text: string): number | undefined {
  const percent = PERCENT.exec(text.trim());
  // Through the shifted decimal, because 7 / 100 has digits that 0.07 has not.
  if (percent !== null) return Number(`${percent[1]}e-2`);
  return /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined;
}

/** A share of a whole: a number from 0 to 1, or text such as `20 %`, parsed to the number. */
export const share = () =>
  z
    .union([z.number(EXPECTED).min(0, EXPECTED).max(1, EXPECTED), z.string(EXPECTED).regex(PERCENT_UP_TO_100, EXPECTED)], EXPECTED)
    .transform((value) => (typeof value === 'number' ? value : parseShare(value)!))
    .meta({ title: 'a share' });
