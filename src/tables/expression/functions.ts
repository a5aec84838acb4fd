import type { ValueType } from './vector.ts';

const DAY = 86_400_000;
const dayNumber = (instant: number) => Math.floor(instant / DAY);
/** Monday = 0; 1970-01-01 was a Thursday. */
const weekday = (instant: number) => (((dayNumber(instant) + 3) % 7) + 7) % 7;

/** Row by row over numbers; a result that is not finite, like a missing argument, makes the result missing. */
export interface NumberFunction {
  readonly takes: 'number' | 'date';
  readonly gives: ValueType;
  readonly args: readonly [least: number, most: number];
  readonly of: (...values: readonly number[]) => number;
  readonly summary: string;
}

/** Over the different texts of a batch, not row by row. */
export interface TextFunction {
  readonly gives: 'text' | 'number' | 'boolean';
  /** A second argument, a text in quotes. */
  readonly literal?: string;
  readonly of: (text: string, literal: string) => string | number | boolean | undefined;
  readonly summary: string;
}

const one = (of: (x: number) => number, summary: string): NumberFunction => ({
  takes: 'number',
  gives: 'number',
  args: [1, 1],
  of,
  summary,
});
const date = (gives: 'number' | 'boolean', of: (x: number) => number, summary: string): NumberFunction => ({
  takes: 'date',
  gives,
  args: [1, 1],
  of,
  summary,
});

/** Half to even, as numpy rounds. */
function roundEven(x: number, digits = 0): number {
  const scale = 10 ** digits;
  const scaled = x * scale;
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  const whole = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
  return whole / scale;
}

export const NUMBER_FUNCTIONS: ReadonlyMap<string, NumberFunction> = new Map<string, NumberFunction>([
  ['abs', one(Math.abs, 'absolute value')],
  ['sqrt', one(Math.sqrt, 'square root; missing below 0')],
  ['log', one(Math.log, 'natural logarithm; missing at 0 and below')],
  ['log1p', one(Math.log1p, 'log(1 + x), exact near 0')],
  ['exp', one(Math.exp, 'e to the power of x')],
  ['floor', one(Math.floor, 'next whole number down')],
  ['ceil', one(Math.ceil, 'next whole number up')],
  ['sign', one(Math.sign, '-1, 0 or 1')],
  [
    'round',
    { takes: 'number', gives: 'number', args: [1, 2], of: roundEven, summary: 'to a number of digits (default 0), halves to even' },
  ],
  ['power', { takes: 'number', gives: 'number', args: [2, 2], of: (x, y) => x! ** y!, summary: 'x to the power of y' }],
  ['min', { takes: 'number', gives: 'number', args: [2, 20], of: Math.min, summary: 'smallest of its arguments, row by row' }],
  ['max', { takes: 'number', gives: 'number', args: [2, 20], of: Math.max, summary: 'largest of its arguments, row by row' }],
  ['year', date('number', (x) => new Date(x).getUTCFullYear(), 'year (UTC)')],
  ['month', date('number', (x) => new Date(x).getUTCMonth() + 1, 'month, 1…12 (UTC)')],
  ['day', date('number', (x) => new Date(x).getUTCDate(), 'day of the month, 1…31 (UTC)')],
  ['hour', date('number', (x) => Math.floor((x - dayNumber(x) * DAY) / 3_600_000), 'hour, 0…23 (UTC)')],
  ['day_of_week', date('number', weekday, 'Monday 0 … Sunday 6 (UTC)')],
  ['is_weekend', date('boolean', (x) => (weekday(x) >= 5 ? 1 : 0), 'Saturday or Sunday (UTC)')],
  [
    'days_between',
    {
      takes: 'date',
      gives: 'number',
      args: [2, 2],
      of: (from, to) => (to! - from!) / DAY,
      summary: 'days from the first date to the second, with fraction',
    },
  ],
]);

const DECIMAL = /^\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*$/;

export const TEXT_FUNCTIONS: ReadonlyMap<string, TextFunction> = new Map<string, TextFunction>([
  ['lower', { gives: 'text', of: (text) => text.toLowerCase(), summary: 'in small letters' }],
  ['upper', { gives: 'text', of: (text) => text.toUpperCase(), summary: 'in capital letters' }],
  ['trim', { gives: 'text', of: (text) => text.trim(), summary: 'without white space at both ends' }],
  ['length', { gives: 'number', of: (text) => [...text].length, summary: 'number of characters (Unicode code points)' }],
  [
    'number',
    {
      gives: 'number',
      of: (text) => (DECIMAL.test(text) ? Number(text) : undefined),
      summary: 'the number a text spells; missing when it spells none',
    },
  ],
  ['contains', { gives: 'boolean', literal: 'part', of: (text, part) => text.includes(part), summary: 'does the text contain the part?' }],
  [
    'starts_with',
    { gives: 'boolean', literal: 'part', of: (text, part) => text.startsWith(part), summary: 'does the text begin with the part?' },
  ],
  [
    'ends_with',
    { gives: 'boolean', literal: 'part', of: (text, part) => text.endsWith(part), summary: 'does the text end with the part?' },
  ],
]);

/** Fitted on the training rows and kept with the preparation. */
export const FITTED_FUNCTIONS: ReadonlyMap<string, { readonly args: number; readonly summary: string }> = new Map([
  ['mean', { args: 1, summary: 'mean of the training rows' }],
  ['std', { args: 1, summary: 'population standard deviation of the training rows' }],
  ['median', { args: 1, summary: 'median of the training rows' }],
  ['quantile', { args: 2, summary: 'quantile (0…1, linear) of the training rows' }],
  ['group_mean', { args: 2, summary: 'mean of the training rows of the same group; the overall mean for a group not seen in training' }],
]);

export const OTHER_FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ['if', 'if(condition, then, else); missing when the condition is'],
  ['coalesce', 'the first argument that is not missing'],
]);

export const functionNames = (): readonly string[] => [
  ...NUMBER_FUNCTIONS.keys(),
  ...TEXT_FUNCTIONS.keys(),
  ...FITTED_FUNCTIONS.keys(),
  ...OTHER_FUNCTIONS.keys(),
];
