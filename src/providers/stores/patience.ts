import { setTimeout as delay } from 'node:timers/promises';
import { faultOf } from '../../kernel/errors.ts';

/** How long a store in the network is waited for. */
export interface Patience {
  /** Tries in a row without any progress. */
  readonly tries: number;
  /** Before the second try; doubled each time, to half a minute, and spread so that many do not come back at once. */
  readonly pauseMs: number;
  /** For an answer to a small request. */
  readonly timeoutMs: number;
  /** For the next bytes of a large one. */
  readonly stallMs: number;
}

export const PATIENCE: Patience = { tries: 6, pauseMs: 500, timeoutMs: 30_000, stallMs: 60_000 };
const PAUSE_MS_MAX = 30_000;

/** A fault of the world passes; a lost race is one too, but trying again would lose again. */
export function isPassing(error: unknown): boolean {
  return faultOf(error) === 'world' && !(error instanceof Error && 'code' in error && error.code === 'precondition-failed');
}

/** Tries again what may pass, within the patience there is; errors are those `attempt` throws, already explained. */
export async function patiently<T>(
  attempt: (signal: AbortSignal) => Promise<T>,
  { patience, signal, log }: { readonly patience: Patience; readonly signal: AbortSignal; readonly log: (line: string) => void },
): Promise<T> {
  for (let tried = 1; ; tried++) {
    signal.throwIfAborted();
    try {
      return await attempt(AbortSignal.any([signal, AbortSignal.timeout(patience.timeoutMs)]));
    } catch (error) {
      signal.throwIfAborted();
      if (!isPassing(error) || tried >= patience.tries) throw error;
      await rest(tried, error, { patience, signal, log });
    }
  }
}

/** The pause after the `tried`th failure in a row. */
export async function rest(
  tried: number,
  error: unknown,
  { patience, signal, log }: { readonly patience: Patience; readonly signal: AbortSignal; readonly log: (line: string) => void },
): Promise<void> {
  const longest = Math.min(patience.pauseMs * 2 ** (tried - 1), PAUSE_MS_MAX);
  const pause = longest * (0.5 + Math.random() / 2);
  log(`${error instanceof Error ? error.message : String(error)} Next try in ${Math.ceil(pause / 1000)} s.`);
  await delay(pause, undefined, { signal });
}

/** For calls that know no signal: gives up waiting when it aborts. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const give = () => reject(signal.reason);
  signal.addEventListener('abort', give, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', give);
  }
}
