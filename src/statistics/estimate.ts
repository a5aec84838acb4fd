/** Why a figure has no value. A record never holds NaN or a silent 0. */
export type NotComputable = 'empty' | 'one-class' | 'zero-denominator' | 'constant' | 'too-few' | 'non-finite';

/** Two-sided interval; `level` is 0.95 unless asked otherwise. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly level: number;
  /** `wilson`, `newcombe`, `katz`, `t`, `delong`, `bca`, `percentile`, `delta`, … */
  readonly method: string;
}

/** A figure that cannot be read without the number of rows it rests on. */
export type Estimate =
  | { readonly value: number; readonly n: number; readonly interval?: Interval }
  | { readonly notComputable: NotComputable; readonly n: number };

/** Whether there is a value, and not only the reason why there is none. */
export const isComputed = (estimate: Estimate): estimate is Extract<Estimate, { value: number }> => 'value' in estimate;
