import { join, posix } from 'node:path';
import { z } from 'zod';
import { UserError, WorldError } from '../../kernel/errors.ts';
import type { Store } from '../stores/store.ts';
import type { FitReport, JobSpec } from './backend.ts';
import { checkResults } from './results.ts';
import { jsonOf, type StoreDocuments } from './store-documents.ts';
import { factsOf } from './trainer-shapes.ts';

const resultSchema = z.object({
  files: z.array(z.object({ path: z.string().min(1).max(1_024), sha256: z.string().regex(/^[0-9a-f]{64}$/) })).max(20_000),
});

/** Brings what a job left below `base` to the folder `to`, each file by the digest its result names, and checks it like any trainer's. */
export async function collectResult(
  base: string,
  spec: JobSpec,
  to: string,
  { store, documents, signal }: { readonly store: Store; readonly documents: StoreDocuments; readonly signal: AbortSignal },
): Promise<FitReport | undefined> {
  const parsed = resultSchema.safeParse(jsonOf(await documents.read(`${base}/result.json`, signal)));
  if (!parsed.success) throw new WorldError('job-lost', `What a job left in ${base} is gone or unreadable.`, { todo: 'Run again.' });
  for (const { path, sha256: digest } of parsed.data.files) {
    if (posix.isAbsolute(path) || posix.normalize(path) !== path || path.startsWith('..') || /[\\\0-\x1f]/.test(path))
      throw new UserError('result-not-a-file', `${base}/result.json names ${JSON.stringify(path)}, which is no file of the job's output.`);
    await store.get(`${base}/output/${path}`, join(to, path), { sha256: digest, signal });
  }
  const facts = factsOf(spec.job);
  const part = facts.parts.predict && spec.inputs[facts.parts.predict.path]?.from;
  return checkResults(spec.verb, { output: to, ...(part !== undefined && { part }) }, facts);
}
