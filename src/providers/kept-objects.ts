import { copyFile, link, mkdir, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { bytesText } from '../kernel/bytes-text.ts';
import { sha256 } from '../kernel/digest.ts';
import { codeOf, partialName, writeWhole } from '../kernel/durable-file.ts';
import { UserError } from '../kernel/errors.ts';
import { withFileLock } from '../kernel/file-lock.ts';
import { slot } from '../kernel/stage.ts';
import type { JobCache } from './caches/job-cache.ts';
import { type ContentName, contentName, type NamedContent, namesOfFile } from './content-names.ts';
import { Crc32c } from './crc32c.ts';
import type { Store, StoredObject } from './stores/store.ts';

/** An object of a store by what is known of it; without a generation its SHA-256 must be. */
export type WantedObject = Pick<StoredObject, 'uri' | 'bytes'> & Partial<StoredObject>;

/** Where the bytes of an object lie now. They are shared: nobody writes there. */
export interface KeptFile {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * Brings objects of stores in the network into the cache, each once, and gives where they lie, in the order of the objects. `source`: what
 * they are asked for as, the same from run to run. What is there already is digested again, and fetched anew when it is not what it should be.
 */
export type KeptObjects = (objects: readonly WantedObject[], source: string, signal: AbortSignal) => Promise<readonly KeptFile[]>;

export const objects = slot<KeptObjects>('objects');

export interface KeptObjectsPlace {
  readonly store: Store;
  /** Folder of the cache, and the part of it where these are kept. */
  readonly cache: string;
  readonly what: 'data' | 'models';
  /** What keeps files from job to job, where the machine does not stay. */
  readonly jobCache?: JobCache;
  readonly log: (line: string) => void;
}

/** A smaller object is fetched whole. */
const PARTIAL_BYTES_MIN = 1024 * 1024;
/** What nobody went on with for so long, nobody will. */
const PARTIAL_DAYS_MAX = 7;
/** After so long without a byte, whoever holds the lock of a download is believed to be gone (it may have been on another machine). */
const STILL_MS_MAX = 120_000;
const POLL_MS = 250;
const AT_ONCE = 4;
/** For less, asking the job cache takes longer than fetching. */
const JOB_BYTES_MIN = 1024 * 1024;
/** A repository has 10 GB for all its entries; a larger one would drive out those of the others. */
const JOB_BYTES_MAX = 4 * 1024 ** 3;

/** Where content lies in the cache. */
export const keptPath = (cache: string, what: KeptObjectsPlace['what'], digest: string): string =>
  join(cache, what, digest.slice(0, 2), digest);

export function keptObjects({ store, cache, what, jobCache, log }: KeptObjectsPlace): KeptObjects {
  const partials = join(cache, 'partial');

  /** A small file says which content goes by a name that is no SHA-256. */
  const referral = (object: WantedObject): string => join(cache, what, 'names', nameHere(object));

  /** SHA-256 of the object's content, as far as it is known here. */
  async function digestHere(object: WantedObject): Promise<string | undefined> {
    const digest = object.sha256 ?? (await readFile(referral(object), 'utf8').catch(() => ''));
    return /^[0-9a-f]{64}$/.test(digest) ? digest : undefined;
  }

  async function keep(object: WantedObject, from: string, digest: string): Promise<KeptFile> {
    const path = keptPath(cache, what, digest);
    await mkdir(dirname(path), { recursive: true });
    await rename(from, path);
    if (object.sha256 === undefined) await writeWhole(referral(object), digest);
    return { path, sha256: digest, bytes: object.bytes };
  }

  async function found(object: WantedObject, signal: AbortSignal): Promise<KeptFile | undefined> {
    const digest = await digestHere(object);
    if (digest === undefined) return undefined;
    const path = keptPath(cache, what, digest);
    const crc = new Crc32c();
    const onPart = object.crc32c === undefined ? undefined : (part: Uint8Array) => void crc.update(part);
    const content = await namesOfFile(path, named(object), signal, onPart).catch(absent);
    if (content === undefined) return undefined;
    if (content.sha256 === digest && agrees(object, content, crc)) {
      // Cleaning the cache goes by last use.
      const now = new Date();
      await utimes(path, now, now).catch(() => undefined);
      return { path, sha256: digest, bytes: content.bytes };
    }
    log(`${path} is not what it should be; it is thrown away, and ${object.uri} is fetched anew.`);
    if (content.sha256 !== digest) await rm(path, { force: true });
    if (object.sha256 === undefined) await rm(referral(object), { force: true });
    return undefined;
  }

  async function fetched(object: WantedObject, partial: string | undefined, signal: AbortSignal): Promise<KeptFile> {
    const { uri, generation, sha256 } = object;
    log(`fetching ${uri} (${bytesText(object.bytes)})`);
    const arriving = partialName(join(cache, what, 'object'));
    try {
      const got = await store.get(uri, arriving, {
        signal,
        ...(generation !== undefined && { generation }),
        ...(sha256 !== undefined && { sha256 }),
        ...(partial !== undefined && { partial }),
      });
      return await keep(object, arriving, got.sha256);
    } finally {
      await rm(arriving, { force: true });
    }
  }

  async function bring(object: WantedObject, signal: AbortSignal): Promise<{ readonly file: KeptFile; readonly fresh: boolean }> {
    const there = await found(object, signal);
    if (there) return { file: there, fresh: false };
    if (object.bytes < PARTIAL_BYTES_MIN) return { file: await fetched(object, undefined, signal), fresh: true };
    const partial = join(partials, nameHere(object));
    return alone(partial, `${object.uri} is being fetched by another process; waiting for it.`, signal, log, async (mine) => {
      const meanwhile = await found(object, signal);
      if (meanwhile) return { file: meanwhile, fresh: false };
      return { file: await fetched(object, mine ? partial : undefined, signal), fresh: true };
    });
  }

  /** What an earlier job has kept of these; believed by the names that their store gives them. */
  async function restored(set: JobSet, jobs: JobCache, signal: AbortSignal): Promise<void> {
    const missing = new Map<ContentName, WantedObject>();
    for (const [name, object] of set.objects) if (!(await isThere(object))) missing.set(name, object);
    if (sizeOf(missing.values()) < JOB_BYTES_MIN) return;
    try {
      for (const name of await jobs.restore(set.name, set.folder, new Set(missing.keys()), signal, set.begins)) {
        const content = await namesOfFile(join(set.folder, name), missing.keys(), signal);
        for (const [known, object] of missing) {
          if (!content.names.has(known) || object.bytes !== content.bytes) continue;
          await keep(object, join(set.folder, name), content.sha256);
          break;
        }
      }
    } finally {
      await rm(set.folder, { recursive: true, force: true });
    }
  }

  async function isThere(object: WantedObject): Promise<boolean> {
    const digest = await digestHere(object);
    return digest !== undefined && (await stat(keptPath(cache, what, digest)).catch(absent)) !== undefined;
  }

  async function keptForJobs(set: JobSet, files: ReadonlyMap<string, KeptFile>, jobs: JobCache, signal: AbortSignal): Promise<void> {
    try {
      // What a process that was killed has left there.
      await rm(set.folder, { recursive: true, force: true });
      await mkdir(set.folder, { recursive: true });
      for (const [name, { path }] of files) await secondName(path, join(set.folder, name));
      await jobs.save(set.name, set.folder, signal);
    } finally {
      await rm(set.folder, { recursive: true, force: true });
    }
  }

  return async (objects, source, signal) => {
    await sweep(partials);
    const set = jobCache && jobSet(objects, source, { cache, what, log });
    if (jobCache && set) await restored(set, jobCache, signal);
    const brought = await severalAtOnce(objects, signal, bring);
    if (jobCache && set && brought.some(({ fresh }, i) => fresh && named(objects[i]!).length > 0)) {
      const files = new Map(objects.flatMap((object, i) => named(object).map((name) => [name, brought[i]!.file] as const)));
      await keptForJobs(set, files, jobCache, signal);
    }
    return brought.map(({ file }) => file);
  };
}

const named = (object: WantedObject): readonly ContentName[] => [contentName(object)].filter((name) => name !== undefined);

/** Where a store knows no digest, the place and the generation stand for the content. */
const nameHere = (object: WantedObject): string => contentName(object) ?? `at-${sha256(`${object.uri}\0${object.generation}`)}`;

function agrees(object: WantedObject, { names, bytes }: NamedContent, crc: Crc32c): boolean {
  return (
    bytes === object.bytes &&
    named(object).every((name) => names.has(name)) &&
    (object.crc32c === undefined || object.crc32c === crc.base64)
  );
}

interface JobSet {
  readonly name: string;
  /** How sets of the same source are called: most of the newest is of use, too. */
  readonly begins: string;
  readonly folder: string;
  readonly objects: ReadonlyMap<ContentName, WantedObject>;
}

/** The objects that may go through the job cache: those whose names cannot be forged. None where they are too many bytes. */
function jobSet(
  objects: readonly WantedObject[],
  source: string,
  { cache, what, log }: Pick<KeptObjectsPlace, 'cache' | 'what' | 'log'>,
): JobSet | undefined {
  const known = new Map(objects.flatMap((object) => named(object).map((name) => [name, object] as const)));
  const bytes = sizeOf(known.values());
  if (bytes < JOB_BYTES_MIN) return undefined;
  if (bytes > JOB_BYTES_MAX) {
    log(`${source} has ${bytesText(bytes)}; above ${bytesText(JOB_BYTES_MAX)} nothing is kept for later jobs.`);
    return undefined;
  }
  const begins = `${what}-${sha256(source).slice(0, 16)}-`;
  return {
    name: begins + sha256([...known.keys()].sort().join('\n')).slice(0, 32),
    begins,
    folder: join(cache, `${what}-for-jobs`, sha256(source).slice(0, 16)),
    objects: known,
  };
}

const sizeOf = (objects: Iterable<WantedObject>): number => [...objects].reduce((sum, { bytes }) => sum + bytes, 0);

/** A second name for the same bytes costs nothing; where there is none across file systems, a copy. */
export async function secondName(path: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await link(path, to).catch(async (error: unknown) => {
    if (codeOf(error) === 'EEXIST') throw new UserError('bad-name', `${to} is there already.`, { cause: error });
    const partial = partialName(to);
    try {
      await copyFile(path, partial);
      await rename(partial, to);
    } finally {
      await rm(partial, { force: true });
    }
  });
}

/**
 * Runs `work` while no other process works on `path`, waiting as long as one gets on with it. One that does not (it may have died on another
 * machine) is left alone: then `mine` is false.
 */
async function alone<T>(
  path: string,
  busy: string,
  signal: AbortSignal,
  log: (line: string) => void,
  work: (mine: boolean) => Promise<T>,
): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const lock = `${path}.lock`;
  for (let waited = false; ; waited = true) {
    let begun = false;
    try {
      const begin = () => {
        begun = true;
        return work(true);
      };
      return await withFileLock(lock, begin, { signal, log, waitSeconds: 0 });
    } catch (error) {
      if (begun || codeOf(error) !== 'locked') throw error;
    }
    const touched = await Promise.all([path, lock].map(async (file) => (await stat(file).catch(absent))?.mtimeMs ?? 0));
    const latest = Math.max(...touched);
    if (latest > 0 && Date.now() - latest > STILL_MS_MAX) return work(false);
    if (!waited) log(busy);
    await delay(POLL_MS, undefined, { signal });
  }
}

/** The results in the order of the items; the first that fails stops the others. */
async function severalAtOnce<T, R>(
  items: readonly T[],
  signal: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const failed = new AbortController();
  const within = AbortSignal.any([signal, failed.signal]);
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const at = next++;
      results[at] = await work(items[at]!, within);
    }
  };
  const workers = Array.from({ length: Math.min(AT_ONCE, items.length) }, () => worker());
  for (const one of workers) one.catch((error: unknown) => failed.abort(error));
  await Promise.allSettled(workers);
  signal.throwIfAborted();
  if (failed.signal.aborted) throw failed.signal.reason;
  return results;
}

async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const { mtimeMs = Number.POSITIVE_INFINITY } = (await stat(path).catch(absent)) ?? {};
    if (Date.now() - mtimeMs > PARTIAL_DAYS_MAX * 86_400_000) await rm(path, { force: true });
  }
}

function absent(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT') return undefined;
  throw error;
}
