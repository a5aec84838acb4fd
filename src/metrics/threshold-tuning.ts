import type { ClassificationRows } from './classification-rows.ts';
import { descend, rankedScoresOf } from './ranked-scores.ts';

export type TuningAim = 'youden' | 'f1';

/** A threshold from which on (inclusive) rows are positive, and what it reaches on the rows it was tuned on. */
export interface TunedThreshold {
  readonly threshold: number;
  readonly aim: TuningAim;
  readonly reached: number;
  readonly n: number;
}

/**
 * The score at which tpr - fpr (`youden`) or F1 is largest, the first maximum from the top. For validation rows only: on the test rows the
 * figure it reaches would be optimistic. Undefined when a class is absent.
 */
export function tuneThreshold(validation: ClassificationRows, aim: TuningAim): TunedThreshold | undefined {
  const scores = rankedScoresOf(validation);
  if (scores.positiveWeight === 0 || scores.negativeWeight === 0) return undefined;
  let tp = 0;
  let fp = 0;
  let best: { threshold: number; reached: number } | undefined;
  descend(scores, (threshold, p, q) => {
    tp += p;
    fp += q;
    const reached =
      aim === 'youden' ? tp / scores.positiveWeight - fp / scores.negativeWeight : (2 * tp) / (tp + fp + scores.positiveWeight);
    if (best === undefined || reached > best.reached) best = { threshold, reached };
  });
  return best === undefined ? undefined : { ...(best as { threshold: number; reached: number }), aim, n: validation.n };
}
