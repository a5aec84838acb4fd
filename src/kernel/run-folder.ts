import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { writeWhole } from './durable-file.ts';
import { UserError } from './errors.ts';
import { MANIFEST_SCHEMA, type Manifest, manifestSchema, RECORD_SCHEMA, recordSchema, type StageRecord } from './record.ts';

// A record is a summary; anything near this size did not come from us.
const JSON_BYTES_MAX = 16 * 1024 * 1024;

export const runsFolder = (home: string): string => join(home, 'runs');
export const runFolder = (home: string, id: string): string => join(runsFolder(home), id);

const pretty = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

/** The newest record first (the last of them, unless it is named), the manifest that holds them all last. */
export async function writeRun(folder: string, manifest: Manifest, newest = manifest.records.at(-1)): Promise<void> {
  if (newest) await writeWhole(join(folder, 'records', `${newest.stage}.json`), pretty(recordSchema.parse(newest)));
  await writeWhole(join(folder, 'run.json'), pretty(manifestSchema.parse(manifest)));
}

export const readManifest = (path: string): Promise<Manifest> => readVersioned(path, manifestSchema, MANIFEST_SCHEMA);
export const readRecord = (path: string): Promise<StageRecord> => readVersioned(path, recordSchema, RECORD_SCHEMA);

/**
 * All runs of a home, newest first; with `model` only its own. A run whose manifest cannot be read is left out and told to `unreadable`;
 * a folder without one (a run that is just beginning) is left out.
 */
export async function listRuns(
  home: string,
  model?: string,
  unreadable: (error: UserError, id: string) => void = () => undefined,
): Promise<readonly { readonly folder: string; readonly manifest: Manifest }[]> {
  const names = await readdir(runsFolder(home)).catch(() => []);
  const runs: { folder: string; manifest: Manifest }[] = [];
  for (const name of names) {
    const folder = runFolder(home, name);
    const manifest = await readManifest(join(folder, 'run.json')).catch((error: unknown) => {
      if (!(error instanceof UserError)) throw error;
      if (error.code !== 'missing-file' && (model === undefined || name.startsWith(`${model}-`))) unreadable(error, name);
      return undefined;
    });
    if (manifest && (model === undefined || manifest.model === model)) runs.push({ folder, manifest });
  }
  return runs.sort((a, b) => (a.manifest.started < b.manifest.started ? 1 : -1));
}

async function readVersioned<S extends z.ZodType>(path: string, schema: S, expected: string): Promise<z.output<S>> {
  const facts = await stat(path).catch(() => undefined);
  if (facts === undefined) throw new UserError('missing-file', `${path} does not exist.`);
  // Whoever reads a pipe may wait for ever.
  if (!facts.isFile()) throw new UserError('not-a-plain-file', `${path} is no plain file.`, { todo: 'Remove the run folder it lies in.' });
  const { size } = facts;
  if (size > JSON_BYTES_MAX) throw new UserError('too-large', `${path} has ${size} bytes; at most ${JSON_BYTES_MAX} are read.`);
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new UserError('corrupted', `${path} is not valid JSON: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
      todo: 'Remove the run folder it lies in, or restore it from a copy.',
    });
  }
  const found = typeof value === 'object' && value !== null && 'schema' in value ? String(value.schema) : 'none';
  refuseNewer(path, found, expected);
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const first = parsed.error.issues[0];
    throw new UserError('corrupted', `${path} does not have the form ${expected}: ${first?.path.join('.')}: ${first?.message}`, {
      cause: parsed.error,
    });
  }
  return parsed.data;
}

function refuseNewer(path: string, found: string, expected: string): void {
  const [, kind, major] = /^(.*)\/(\d+)$/.exec(found) ?? [];
  const [, expectedKind, expectedMajor] = /^(.*)\/(\d+)$/.exec(expected) ?? [];
  if (kind === expectedKind && Number(major) > Number(expectedMajor)) {
    throw new UserError('newer-version', `${path} was written by a newer Retrain (form ${found}; this one reads up to ${expected}).`, {
      todo: `Use Retrain ${major}.x or newer to read it.`,
    });
  }
}
