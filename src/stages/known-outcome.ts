import type { Reason } from '../kernel/verdict.ts';
import type { OutcomeEntry } from '../providers/registries/registry.ts';

/** Why a run with a known key has nothing to do: which version, or which refusal, it would only repeat. */
export function knownOutcome(known: OutcomeEntry): Reason {
  const same = 'code, configuration and data are the same as';
  if (known.outcome === 'refused')
    return {
      code: 'already-refused',
      text: `${same} in run ${known.run}, which was refused: ${known.reason?.text ?? 'no reason was kept'}`,
    };
  return {
    code: 'already-trained',
    text: known.version === undefined ? `${same} in run ${known.run}` : `${same} version ${known.version}`,
  };
}
