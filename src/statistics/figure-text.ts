import type { Interval } from './estimate.ts';

/*
 * How numbers are written, in reports and in sentences. The last digit shown is right; a figure is never rounded into another statement:
 * 0.9996 is not 1.000, and 0.7996 beside a threshold of 0.80 is not 0.800.
 */
const DECIMALS_MAX = 6;
const MINUS = '−';

/** A figure of its own: `0.843`, `12.40`, `1,235`, `0.000021`. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'not a number' : value > 0 ? '∞' : `${MINUS}∞`;
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return count(value);
  return fixed(value, plainDecimals(value));
}

/** `0.843 [0.821, 0.864]`: as many decimals as the width of the interval makes sense of. */
export function estimate(value: number, interval?: Interval): string {
  if (interval === undefined) return number(value);
  const decimals = Math.max(intervalDecimals(interval), Math.abs(value) <= 1 ? 3 : 0);
  return `${fixed(value, decimals)} [${fixed(interval.low, decimals)}, ${fixed(interval.high, decimals)}]`;
}

/** With its sign: `+0.012`, `−0.004`, `0`. */
export function difference(value: number, interval?: Interval): string {
  const sign = value > 0 ? '+' : '';
  if (interval === undefined) return sign + number(value);
  const decimals = Math.max(intervalDecimals(interval), 3);
  const signed = (each: number) => (each > 0 ? '+' : '') + fixed(each, decimals);
  return `${signed(value)} [${signed(interval.low)}, ${signed(interval.high)}]`;
}

/** With enough decimals to stay on its own side of a threshold such as `>= 0.80`. */
export function beside(value: number, threshold: string, interval?: Interval): string {
  const limits = [...threshold.matchAll(/-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/gi)].map(([text]) => Number(text) / (/%/.test(threshold) ? 100 : 1));
  let decimals = interval === undefined ? plainDecimals(value) : Math.max(intervalDecimals(interval), 3);
  const tells = (places: number) => limits.every((limit) => value === limit || Number(value.toFixed(places)) !== limit);
  while (decimals < DECIMALS_MAX && !tells(decimals)) decimals += 1;
  const shown = Number.isInteger(value) && interval === undefined ? number(value) : fixed(value, decimals);
  return interval === undefined ? shown : `${shown} [${fixed(interval.low, decimals)}, ${fixed(interval.high, decimals)}]`;
}

/** `12.3 %` of a share between 0 and 1; never 0 % or 100 % of what is neither. */
export function percent(share: number): string {
  if (!Number.isFinite(share)) return number(share);
  const hundred = share * 100;
  if (hundred > 0 && hundred < 0.1) return '<0.1 %';
  if (hundred < 100 && hundred > 99.9) return '>99.9 %';
  return `${Number.isInteger(Number(hundred.toFixed(6))) ? count(Math.round(hundred)) : fixed(hundred, 1)} %`;
}

/** `1,409`. */
export function count(value: number): string {
  return grouped(Math.round(value).toString());
}

/** Decimals that show two digits of the interval's width. */
function intervalDecimals({ low, high }: Interval): number {
  const width = Math.abs(high - low);
  if (!(width > 0) || !Number.isFinite(width)) return 3;
  return Math.min(DECIMALS_MAX, Math.max(0, 1 - Math.floor(Math.log10(width))));
}

function plainDecimals(value: number): number {
  const size = Math.abs(value);
  if (size >= 1_000) return 0;
  if (size >= 100) return 1;
  if (size >= 10) return 2;
  if (size >= 0.001 || size === 0) return 3;
  return size < 1e-5 ? DECIMALS_MAX : Math.min(DECIMALS_MAX, 1 - Math.floor(Math.log10(size)));
}

/** Rounded, but not into a whole number that it is not; what is smaller than six decimals can tell is written with a power of ten. */
export function fixed(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return number(value);
  let places = decimals;
  const hides = () => !Number.isInteger(value) && Math.abs(value) <= 1 && Number.isInteger(Number(value.toFixed(places)));
  while (places < DECIMALS_MAX && hides()) places += 1;
  if (hides()) {
    const sign = value < 0 ? MINUS : '';
    return Math.abs(value) < 0.5 ? `${sign}${Math.abs(value).toExponential(1)}` : `${sign}0.${'9'.repeat(DECIMALS_MAX)}…`;
  }
  const text = Math.abs(value).toFixed(places);
  const [whole = '', fraction] = text.split('.');
  const negative = value < 0 && Number(text) !== 0;
  return `${negative ? MINUS : ''}${grouped(whole)}${fraction === undefined ? '' : `.${fraction}`}`;
}

function grouped(whole: string): string {
  const digits = whole.replace(/^-/, '');
  return (whole.startsWith('-') ? MINUS : '') + digits.replace(/\B(?=(?:\d{3})+$)/g, ',');
}
