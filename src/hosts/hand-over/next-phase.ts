import { decide, PHASES, type Phase, type StageEntry } from '../../kernel/flow.ts';
import type { StageRecord } from '../../kernel/record.ts';

/** The first phase after `done` in which a stage has something to do. Reporting always has. */
export function nextPhase(done: Phase, records: readonly StageRecord[], entries: readonly StageEntry[]): Phase {
  const phases = new Map(entries.map(({ name, phase }) => [name, phase]));
  const after = PHASES.slice(PHASES.indexOf(done) + 1);
  return (
    after.find((phase) => entries.some((entry) => entry.phase === phase && decide(entry, records, (stage) => phases.get(stage)).run)) ??
    'report'
  );
}
