import type { Manifest, StageRecord } from './record.ts';
import type { Stage } from './stage.ts';
import type { Reason } from './verdict.ts';

/** The five jobs of a run on GitHub; in the terminal they follow one another. */
export const PHASES = ['prepare', 'train', 'assess', 'publish', 'report'] as const;
export type Phase = (typeof PHASES)[number];

export interface StageEntry {
  readonly name: string;
  readonly phase: Phase;
  /** Runs after a refusal too, to write the outcome into the registry's state. */
  readonly closes?: boolean;
  /** Tasks the stage is there for; absent: all. In a pipeline of another task it is no part of the run. */
  readonly tasks?: readonly string[];
  load(): Promise<Stage>;
}

/** Is the stage part of a pipeline for this task? Without a task (a stage alone) it is. */
export const takesPart = ({ tasks }: Pick<StageEntry, 'tasks'>, task: unknown): boolean =>
  tasks === undefined || task === undefined || tasks.includes(String(task));

/** The stages in the order of the run at hand: `register` comes right after `train` where a version is registered before it is judged. */
export function inOrder(entries: readonly StageEntry[], registered: unknown): readonly StageEntry[] {
  const register = entries.find(({ name }) => name === 'register');
  if (registered !== 'after-train' || !register || !entries.some(({ name }) => name === 'train')) return entries;
  return entries.filter((entry) => entry !== register).flatMap((entry) => (entry.name === 'train' ? [entry, register] : [entry]));
}

export type Decision = { readonly run: true } | { readonly run: false; readonly reason: Reason };

/** The first record that said no: a failed or incomparable verdict. */
export const refusal = (records: readonly StageRecord[]): StageRecord | undefined =>
  records.find((record) => record.verdict?.kind === 'failed' || record.verdict?.kind === 'incomparable');

/** The record that broke the run: an error, a cancel, or a job handed over to somewhere else. */
export const interruption = (records: readonly StageRecord[]): StageRecord | undefined =>
  records.find((record) => record.outcome !== 'completed');

/** The record that found nothing to do. */
export const ending = (records: readonly StageRecord[]): StageRecord | undefined => records.find((record) => record.endsRun);

/** What the stages before this one left behind. What a later one said, in a run that is gone on with, is no reason against it. */
export function recordsBefore(
  entry: Pick<StageEntry, 'name'>,
  entries: readonly StageEntry[],
  records: readonly StageRecord[],
): readonly StageRecord[] {
  const order = entries.map(({ name }) => name);
  return records.filter(({ stage }) => order.indexOf(stage) < order.indexOf(entry.name));
}

/**
 * Does a stage run, given what the stages before it left behind? Both doors ask here, and so do the jobs of a workflow.
 * Reporting always does. Stages of `assess` do not stop one another, so that a report shows every verdict at once.
 *
 * @param entries all stages, in the order of the run at hand.
 */
export function decide(entry: StageEntry, entries: readonly StageEntry[], records: readonly StageRecord[]): Decision {
  if (entry.phase === 'report') return { run: true };
  const before = recordsBefore(entry, entries, records);

  const broken = interruption(before);
  if (broken)
    return {
      run: false,
      reason: {
        code: broken.outcome,
        text: `${broken.stage} was ${broken.outcome === 'errored' ? 'broken off by an error' : broken.outcome}.`,
      },
    };

  const ended = ending(before);
  if (ended?.verdict && ended.verdict.kind !== 'passed') return { run: false, reason: ended.verdict.reason };

  const refused = refusal(before);
  if (refused?.verdict && refused.verdict.kind !== 'passed') {
    const phase = entries.find(({ name }) => name === refused.stage)?.phase;
    const sameAssessment = entry.phase === 'assess' && phase === 'assess';
    if (!sameAssessment && !entry.closes)
      return { run: false, reason: { code: 'refused', text: `${refused.stage}: ${refused.verdict.reason.text}` } };
  }
  return { run: true };
}

/** How the run ended, from its records. */
export function outcomeOf(records: readonly StageRecord[]): {
  readonly outcome: Exclude<Manifest['outcome'], 'running'>;
  readonly reason?: Reason;
} {
  const broken = interruption(records);
  if (broken) {
    const outcome = broken.outcome === 'cancelled' ? 'cancelled' : broken.outcome === 'submitted' ? 'submitted' : 'errored';
    return { outcome, reason: broken.error ? { code: broken.error.code, text: broken.error.message } : undefined };
  }
  const said = refusal(records) ?? ending(records);
  if (said?.verdict && said.verdict.kind !== 'passed') {
    return { outcome: said.verdict.kind === 'skipped' ? 'skipped' : 'refused', reason: said.verdict.reason };
  }
  return { outcome: 'passed' };
}

export const EXIT = { fine: 0, no: 1, user: 2, world: 3, ours: 70, cancelled: 130 } as const;

/** Exit code of a run, as DESIGN's table says. */
export function exitCodeOf(manifest: Pick<Manifest, 'outcome' | 'records'>): number {
  switch (manifest.outcome) {
    case 'cancelled':
      return EXIT.cancelled;
    case 'refused':
      return EXIT.no;
    case 'errored': {
      const fault = interruption(manifest.records)?.error?.fault ?? 'ours';
      return fault === 'user' ? EXIT.user : fault === 'world' ? EXIT.world : EXIT.ours;
    }
    default:
      return EXIT.fine;
  }
}
