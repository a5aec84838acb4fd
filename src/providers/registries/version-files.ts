import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, explainFileError, PARTIAL_PREFIX, syncFolder } from '../../kernel/durable-file.ts';
import { UserError } from '../../kernel/errors.ts';
import type { Version, VersionDraft } from './registry.ts';
import { checkPathWithin, versionFolder } from './registry-paths.ts';
import type { Tree } from './tree.ts';

/** Files of a draft by path within the version; a folder stands for all files under it. Links and odd kinds are refused. */
export async function filesOf(draft: VersionDraft): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  async function enter(path: string, local: string): Promise<void> {
    checkPathWithin(path);
    const kind = await lstat(local).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw explainFileError(error, 'read a file of the version', local);
      throw new UserError('missing-file', `${local}, wanted as ${path} of the version, does not exist.`, { cause: error });
    });
    if (kind.isDirectory()) {
      for (const name of (await readdir(local)).sort()) await enter(`${path}/${name}`, join(local, name));
    } else if (kind.isFile()) {
      files.set(path, local);
    } else {
      throw new UserError(
        'link-refused',
        `${local} is ${kind.isSymbolicLink() ? 'a symbolic link' : 'no ordinary file'}; a version holds ordinary files only.`,
        {
          todo: 'Put the file itself there.',
        },
      );
    }
  }
  for (const [path, local] of Object.entries(draft.files)) await enter(path, local);
  if (files.size === 0) throw new UserError('empty-version', 'A version without any file cannot be registered.');

  const folded = new Map<string, string>();
  for (const path of files.keys()) {
    const other = folded.get(path.toLowerCase());
    if (other !== undefined)
      throw new UserError('bad-path', `${other} and ${path} differ only in case: not every file system can hold both.`);
    folded.set(path.toLowerCase(), path);
  }
  return files;
}

/** All files arrive beside their place, are checked, and only then move there: a wrong digest leaves nothing behind. */
export async function fetchFiles(
  tree: Tree,
  version: Version,
  files: Version['files'],
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const staging = join(folder, `${PARTIAL_PREFIX}${process.pid}-${randomBytes(6).toString('hex')}`);
  try {
    await mkdir(staging, { recursive: true });
    for (const file of files) {
      checkPathWithin(file.path);
      const to = join(staging, file.path);
      await mkdir(dirname(to), { recursive: true });
      const path = `${versionFolder(version.model, version.version)}/${file.path}`;
      const found = await tree.download(path, to, signal);
      if (found === undefined) {
        throw new UserError(
          'registry-corrupted',
          `${tree.place(path)} is missing, although version ${version.version} of ${version.model} lists it.`,
          {
            todo: 'Put this file back from a copy, or promote another version.',
          },
        );
      }
      if (found.sha256 !== file.sha256) {
        throw new UserError(
          'digest-mismatch',
          `${tree.place(path)} is not what was registered: expected SHA-256 ${file.sha256}, found ${found.sha256} (${found.bytes} bytes instead of ${file.bytes}).`,
          {
            todo: 'Put this file back from a copy, or promote another version; a changed model is never loaded.',
          },
        );
      }
    }
    for (const file of files) {
      const to = join(folder, file.path);
      await mkdir(dirname(to), { recursive: true });
      await rename(join(staging, file.path), to);
    }
    await syncFolder(folder);
  } catch (error) {
    throw explainFileError(error, `fetch version ${version.version} of ${version.model}`, folder);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}
