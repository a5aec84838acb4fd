import type { NumberList } from './row-keys.ts';

export type Part = 'train' | 'validation' | 'test' | 'oot';

/** Part of a row that belongs to none. */
export const LEFT_OUT = 255;

/** Target of each row: a class code into `labels`, or the number itself; -1 and NaN are missing. */
export interface TargetColumn {
  readonly labels: readonly string[];
  readonly codes?: NumberList;
  readonly values?: NumberList;
}
