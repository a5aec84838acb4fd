import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  codeOf,
  copyDigested,
  explainFileError,
  openNew,
  PARTIAL_PREFIX,
  partialName,
  syncFolder,
  writeWhole,
} from '../../kernel/durable-file.ts';
import { UserError } from '../../kernel/errors.ts';
import { withFileLock } from '../../kernel/file-lock.ts';
import { livenessOf, ownerSchema, thisProcess } from '../../kernel/process-owner.ts';
import type { StoredFile } from './registry.ts';
import type { Staged, Tree, TreeChanges, TreeView } from './tree.ts';

export interface FileTreeOptions {
  /** The registry's folder; made when its parent exists. */
  readonly root: string;
  /** Told about recovered locks and swept leftovers. */
  readonly log?: (line: string) => void;
  readonly lockWaitSeconds?: number;
}

const LOCK_FILE = '.lock';
/** Versions in the making: `.staging/<token>/{owner.json, version/…}`. */
const STAGING_FOLDER = '.staging';
/** Leftovers of an owner that cannot be asked (another machine, no owner file) go after this long. */
const UNKNOWN_LEFTOVER_MS = 7 * 24 * 3_600_000;
const UNOWNED_LEFTOVER_MS = 3_600_000;

/** A registry's tree in a folder of this machine, or of a shared disk. */
export function fileTree({ root: folder, log, lockWaitSeconds }: FileTreeOptions): Tree {
  const root = resolve(folder);
  const place = (path: string): string => join(root, ...path.split('/'));

  async function explained<T>(doing: string, path: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const at = error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : path;
      if (!at.startsWith(root)) throw explainFileError(error, 'read a file of the version', at);
      throw registryError(explainFileError(error, doing, at));
    }
  }

  /** The folder of a model. Missing parents of the registry itself are not made: a mistyped path must not become an empty registry. */
  async function makeModelFolder(model: string): Promise<string> {
    await mkdir(root).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') throw missingParent(root);
      if (codeOf(error) !== 'EEXIST') throw error;
    });
    await mkdir(place(model), { recursive: true }).catch((error: unknown) => {
      // What `mkdir` says when a file lies where a folder belongs.
      throw codeOf(error) === 'EEXIST' ? Object.assign(new Error('not a folder', { cause: error }), { code: 'ENOTDIR' }) : error;
    });
    return place(model);
  }

  const view: TreeView = {
    async read(path, signal) {
      signal.throwIfAborted();
      return explained('read the registry', place(path), async () => {
        try {
          return await readFile(place(path), { flag: constants.O_RDONLY | constants.O_NOFOLLOW });
        } catch (error) {
          if (codeOf(error) === 'ENOENT') return undefined;
          throw error;
        }
      });
    },

    async list(path, signal) {
      signal.throwIfAborted();
      return explained('read the registry', place(path), async () => {
        try {
          return (await readdir(place(path))).filter((name) => !name.startsWith('.')).sort();
        } catch (error) {
          if (codeOf(error) === 'ENOENT') return [];
          throw error;
        }
      });
    },
  };

  const changesOf = (model: string): TreeChanges => ({
    ...view,
    async write(path, content) {
      await mkdir(dirname(place(path)), { recursive: true });
      await writeWhole(place(path), content);
    },
    async publish(staged, path, texts) {
      const from = stagedFolders.get(staged);
      if (from === undefined) throw new RangeError('publish: these files were staged elsewhere, or published before');
      for (const [name, text] of Object.entries(texts)) await writeWhole(join(from, name), text);
      await mkdir(dirname(place(path)), { recursive: true });
      await rename(from, place(path));
      await syncFolder(dirname(place(path)));
      stagedFolders.delete(staged);
    },
    async removeFolder(path) {
      const away = await newStaging(place(model));
      await rename(place(path), join(away, 'version'));
      await syncFolder(dirname(place(path)));
      await rm(away, { recursive: true, force: true });
    },
  });

  const stagedFolders = new WeakMap<Staged, string>();

  return {
    uri: pathToFileURL(root).href,
    place,

    view: async () => view,

    async download(path, to, signal) {
      try {
        return await copyDigested(place(path), to, { signal, noFollow: true });
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined;
        throw error;
      }
    },

    async stage(model, files, signal) {
      return explained('write the registry', root, async () => {
        const staging = await newStaging(await makeModelFolder(model));
        const version = join(staging, 'version');
        try {
          await mkdir(version);
          const stored: StoredFile[] = [];
          for (const [path, local] of files) {
            const to = join(version, ...path.split('/'));
            await mkdir(dirname(to), { recursive: true });
            stored.push({ path, ...(await copyDigested(local, to, { signal, noFollow: true })) });
          }
          for (const each of await readdir(version, { recursive: true, withFileTypes: true })) {
            if (each.isDirectory()) await syncFolder(join(each.parentPath, each.name));
          }
          await syncFolder(version);
          const staged: Staged = { files: stored, [Symbol.asyncDispose]: () => rm(staging, { recursive: true, force: true }) };
          stagedFolders.set(staged, version);
          return staged;
        } catch (error) {
          await rm(staging, { recursive: true, force: true });
          throw error;
        }
      });
    },

    async change(model, work, signal) {
      return explained('write the registry', root, async () => {
        const own = await makeModelFolder(model);
        return withFileLock(
          join(own, LOCK_FILE),
          async () => {
            await sweep(own, log);
            return work(changesOf(model));
          },
          { signal, log, waitSeconds: lockWaitSeconds },
        );
      });
    },

    async probe(signal) {
      signal.throwIfAborted();
      await explained('write the registry', root, async () => {
        const found = await stat(root).catch((error: unknown) => {
          if (codeOf(error) === 'ENOENT') return undefined;
          throw error;
        });
        if (found && !found.isDirectory()) throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' });
        const parent = dirname(root);
        const above = found ?? (await stat(parent).catch(() => undefined));
        if (!above) throw missingParent(root);
        const trial = partialName(join(found ? root : parent, 'probe'));
        try {
          await using file = await openNew(trial);
          await file.writeFile('Retrain asks whether it may write here; this file goes at once.\n');
          await file.sync();
        } finally {
          await rm(trial, { force: true });
        }
      });
    },
  };
}

