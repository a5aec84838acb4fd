import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from './errors.ts';

export const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

/** SHA-256 and size of a file, read as a stream. */
export async function digestFile(path: string, signal?: AbortSignal): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path, { signal }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { sha256: hash.digest('hex'), bytes };
}

/** Order of texts by their UTF-8 bytes: that of the entries of a digest, and of what stores list. */
export const byUtf8 = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

export interface FolderEntry {
  /** Relative to the folder, with `/`. */
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * Every file of a folder with its digest, sorted by path in UTF-8 order.
 * Links and devices are refused (`UserError` `not-a-plain-file`): they could lead out of the folder.
 */
export async function digestEntries(folder: string, signal?: AbortSignal): Promise<readonly FolderEntry[]> {
  const entries: FolderEntry[] = [];
  for (const path of await plainFiles(folder, '')) entries.push({ path, ...(await digestFile(join(folder, path), signal)) });
  return entries.sort((a, b) => byUtf8(a.path, b.path));
}

/** One digest for a folder: SHA-256 over `path NUL digest LF` of its sorted entries. Names and content count, times and modes do not. */
export const digestOfEntries = (entries: readonly { readonly path: string; readonly sha256: string }[]): string =>
  sha256(entries.map(({ path, sha256: digest }) => `${path}\0${digest}\n`).join(''));

async function plainFiles(root: string, below: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(join(root, below), { withFileTypes: true })) {
    const path = below ? `${below}/${entry.name}` : entry.name;
    if (entry.isDirectory()) found.push(...(await plainFiles(root, path)));
    else if (entry.isFile()) found.push(path);
    else
      throw new UserError(
        'not-a-plain-file',
        `${join(root, path)} is a link or a device; only plain files and folders are accepted there.`,
      );
  }
  return found;
}

/** File or folder alike, as a record names it. */
export async function digestPath(path: string, signal?: AbortSignal): Promise<{ sha256: string; bytes: number; files?: number }> {
  if (!(await lstat(path)).isDirectory()) return digestFile(path, signal);
  const entries = await digestEntries(path, signal);
  return { sha256: digestOfEntries(entries), bytes: entries.reduce((sum, entry) => sum + entry.bytes, 0), files: entries.length };
}

/** JSON with sorted keys and no blanks: equal values give equal text. `undefined` members are left out. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
