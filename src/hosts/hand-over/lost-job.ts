import { z } from 'zod';
import { InvalidInputs } from '../../kernel/errors.ts';
import { interruption, PHASES, type Phase, refusal, type StageEntry } from '../../kernel/flow.ts';
import { emptyRecord, type Manifest, type StageRecord } from '../../kernel/record.ts';

const needsSchema = z.record(
  z.string(),
  z.object({ result: z.enum(['success', 'failure', 'cancelled', 'skipped']), outputs: z.record(z.string(), z.string()).default({}) }),
);

/** The `needs` context of a job, as JSON: how each job before it ended, and whether it handed anything on. */
export type Needs = z.infer<typeof needsSchema>;

/** Reads the context as a workflow gives it, `${{ toJSON(needs) }}`; anything else is `InvalidInputs`. */
export function readNeeds(text: string): Needs {
  const wrong = (found: string) =>
    new InvalidInputs([{ path: 'needs', message: `expected \`\${{ toJSON(needs) }}\`, ${found}`, file: 'with' }], 'inputs of hand-over');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong('found text that is not JSON.');
  }
  const read = needsSchema.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw wrong(`and in it ${issue?.path.join('.') || 'the whole'}: ${issue?.message}`);
}

type Ending = 'failure' | 'cancelled';

/**
 * The record of a run that ended before it left all its records, from how its jobs ended: the first job that failed or was cancelled and
 * does not say why itself, or that should have run and never began. Undefined when the records tell everything.
 *
 * @param publishes whether the run may register and promote; when it may not, nobody misses its publish job.
 */
export function recordOfLostJob(
  needs: Needs,
  publishes: boolean,
  manifest: Manifest,
  entries: readonly StageEntry[],
  now: Date,
): StageRecord | undefined {
  let next: string = PHASES[0];
  for (const phase of PHASES) {
    const job = needs[phase];
    if (job === undefined) continue;
    // A cancel between two jobs leaves the second one without a beginning.
    const missed = job.result === 'skipped' && next === phase && (phase !== 'publish' || publishes);
    const ending = missed ? 'cancelled' : job.result;
    if (ending === 'failure' || ending === 'cancelled') {
      const lost = recordOfBrokenJob(phase, ending, manifest, entries, now);
      if (lost) return lost;
    }
    next = job.outputs.next ?? next;
  }
  return undefined;
}

/**
 * A job that broke off (its runner was lost, a process was killed, its time was up, it was cancelled while waiting) without a record that
 * says so gets one, in the name of its first stage without a record, so that no report calls such a run passed. Where every stage has one,
 * the last of them says it.
 */
export function recordOfBrokenJob(
  job: Phase,
  ending: Ending,
  manifest: Manifest,
  entries: readonly StageEntry[],
  now: Date,
): StageRecord | undefined {
  const names = entries.filter(({ phase }) => phase === job).map(({ name }) => name);
  const own = manifest.records.filter(({ stage }) => names.includes(stage));
  if (refusal(own) || interruption(own)) return undefined;
  const stage = names.find((name) => !own.some((record) => record.stage === name));
  const broken = { outcome: ending === 'cancelled' ? 'cancelled' : 'errored', verdict: undefined, error: whatBroke(job, ending) } as const;
  const last = own.at(-1);
  if (stage === undefined) return last && { ...last, ...broken };
  return { ...emptyRecord(manifest.id, stage, now.toISOString()), ...broken };
}

const whatBroke = (job: Phase, ending: Ending): NonNullable<StageRecord['error']> =>
  ending === 'cancelled'
    ? { code: 'cancelled', message: `The job ${job} was cancelled before it left a record.`, fault: 'cancelled' }
    : {
        code: 'job-lost',
        message: `The job ${job} ended without leaving a record: its runner was lost, a process was killed, its time was up, or a step before the stage failed.`,
        todo: `Look at the log of the job ${job}, then run the failed jobs again.`,
        fault: 'world',
      };
