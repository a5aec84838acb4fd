import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { digestEntries } from '../kernel/digest.ts';
import { UserError } from '../kernel/errors.ts';
import type { FileRef, StageRecord, StoredCopy } from '../kernel/record.ts';
import type { Log } from '../kernel/stage.ts';
import { type KeptObjects, secondName } from '../providers/kept-objects.ts';
import type { Store } from '../providers/stores/store.ts';

/** A larger file goes by store alone, where there is one; to fetch a smaller one would cost a later job more than it saves. */
export const TRAVELS_BYTES_MAX = 64 * 1024 * 1024;

interface Keeping {
  /** Folder of the run. */
  readonly folder: string;
  /** The shared key `store`. */
  readonly place: string;
  readonly store: () => Promise<Store>;
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly redact: (text: string) => string;
  /** Outputs above this go to the store although nobody named them. */
  readonly travels?: number;
}

/**
 * Puts the outputs a stage names, and every large one, into the pipeline's store, at `<store>/<run>/<stage>/<file>`, and says in the record
 * where they lie. The same bytes are not sent twice. A store that does not take them is a warning: they stay with the run, so that nothing
 * is lost of what was trained and judged.
 */
export async function keepOutputs(record: StageRecord, names: readonly string[], keeping: Keeping): Promise<StageRecord> {
  const outputs = { ...record.outputs };
  const { travels = TRAVELS_BYTES_MAX, log } = keeping;
  try {
    for (const [name, output] of filesOf(record)) {
      if (output.stored || !(names.includes(name) || output.bytes > travels)) continue;
      const stored = partOfStored(output, Object.values(outputs)) ?? (await put(output, record, keeping));
      outputs[name] = { ...output, stored };
      log.info(`kept ${name} at ${stored.uri}`);
    }
    return { ...record, outputs };
  } catch (error) {
    const text = keeping.redact(`${error instanceof Error ? error.message : String(error)} The files stay with the run.`);
    log.warn('store-failed', text);
    return { ...record, outputs, warnings: [...record.warnings, { code: 'store-failed', text }] };
  }
}

/** Files and folders among the outputs, a folder before what lies in it. */
function filesOf({ outputs }: StageRecord): readonly (readonly [string, FileRef])[] {
  return Object.entries(outputs)
    .flatMap(([name, output]) => (typeof output === 'object' ? [[name, output] as const] : []))
    .sort(([, a], [, b]) => a.uri.length - b.uri.length);
}

/** Where an output lies that is part of a folder already stored. */
function partOfStored(output: FileRef, outputs: readonly StageRecord['outputs'][string][]): StoredCopy | undefined {
  for (const folder of outputs) {
    if (typeof folder !== 'object' || folder.stored === undefined || !output.uri.startsWith(`${folder.uri}/`) || output.files === undefined)
      continue;
    const below = `${output.uri.slice(folder.uri.length + 1)}/`;
    const files = folder.stored.files.filter(({ path }) => path.startsWith(below));
    return { uri: folder.stored.uri + below, files: files.map((file) => ({ ...file, path: file.path.slice(below.length) })) };
  }
  return undefined;
}

async function put(output: FileRef, { run, stage }: StageRecord, { folder, place, store, signal }: Keeping): Promise<StoredCopy> {
  const local = join(folder, output.uri);
  const isFolder = output.files !== undefined;
  const uri = `${place.replace(/\/+$/, '')}/${run}/${stage}/${output.uri.split('/').slice(2).join('/')}${isFolder ? '/' : ''}`;
  const parts = isFolder ? await digestEntries(local, signal) : [{ path: '', sha256: output.sha256, bytes: output.bytes }];
  const there = await store();
  const files: StoredCopy['files'] = [];
  for (const { path, sha256, bytes } of parts) {
    const before = await there.stat(uri + path, signal);
    const stored = before?.sha256 === sha256 ? before : await there.put(join(local, path), uri + path, { signal });
    files.push({ path, uri: stored.uri, sha256, bytes });
  }
  return { uri: isFolder ? uri : (files[0]?.uri ?? uri), files };
}

interface Bringing {
  readonly store: () => Promise<Store>;
  readonly objects: () => Promise<KeptObjects>;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/**
 * Brings what is missing of an output that did not travel to its place in the run's folder, each file compared with its digest. Some of it may
 * be there: an output may be part of another, and bringing it may have been broken off.
 */
export async function bringBack({ stored }: FileRef, path: string, { store, objects, signal, log }: Bringing): Promise<void> {
  if (stored === undefined) return;
  const climbing = stored.files.find((file) => file.path.split('/').includes('..'));
  if (climbing) throw new UserError('bad-name', `${stored.uri} has a file ${JSON.stringify(climbing.path)} outside its folder.`);
  const placeOf = (file: StoredCopy['files'][number]): string => join(path, file.path);
  const missing: StoredCopy['files'] = [];
  for (const file of stored.files) if (!(await isThere(placeOf(file)))) missing.push(file);
  if (missing.length === 0) return;
  log(`fetching ${stored.uri}`);
  if (stored.uri.startsWith('file:')) {
    const from = await store();
    for (const file of missing) await from.get(file.uri, placeOf(file), { sha256: file.sha256, signal });
    return;
  }
  const bring = await objects();
  const kept = await bring(missing, stored.uri, signal);
  for (const [at, file] of missing.entries()) await secondName(kept[at]!.path, placeOf(file));
}

/** Paths in the run's folder that need not travel to other jobs: they can be brought back from a store that is there for all. */
export function leftInStore(records: readonly StageRecord[], travels = TRAVELS_BYTES_MAX): readonly string[] {
  return records.flatMap((record) =>
    filesOf(record).flatMap(([, { uri, bytes, stored }]) =>
      stored !== undefined && stored.files.length > 0 && bytes > travels && !stored.uri.startsWith('file:') ? [uri] : [],
    ),
  );
}

const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );
