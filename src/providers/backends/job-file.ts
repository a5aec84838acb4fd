import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeWhole } from '../../kernel/durable-file.ts';
import { livenessOf, ownerSchema } from '../../kernel/process-owner.ts';

/** What is known of a local job by everybody who knows its key, in any process. Kept in the cache, one small file a key. */
const jobFileSchema = z.object({
  key: z.string(),
  id: z.string(),
  folder: z.string(),
  verb: z.enum(['fit', 'predict']),
  state: z.enum(['running', 'succeeded']),
  /** The Retrain that started it: the trainer does not outlive it. */
  owner: ownerSchema,
  /** Of `job.json`: a folder that holds another job by now is not this one's. */
  sha256: z.string(),
});
export type JobFile = z.infer<typeof jobFileSchema>;

const pathOf = (cache: string, key: string): string =>
  join(cache, 'jobs', `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`);

/** The job under a key that still runs, or has succeeded and still has its files. */
export async function readJobFile(cache: string, key: string): Promise<JobFile | undefined> {
  const found = await read(cache, key);
  if (!found) return undefined;
  const result = found.verb === 'fit' ? 'fit.json' : 'predictions.csv';
  const current = await digestOfJob(found.folder).catch(() => undefined);
  if (current?.sha256 !== found.sha256) return undefined;
  if (found.state === 'running') return livenessOf(found.owner) === 'dead' ? undefined : found;
  const there = await stat(join(found.folder, current.output, result)).then(
    () => true,
    () => false,
  );
  return there ? found : undefined;
}

export async function writeJobFile(cache: string, job: JobFile): Promise<void> {
  await mkdir(join(cache, 'jobs'), { recursive: true });
  await writeWhole(pathOf(cache, job.key), `${JSON.stringify(job)}\n`);
}

/** Forgets a job, unless its key has gone to another by now. */
export async function forgetJobFile(cache: string, key: string, id: string): Promise<void> {
  if ((await read(cache, key))?.id === id) await rm(pathOf(cache, key), { force: true });
}

export async function digestOfJob(folder: string): Promise<{ readonly sha256: string; readonly output: string }> {
  const text = await readFile(join(folder, 'job.json'));
  const { output } = z.object({ output: z.string() }).parse(JSON.parse(text.toString('utf8')));
  return { sha256: createHash('sha256').update(text).digest('hex'), output };
}

async function read(cache: string, key: string): Promise<JobFile | undefined> {
  try {
    const found = jobFileSchema.parse(JSON.parse(await readFile(pathOf(cache, key), 'utf8')));
    return found.key === key ? found : undefined;
  } catch {
    return undefined;
  }
}
