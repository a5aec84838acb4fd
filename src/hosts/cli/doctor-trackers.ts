import { TimedOut } from '../../kernel/errors.ts';
import { trackers } from '../../providers/trackers/tracker.ts';
import type { Loaded } from '../loaded-pipeline.ts';
import { makeProviders } from '../run.ts';
import { type Finding, troubleOf } from './doctor-jobs.ts';
import type { Door } from './door.ts';

const PATIENCE_MS = 20_000;

/** Trackers of the pipeline that are servers: is one there, and does it let us in? */
export async function trackerFindings({ home, base, model, resolved }: Loaded, door: Door): Promise<readonly Finding[]> {
  const settings = { ...door, home, base, model, shared: resolved.shared, inputs: {}, log: () => undefined };
  const findings: Finding[] = [];
  const look = async (what: string, ask: () => Promise<string | undefined>): Promise<void> => {
    try {
      const text = await ask();
      if (text !== undefined) findings.push({ what, good: true, text });
    } catch (error) {
      findings.push(troubleOf(what, error, door.signal));
    }
  };
  await look('tracker', async () => {
    for (const tracker of (await makeProviders({ trackers }, settings)).trackers) {
      const signal = AbortSignal.any([door.signal, AbortSignal.timeout(PATIENCE_MS)]);
      await look(tracker.name, async () => {
        try {
          return await tracker.reach?.(signal);
        } catch (error) {
          if (!signal.aborted || door.signal.aborted) throw error;
          throw new TimedOut(`It has not answered within ${PATIENCE_MS / 1_000} s.`, {
            todo: 'Check the address, and that this machine can reach it.',
          });
        }
      });
      await tracker.close?.();
    }
    return undefined;
  });
  return findings;
}
