import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { digestPath } from '../../kernel/digest.ts';
import { writeWhole } from '../../kernel/durable-file.ts';
import { livenessOf, ownerSchema } from '../../kernel/process-owner.ts';

/** What is known of a local job by everybody who knows its folder, in any process. Kept beside the folder, in a small file. */
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
  /** Of the folder the trainer wrote, once it was checked: what was changed since is not its result. */
  output: z.string().optional(),
});
export type JobFile = z.infer<typeof jobFileSchema>;

const pathOf = (folder: string): string => `${folder}.json`;

/** The job of a folder that still runs, or that has succeeded and whose result is there unchanged. */
export async function readJobFile(folder: string): Promise<JobFile | undefined> {
  const found = await read(folder);
  if (!found) return undefined;
  const job = await digestOfJob(found.folder).catch(() => undefined);
  if (job?.sha256 !== found.sha256) return undefined;
  if (found.state === 'running') return livenessOf(found.owner) === 'dead' ? undefined : found;
  const output = await digestPath(join(found.folder, job.output)).catch(() => undefined);
  return output !== undefined && output.sha256 === found.output ? found : undefined;
}

export async function writeJobFile(job: JobFile): Promise<void> {
  await writeWhole(pathOf(job.folder), `${JSON.stringify(job)}\n`);
}

/** Forgets a job, unless its folder has gone to another by now. */
export async function forgetJobFile({ folder, id }: JobFile): Promise<void> {
  if ((await read(folder))?.id === id) await rm(pathOf(folder), { force: true });
}

export async function digestOfJob(folder: string): Promise<{ readonly sha256: string; readonly output: string }> {
  const text = await readFile(join(folder, 'job.json'));
  const { output } = z.object({ output: z.string() }).parse(JSON.parse(text.toString('utf8')));
  return { sha256: createHash('sha256').update(text).digest('hex'), output };
}

async function read(folder: string): Promise<JobFile | undefined> {
  try {
    return jobFileSchema.parse(JSON.parse(await readFile(pathOf(folder), 'utf8')));
  } catch {
    return undefined;
  }
}
