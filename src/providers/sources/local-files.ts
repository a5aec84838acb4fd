import { createHash, randomBytes } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { copyFile, glob, mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { byUtf8 } from '../../kernel/digest.ts';
import { UserError } from '../../kernel/errors.ts';
import { keptPath } from '../kept-objects.ts';
import { isMarker, lookOf, MAGIC, type Named } from './found-files.ts';
import type { Source, SourceFile } from './source.ts';

export interface LocalFiles extends Source {
  /** The files of a reference where they lie, with their names below the base; empty when a pattern matches nothing. */
  find(reference: string): Promise<readonly { readonly path: string; readonly name: string }[]>;
}

/**
 * Files of this machine by path, folder or glob, relative to `base`.
 * They are copied (as a clone where the file system can) into a cache by digest, so that every stage of a run reads the same bytes.
 */
export function localFiles(base: string, cache: string): LocalFiles {
  return {
    find: (reference) => find(reference, base),

    async look(reference) {
      const seen: Named[] = [];
      for (const { path, name } of await find(reference, base)) {
        const { size, mtimeMs } = await stat(path);
        seen.push({ name, mark: `${size}\0${mtimeMs}`, modified: new Date(mtimeMs).toISOString() });
      }
      return lookOf(seen);
    },

    async fetch(reference, signal) {
      const found = await find(reference, base);
      if (found.length === 0) {
        throw new UserError('no-data', `${reference} matches no file below ${base}.`, {
          todo: 'Correct the pattern, or wait for the data.',
        });
      }
      const files: SourceFile[] = [];
      for (const { path, name } of found) files.push({ name, ...(await keep(path, cache, signal)) });
      return files;
    },
  };
}

async function keep(path: string, cache: string, signal: AbortSignal): Promise<{ path: string; sha256: string; bytes: number }> {
  const folder = join(cache, 'data');
  await mkdir(folder, { recursive: true });
  const temporary = join(folder, `${randomBytes(8).toString('hex')}.tmp`);
  try {
    await copyFile(path, temporary, constants.COPYFILE_FICLONE);
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of createReadStream(temporary, { signal }) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
    }
    const sha256 = hash.digest('hex');
    const target = keptPath(cache, 'data', sha256);
    await mkdir(join(target, '..'), { recursive: true });
    await rename(temporary, target);
    return { path: target, sha256, bytes };
  } finally {
    await rm(temporary, { force: true });
  }
}

async function find(reference: string, base: string): Promise<{ path: string; name: string }[]> {
  const literal = resolve(base, reference.replace(/^file:(\/\/)?/, ''));
  const info = await stat(literal).catch(() => undefined);
  if (info?.isFile()) return [{ path: literal, name: basename(literal) }];
  if (info?.isDirectory()) return sorted(await below(literal, '**/*'), literal);
  if (!MAGIC.test(reference)) {
    throw new UserError('missing-file', `${reference} does not exist (looked for ${literal}).`, {
      todo: 'Correct the path; it is taken relative to the folder the pipeline file lies in, or to the current folder without one.',
    });
  }
  const root = isAbsolute(reference) ? '/' : base;
  return sorted(await below(root, isAbsolute(reference) ? reference.slice(1) : reference), base);
}

async function below(root: string, pattern: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const entry of glob(pattern, { cwd: root, withFileTypes: true })) {
    if (entry.isFile() && !isMarker(entry.name)) paths.push(join(entry.parentPath, entry.name));
  }
  return paths;
}

const sorted = (paths: readonly string[], base: string): { path: string; name: string }[] =>
  paths.map((path) => ({ path, name: relative(base, path).split(sep).join('/') })).sort((a, b) => byUtf8(a.name, b.name));
