import type { Estimate } from '../statistics/estimate.ts';
import { isComputed } from '../statistics/estimate.ts';
import type { ClassificationRows } from './classification-rows.ts';
import type { Difference, Rows } from './metric.ts';

/** A pair of models that cannot be compared because one of them has no figure. */
export function notComparable(candidate: Estimate, champion: Estimate, n: number): Difference {
  const code = !isComputed(candidate) ? candidate.notComputable : !isComputed(champion) ? champion.notComputable : 'too-few';
  return { notComputable: code, n, candidate, champion };
}

export function expectSameLength(candidate: Rows, champion: Rows): void {
  if (candidate.n !== champion.n)
    throw new RangeError(
      `Candidate and champion must be judged on the same rows: ${candidate.n} against ${champion.n}. Join them by key first.`,
    );
}

/** Both must hold the same truth in the same order, as codes into the same classes. */
export function expectPair(candidate: ClassificationRows, champion: ClassificationRows): void {
  expectSameLength(candidate, champion);
  if (candidate.classes.length !== champion.classes.length || candidate.classes.some((label, i) => label !== champion.classes[i]))
    throw new RangeError('Candidate and champion must be encoded with the same classes: declare them for both.');
  for (let i = 0; i < candidate.n; i++)
    if (candidate.truth[i] !== champion.truth[i])
      throw new RangeError(`Row ${i + 1} has another truth for the champion. Join them by key first.`);
}
