import { setTimeout as delay } from 'node:timers/promises';
import { Cancelled, faultOf } from './errors.ts';

export interface RetryPolicy {
  /** Attempts after the first. */
  readonly retries: number;
  readonly delaySeconds: number;
}

/**
 * Calls `attempt(1)`, `attempt(2)`, … as long as it fails by the world's fault and retries are left.
 * What the user must fix, what is ours and a cancel are never tried again.
 */
export async function withRetries<T>(
  attempt: (number: number) => Promise<T>,
  policy: RetryPolicy,
  signal: AbortSignal,
  onRetry: (error: unknown, next: number) => void,
): Promise<T> {
  for (let number = 1; ; number++) {
    try {
      return await attempt(number);
    } catch (error) {
      if (number > policy.retries || faultOf(error) !== 'world' || signal.aborted) throw error;
      onRetry(error, number + 1);
      await delay(policy.delaySeconds * 1000, undefined, { signal }).catch(() => {
        throw new Cancelled();
      });
    }
  }
}
