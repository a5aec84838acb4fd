export interface Scale {
  /** Position of a value. */
  at(value: number): number;
  /** Round values to be labelled, within the scale. */
  readonly ticks: readonly number[];
}

/** A linear scale from `low…high` onto `from…to`, with about `wanted` ticks at 1, 2 or 5 times a power of ten. */
export function linearScale({
  low,
  high,
  from,
  to,
  wanted = 5,
}: {
  low: number;
  high: number;
  from: number;
  to: number;
  wanted?: number;
}): Scale {
  const span = high > low ? high - low : 1;
  const start = high > low ? low : low - 0.5;
  const step = roundStep(span / wanted);
  const ticks: number[] = [];
  for (let index = Math.ceil(start / step - 1e-9); index * step <= start + span + step * 1e-9; index += 1)
    ticks.push(Number((index * step).toPrecision(12)));
  return { at: (value) => from + ((value - start) / span) * (to - from), ticks };
}

/** The smallest of 1, 2, 5 times a power of ten that is not below `size`. */
function roundStep(size: number): number {
  const power = 10 ** Math.floor(Math.log10(size));
  const times = [1, 2, 5, 10].find((each) => each * power >= size * (1 - 1e-9)) ?? 10;
  return times * power;
}

/** A tick as short as it can be told. */
export function tickText(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e6 || size < 1e-4)) return value.toExponential(0).replace('e+', 'e');
  return String(Number(value.toPrecision(6))).replace('-', '−');
}
