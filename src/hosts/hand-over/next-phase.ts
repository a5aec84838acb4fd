import { decide, PHASES, type Phase, type StageEntry } from '../../kernel/flow.ts';
import type { StageRecord } from '../../kernel/record.ts';

/** The first phase after `done` in which a stage has something to do. Reporting always has. `entries`: in the order of the run. */
export function nextPhase(done: Phase, records: readonly StageRecord[], entries: readonly StageEntry[]): Phase {
  const after = PHASES.slice(PHASES.indexOf(done) + 1);
  return after.find((phase) => entries.some((entry) => entry.phase === phase && decide(entry, entries, records).run)) ?? 'report';
}
