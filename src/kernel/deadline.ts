import { setTimeout as delay } from 'node:timers/promises';
import { Cancelled, TimedOut } from './errors.ts';

// setTimeout fires at once above 2^31-1 ms.
const TIMER_MS_MAX = 2_147_483_647;

/**
 * Runs `work` with a signal that aborts when `outer` does or after `seconds`.
 * Ends within `graceSeconds` after that even when `work` ignores the signal.
 * Errors: `Cancelled` when `outer` aborted, `TimedOut` when the time was up.
 */
export async function withDeadline<T>(
  work: (signal: AbortSignal) => Promise<T>,
  outer: AbortSignal,
  seconds: number,
  graceSeconds = 10,
): Promise<T> {
  if (outer.aborted) throw new Cancelled();
  const controller = new AbortController();
  const timedOut = new TimedOut(`The attempt took longer than its ${seconds} s.`, {
    todo: 'Give it more time with run.timeout, or less to do.',
  });
  const onOuter = () => controller.abort(new Cancelled());
  outer.addEventListener('abort', onOuter, { once: true });
  const timer = setTimeout(() => controller.abort(timedOut), Math.min(seconds * 1000, TIMER_MS_MAX));
  const stop = new AbortController();
  try {
    return await Promise.race([work(controller.signal), afterAbort(controller.signal, graceSeconds, stop.signal)]);
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    clearTimeout(timer);
    stop.abort();
    outer.removeEventListener('abort', onOuter);
  }
}

async function afterAbort(signal: AbortSignal, graceSeconds: number, stop: AbortSignal): Promise<never> {
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    stop.addEventListener('abort', () => resolve(), { once: true });
  });
  await delay(graceSeconds * 1000, undefined, { signal: stop }).catch(() => undefined);
  throw signal.reason;
}
