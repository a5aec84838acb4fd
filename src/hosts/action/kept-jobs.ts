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
  jobs: z.array(z.object({ backend: z.string(), id: z.string(), key: z.string(), details: z.record(z.string(), z.string()) })),
});
type Kept = z.infer<typeof keptSchema>;

/** Notes each job the moment it is submitted, so that the post step of a step that was killed can cancel it. */
export function noteJobs(runner: Runner, place: Pick<Kept, 'home' | 'base'>): Around {
  const jobs = new Map<string, Job>();
  const note = () => runner.keep(STATE, JSON.stringify({ ...place, jobs: [...jobs.values()] }));
  return (kind, provider) => {
    if (kind !== 'backend') return provider;
    const backend = provider as Backend;
    const noted: Backend = {
      name: backend.name,
      find: (key, signal) => backend.find(key, signal),
      async submit(key, spec, signal) {
        const job = await backend.submit(key, spec, signal);
        jobs.set(job.id, job);
        note();
        return job;
      },
      async *watch(job, signal) {
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
}

/** What the post step does: cancels the jobs that the step left behind, if it did. Says nothing when there are none. */
export async function cancelKeptJobs(
  runner: Runner,
  settings: { readonly root: string; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<void> {
  const text = runner.kept(STATE);
  if (text === '') return;
  const { home, base, jobs } = keptSchema.parse(JSON.parse(text));
  const log = (line: string) => {
    for (const each of logLines(line)) runner.write(each);
  };
  const { backend } = (await makeProviders(
    { backend: { kind: 'backend' } },
    { ...settings, home, base, model: '', shared: {}, inputs: {}, log },
  )) as { readonly backend: Backend };
  for (const job of jobs)
    log(`The job ${job.id} (${job.backend}), which the step left behind, was told to end: ${await backend.cancel(job)}.`);
}
