import { lstat, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { digestEntries } from '../../kernel/digest.ts';
import { writeWhole } from '../../kernel/durable-file.ts';
import { UserError } from '../../kernel/errors.ts';
import { PHASES, type Phase } from '../../kernel/flow.ts';

/** Version of the form in which a run travels between jobs. */
export const HAND_OVER_SCHEMA = 'retrain/hand-over/1';
export const ENVELOPE_FILE = 'envelope.json';

const ENVELOPE_BYTES_MAX = 16 * 1024 * 1024;
const FILES_MAX = 20_000;
/** Larger ones belong in a store; the service takes more, but every later job would fetch it again. */
export const HAND_OVER_BYTES_MAX = 2 * 1024 ** 3;
// Credentials that tools leave in folders they were not meant for.
const FORBIDDEN = /(?:^|\/)(?:gha-creds-[^/]*\.json|\.git|\.env(?:\.[^/]*)?|\.npmrc)(?:\/|$)/i;

/** Jobs of this machine, which the next one cannot go on with. What is noted of a job elsewhere lies beside such folders. */
const JOB_FOLDER = /^jobs\/[^/]+\//;

const relativePath = z
  .string()
  .min(1)
  .max(1_024)
  .regex(/^[^\\\0:]+$/)
  .refine((path) => !path.startsWith('/') && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..'), {
    message: 'expected a path inside the run folder',
  });
const envelopeSchema = z.strictObject({
  schema: z.literal(HAND_OVER_SCHEMA),
  run: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/),
  job: z.enum(PHASES),
  files: z
    .array(z.strictObject({ path: relativePath, sha256: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.int().min(0) }))
    .min(1)
    .max(FILES_MAX),
});
export type Envelope = z.infer<typeof envelopeSchema>;

/**
 * Writes the envelope beside the files of a run folder and names all that travels, the envelope included; not what is left in a store.
 * Errors: `UserError` when credentials lie among the files, or when they are too many or too large.
 */
export async function packRun(
  folder: string,
  run: string,
  job: Phase,
  signal: AbortSignal,
  leftInStore: readonly string[] = [],
): Promise<readonly string[]> {
  await rm(join(folder, ENVELOPE_FILE), { force: true });
  const files = (await digestEntries(folder, signal)).filter(
    ({ path }) => !JOB_FOLDER.test(path) && !leftInStore.some((left) => path === left || path.startsWith(`${left}/`)),
  );
  const secret = files.find(({ path }) => FORBIDDEN.test(path));
  if (secret) {
    throw new UserError('credentials', `${secret.path} lies in the run's folder and looks like credentials; nothing was handed over.`, {
      todo: 'Find out which step or trainer put it there; no file of that name ever travels.',
    });
  }
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes > HAND_OVER_BYTES_MAX || files.length > FILES_MAX) {
    throw new UserError(
      'too-large',
      `The run has ${files.length} files and ${bytes} bytes; at most ${FILES_MAX} files and ${HAND_OVER_BYTES_MAX} bytes travel between jobs.`,
      { todo: 'Train on less data, or in one job on a runner of your own with `retrain run`.' },
    );
  }
  const envelope: Envelope = { schema: HAND_OVER_SCHEMA, run, job, files: [...files] };
  await writeWhole(join(folder, ENVELOPE_FILE), `${JSON.stringify(envelope, undefined, 1)}\n`);
  return [ENVELOPE_FILE, ...files.map(({ path }) => path)];
}

/**
 * Checks a folder that came from another job against its envelope and moves it to where runs lie: every file as it was digested, none
 * missing, none besides.
 */
export async function unpackRun(
  from: string,
  runs: string,
  signal: AbortSignal,
): Promise<{ readonly folder: string; readonly envelope: Envelope }> {
  const envelope = await readEnvelope(join(from, ENVELOPE_FILE));
  const found = new Map((await digestEntries(from, signal)).map((file) => [file.path, file.sha256]));
  found.delete(ENVELOPE_FILE);
  for (const { path, sha256 } of envelope.files) {
    if (found.get(path) !== sha256) {
      throw new UserError('digest-mismatch', `${path}: expected SHA-256 ${sha256}, found ${found.get(path) ?? 'no such file'}.`, {
        todo: 'Run all jobs again: what was handed over is not what was saved.',
      });
    }
    found.delete(path);
  }
  const [more] = found.keys();
  if (more !== undefined) throw new UserError('digest-mismatch', `${more} was handed over but stands in no envelope.`);

  const folder = join(runs, envelope.run);
  if (await exists(folder)) await rm(folder, { recursive: true, force: true });
  await mkdir(dirname(folder), { recursive: true });
  await rename(from, folder);
  return { folder, envelope };
}

async function readEnvelope(path: string): Promise<Envelope> {
  const size = (await stat(path).catch(() => undefined))?.size;
  if (size === undefined || size > ENVELOPE_BYTES_MAX) {
    throw new UserError('no-envelope', `Expected ${ENVELOPE_FILE} of at most ${ENVELOPE_BYTES_MAX} bytes, found ${size ?? 'none'}.`, {
      todo: 'Name an artifact that the hand-over action of this workflow run has saved.',
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new UserError('corrupted', `${ENVELOPE_FILE} is not valid JSON.`, { cause });
  }
  const schema = typeof value === 'object' && value !== null && 'schema' in value ? value.schema : undefined;
  if (schema !== HAND_OVER_SCHEMA) {
    throw new UserError('other-version', `Expected an envelope of the form ${HAND_OVER_SCHEMA}, found ${JSON.stringify(schema)}.`, {
      todo: 'Use the same version of Retrain in all jobs.',
    });
  }
  const parsed = envelopeSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new UserError('corrupted', `${ENVELOPE_FILE}: ${issue?.path.join('.')}: ${issue?.message}`, { cause: parsed.error });
}

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );
