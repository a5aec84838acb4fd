import { adjust } from '../statistics/corrections.ts';
import { type Estimate, isComputed } from '../statistics/estimate.ts';
import type { Judgement } from './gates.ts';
import { meets, type Threshold } from './threshold.ts';

/** One of several gates, and its figure at any confidence level. */
export interface GateAmongMany {
  readonly judgement: Judgement;
  readonly threshold: Threshold;
  estimateAt(level: number): Estimate;
}

const ALPHA_MIN = 1e-12;

/**
 * Of many gates judged on intervals some lie outside by chance. Holm's correction over all that are: a gate that is outside at its own level,
 * but not after correction, is `incomparable` (`uncertain`) instead of failed. Passed ones stay: all must pass, which needs no correction.
 */
export function correctMany(gates: readonly GateAmongMany[]): Judgement[] {
  const corrected = adjust(gates.map(chanceOf), 'holm');
  const many = corrected.filter((p) => !Number.isNaN(p)).length;
  return gates.map(({ judgement }, at) => {
    const { verdict, interval, reason } = judgement;
    const p = corrected[at]!;
    if (verdict !== 'failed' || interval === undefined || !(p > 1 - interval.level)) return judgement;
    const text = `${reason?.text.replace(/\.$/, '')}, but among ${many} gates that may be chance (p ${p.toFixed(3)} after Holm's correction).`;
    return { ...judgement, verdict: 'incomparable', reason: { code: 'uncertain', text } };
  });
}

/** The smallest α whose interval still lies wholly outside: the p value of a failed gate. Other gates on intervals have 1, all others none (NaN). */
function chanceOf({ judgement, threshold, estimateAt }: GateAmongMany): number {
  if (judgement.judged !== 'interval' || judgement.interval === undefined) return Number.NaN;
  if (judgement.verdict !== 'failed') return 1;
  const outside = (alpha: number): boolean => {
    const estimate = estimateAt(1 - alpha);
    const interval = isComputed(estimate) ? estimate.interval : undefined;
    return interval !== undefined && !meets(interval.low, threshold) && !meets(interval.high, threshold);
  };
  let [low, high] = [Math.log(ALPHA_MIN), Math.log(1 - judgement.interval.level)];
  if (outside(ALPHA_MIN)) return ALPHA_MIN;
  for (let step = 0; step < 50; step++) {
    const middle = (low + high) / 2;
    if (outside(Math.exp(middle))) high = middle;
    else low = middle;
  }
  return Math.exp(high);
}