async function newStaging(modelFolder: string): Promise<string> {
  const staging = join(modelFolder, STAGING_FOLDER, randomBytes(8).toString('hex'));
  await mkdir(staging, { recursive: true });
  await writeWhole(join(staging, 'owner.json'), JSON.stringify(thisProcess()));
  return staging;
}

/** Removes what dead processes left: versions in the making, half-removed versions, unfinished files. Called under the lock. */
async function sweep(modelFolder: string, log: FileTreeOptions['log']): Promise<void> {
  for (const name of await namesIn(join(modelFolder, STAGING_FOLDER))) {
    const staging = join(modelFolder, STAGING_FOLDER, name);
    if (!(await isLeftover(staging))) continue;
    await rm(staging, { recursive: true, force: true });
    log?.(`Removed ${staging}: a version in the making whose process has ended.`);
  }
  const versions = await namesIn(join(modelFolder, 'versions'));
  for (const name of versions) {
    const number = /^(\d+)\.removed$/.exec(name)?.[1];
    if (number === undefined || !versions.includes(number)) continue;
    await rm(join(modelFolder, 'versions', number), { recursive: true, force: true });
    log?.(`Finished the removal of version ${number} in ${modelFolder}.`);
  }
  for (const folder of [modelFolder, join(modelFolder, 'versions')]) {
    for (const name of await namesIn(folder)) {
      if (name.startsWith(PARTIAL_PREFIX) && (await ageMs(join(folder, name))) > UNOWNED_LEFTOVER_MS)
        await rm(join(folder, name), { force: true });
    }
  }
}

async function isLeftover(staging: string): Promise<boolean> {
  const owner = await readOwner(join(staging, 'owner.json'));
  if (owner === undefined) return (await ageMs(staging)) > UNOWNED_LEFTOVER_MS;
  const liveness = livenessOf(owner);
  return liveness === 'dead' || (liveness === 'unknown' && (await ageMs(staging)) > UNKNOWN_LEFTOVER_MS);
}

async function readOwner(path: string) {
  try {
    await using file = await open(path);
    return ownerSchema.safeParse(JSON.parse(await file.readFile('utf8'))).data;
  } catch {
    return undefined;
  }
}

const namesIn = (folder: string): Promise<readonly string[]> =>
  readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });

const ageMs = (path: string): Promise<number> =>
  lstat(path).then(
    (found) => Date.now() - found.mtimeMs,
    () => 0,
  );

function missingParent(root: string): UserError {
  return new UserError('registry-not-writable', `The registry ${root} cannot be made: ${dirname(root)} does not exist.`, {
    todo: 'Check the path of `registry`, or make that folder.',
  });
}

/** One code for all ways in which the registry's folder refuses. */
function registryError(error: unknown): unknown {
  if (!(error instanceof UserError) || !['not-permitted', 'wrong-kind'].includes(error.code)) return error;
  return new UserError('registry-not-writable', error.message, { todo: error.todo, cause: error.cause });
}
