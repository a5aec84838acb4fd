import type { Mark } from './document.ts';

export interface Measured {
  readonly value?: number;
  readonly low?: number;
  readonly high?: number;
  readonly reference?: number;
}

/**
 * Marks for the figures of one column, on one axis, so that they can be compared by eye; undefined where there is no value.
 * None at all when no figure has an interval or the axis would have no length.
 */
export function marksFor(column: readonly Measured[]): readonly (Mark | undefined)[] {
  const ends = column.flatMap(({ value, low, high, reference }) =>
    value === undefined ? [] : [value, low ?? value, high ?? value, reference ?? value],
  );
  const from = Math.min(...ends);
  const to = Math.max(...ends);
  const drawn = column.filter(({ low }) => low !== undefined).length > 0 && ends.every(Number.isFinite) && to > from;
  // Figures of different kinds share no axis: an RMSE of 1,200 beside an R² of 0.8 would be a dot at each end.
  const alike = from >= -1 && to <= 1;
  const room = (to - from) * 0.05;
  return column.map(({ value, low, high, reference }) =>
    drawn && alike && value !== undefined ? { value, low, high, reference, from: from - room, to: to + room } : undefined,
  );
}
