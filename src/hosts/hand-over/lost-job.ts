import { z } from 'zod';
import { PHASES, type Phase, type StageEntry } from '../../kernel/flow.ts';
import { type Manifest, RECORD_SCHEMA, type StageRecord } from '../../kernel/record.ts';

const needsSchema = z.record(
  z.string(),
  z.object({ result: z.enum(['success', 'failure', 'cancelled', 'skipped']), outputs: z.record(z.string(), z.string()).default({}) }),
);

/** The `needs` context of a job, as JSON: how each job before it ended, and whether it handed anything on. */
export type Needs = z.infer<typeof needsSchema>;

export const readNeeds = (text: string): Needs => needsSchema.parse(JSON.parse(text));

/**
 * A job that broke off without handing on its records (its runner was lost, its time was up, it was cancelled while waiting) leaves no
 * trace in the run. This makes one, in the name of its first stage without a record, so that no report calls such a run passed.
 */
export function recordOfLostJob(needs: Needs, manifest: Manifest, entries: readonly StageEntry[], now: Date): StageRecord | undefined {
  const lost = PHASES.find((phase) => isLost(needs[phase]));
  if (lost === undefined) return undefined;
  const stage = entries.find(({ name, phase }) => phase === lost && !manifest.records.some((record) => record.stage === name));
  if (stage === undefined) return undefined;
  const cancelled = needs[lost]?.result === 'cancelled';
  return {
    schema: RECORD_SCHEMA,
    run: manifest.id,
    stage: stage.name,
    attempt: 1,
    outcome: cancelled ? 'cancelled' : 'errored',
    endsRun: false,
    found: '',
    started: now.toISOString(),
    seconds: 0,
    inputs: {},
    outputs: {},
    metrics: [],
    gates: [],
    tables: [],
    curves: [],
    warnings: [],
    error: lostJob(lost, cancelled),
  };
}

const isLost = (job: Needs[string] | undefined): boolean =>
  (job?.result === 'failure' || job?.result === 'cancelled') && (job.outputs['artifact-id'] ?? '') === '';

const lostJob = (job: Phase, cancelled: boolean): NonNullable<StageRecord['error']> =>
  cancelled
    ? { code: 'cancelled', message: `The job ${job} was cancelled before it left a record.`, fault: 'cancelled' }
    : {
        code: 'job-lost',
        message: `The job ${job} ended without leaving a record: its runner was lost, its time was up, or a step before the stage failed.`,
        todo: `Look at the log of the job ${job}, then run the failed jobs again.`,
        fault: 'world',
      };
