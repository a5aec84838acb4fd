import { z } from 'zod';
import type { Backend, Job, JobState } from '../../providers/backends/backend.ts';
import { type Around, makeProviders } from '../run.ts';
import { logLines, type Runner } from './runner.ts';

const STATE = 'retrain';
const UNDER_WAY: readonly JobState[] = ['queued', 'running'];

/** What the post step is told: where things lie and which jobs were started. No input, no secret. */
const keptSchema = z.object({
  home: z.string(),
  base: z.string(),
  /** Where the jobs are, for backends elsewhere: the keys `google` and `store`. */
  shared: z.record(z.string(), z.unknown()),
  jobs: z.array(z.object({ backend: z.string(), id: z.string(), key: z.string(), details: z.record(z.string(), z.string()) })),
});
type Kept = z.infer<typeof keptSchema>;

/**
 * Notes each job the moment it is submitted or watched, so that the post step of a step that was killed can cancel it. `forget`: the jobs are left
 * running on purpose.
 */
export function noteJobs(runner: Runner, place: Pick<Kept, 'home' | 'base' | 'shared'>): { readonly around: Around; forget(): void } {
  const jobs = new Map<string, Job>();
  const note = () => runner.keep(STATE, JSON.stringify({ ...place, jobs: [...jobs.values()] }));
  const around: Around = (kind, provider) => {
    if (kind !== 'backend') return provider;
    const backend = provider as Backend;
    const noted: Backend = {
      name: backend.name,
      outlives: backend.outlives,
      ...(backend.machine !== undefined && { machine: backend.machine }),
      find: (key, signal) => backend.find(key, signal),
      async submit(key, spec, signal) {
        const job = await backend.submit(key, spec, signal);
        jobs.set(job.id, job);
        note();
        return job;
      },
      async *watch(job, signal) {
        // One that was found, of an earlier attempt, is this step's as well.
        if (!jobs.has(job.id)) {
          jobs.set(job.id, job);
          note();
        }
        for await (const event of backend.watch(job, signal)) {
          if (event.kind === 'state' && !UNDER_WAY.includes(event.state) && jobs.delete(job.id)) note();
          yield event;
        }
      },
      collect: (job, spec, to, signal) => backend.collect(job, spec, to, signal),
      cancel: (job) => backend.cancel(job),
      describe: (trainer, python, signal) => backend.describe(trainer, python, signal),
      environment: (trainer, python, signal) => backend.environment(trainer, python, signal),
    };
    return noted;
  };
  return {
    around,
    forget() {
      jobs.clear();
      note();
    },
  };
}

/** What the post step does: cancels the jobs that the step left behind, if it did. Says nothing when there are none. */
export async function cancelKeptJobs(
  runner: Runner,
  settings: { readonly root: string; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<void> {
  const text = runner.kept(STATE);
  if (text === '') return;
  const { home, base, shared, jobs } = keptSchema.parse(JSON.parse(text));
  const log = (line: string) => {
    for (const each of logLines(line)) runner.write(each);
  };
  const failures: unknown[] = [];
  for (const job of jobs) {
    const place = { ...settings, home, base, shared, model: '', inputs: { backend: job.backend }, log };
    const left = `The job ${job.id} (${job.backend}), which the step left behind,`;
    try {
      const { backend } = (await makeProviders({ backend: { kind: 'backend' } }, place)) as { readonly backend: Backend };
      log(`${left} was told to end: ${await backend.cancel(job)}.`);
    } catch (error) {
      log(`${left} could not be told to end, and may go on.`);
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
