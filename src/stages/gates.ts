import type { Gate } from '../kernel/record.ts';
import { failed, incomparable, type Verdict } from '../kernel/verdict.ts';
import type { Judgement } from '../metrics/gates.ts';

/** A judgement in the form a record keeps. */
export const gateOf = (name: string, judgement: Judgement): Gate => ({
  name,
  threshold: judgement.threshold,
  judged: judgement.judged,
  verdict: judgement.verdict,
  ...(judgement.value !== undefined && { value: judgement.value }),
  ...(judgement.interval && { interval: judgement.interval }),
  ...(judgement.reason && { reason: judgement.reason.text }),
});

/** The first gate that is not passed, failed ones before uncertain ones, as a sentence. */
export function gatesMissed(gates: readonly Gate[]): { readonly verdict: 'failed' | 'incomparable'; readonly text: string } | undefined {
  const missed = gates.find(({ verdict }) => verdict === 'failed') ?? gates.find(({ verdict }) => verdict === 'incomparable');
  if (!missed || missed.verdict === 'passed') return undefined;
  const place = [missed.slice, missed.split === 'test' ? undefined : missed.split].filter((part) => part !== undefined).join(', ');
  return {
    verdict: missed.verdict,
    text: `${missed.name} ${missed.threshold}${place ? ` (${place})` : ''}: ${missed.reason ?? 'not met.'}`,
  };
}

/** What missed gates mean for the stage; undefined when all are passed. */
export function gateVerdict(gates: readonly Gate[]): Verdict | undefined {
  const missed = gatesMissed(gates);
  if (!missed) return undefined;
  return missed.verdict === 'failed' ? failed('gate-missed', missed.text) : incomparable('uncertain', missed.text);
}
