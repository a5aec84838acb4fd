import { type Estimate, type Interval, isComputed } from '../statistics/estimate.ts';
import { beside, percent } from '../statistics/figure-text.ts';
import { meets, type Threshold } from './threshold.ts';

export type Judged = 'point' | 'interval';

/** What a threshold says about a figure. `value` is left out where there is none. */
export interface Judgement {
  readonly verdict: 'passed' | 'failed' | 'incomparable';
  readonly threshold: string;
  readonly judged: Judged;
  readonly value?: number;
  readonly interval?: Interval;
  readonly n: number;
  /** Always there unless passed: a stable code and a sentence. */
  readonly reason?: { readonly code: string; readonly text: string };
}

/**
 * Judges an estimate by its value (`point`) or by its whole interval: inside passes, outside fails, straddling is
 * `incomparable` (`uncertain`). A figure that could not be computed fails with the code of its reason: no gate is passed by silence.
 */
export function judge(threshold: Threshold, estimate: Estimate, judged: Judged = 'point'): Judgement {
  const common = { threshold: threshold.text, judged, n: estimate.n };
  if (!isComputed(estimate)) {
    const text = `Not computable (${estimate.notComputable}, n ${estimate.n}), so ${threshold.text} is not met.`;
    return { ...common, verdict: 'failed', reason: { code: estimate.notComputable, text } };
  }
  const { value, interval } = estimate;
  const shown = { ...common, value, ...(interval === undefined ? {} : { interval }) };
  if (judged === 'point') {
    if (meets(value, threshold)) return { ...shown, verdict: 'passed' };
    return {
      ...shown,
      verdict: 'failed',
      reason: { code: 'gate-missed', text: `${beside(value, threshold.text)} is not ${threshold.text}.` },
    };
  }
  if (interval === undefined) {
    const text = `${beside(value, threshold.text)} has no interval, and the gate is judged on the interval.`;
    return { ...shown, verdict: 'incomparable', reason: { code: 'no-interval', text } };
  }
  const low = meets(interval.low, threshold);
  const high = meets(interval.high, threshold);
  const range = `${beside(interval.low, threshold.text)} to ${beside(interval.high, threshold.text)} (${percent(interval.level)})`;
  if (low && high) return { ...shown, verdict: 'passed' };
  if (!low && !high)
    return { ...shown, verdict: 'failed', reason: { code: 'gate-missed', text: `All of ${range} is not ${threshold.text}.` } };
  return {
    ...shown,
    verdict: 'incomparable',
    reason: { code: 'uncertain', text: `${range} lies on both sides of ${threshold.text}; more rows would decide it.` },
  };
}
