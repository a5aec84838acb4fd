import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

/**
 * What content is called by those who keep it: its SHA-256 as it stands, its MD5 and its git id with a word before them. Under such a name
 * nobody can put other bytes, short of breaking the digest.
 */
export type ContentName = string;

/** The best name that a store knows for an object; undefined where it knows none. */
export function contentName(known: { readonly sha256?: string; readonly md5?: string; readonly git?: string }): ContentName | undefined {
  if (known.sha256 !== undefined) return known.sha256;
  if (known.git !== undefined) return `git-${known.git}`;
  return known.md5 === undefined ? undefined : `md5-${known.md5}`;
}

export interface NamedContent {
  readonly sha256: string;
  readonly bytes: number;
  /** Its names, of the kinds that were asked for. */
  readonly names: ReadonlySet<ContentName>;
}

/**
 * Reads a file once, as a stream, for its SHA-256 and its names of the kinds that are among `wanted`; `onPart` sees the bytes on the way.
 * Errors are those of the file system.
 */
export async function namesOfFile(
  path: string,
  wanted: Iterable<ContentName>,
  signal: AbortSignal,
  onPart?: (part: Uint8Array) => void,
): Promise<NamedContent> {
  await using file = await open(path);
  const { size } = await file.stat();
  const kinds = new Set(Array.from(wanted, (name) => /^\w+-/.exec(name)?.[0]));
  const sha256 = createHash('sha256');
  const others = [
    ...(kinds.has('md5-') ? [{ kind: 'md5-', hash: createHash('md5') }] : []),
    ...(kinds.has('git-') ? [{ kind: 'git-', hash: createHash('sha1').update(`blob ${size}\0`) }] : []),
  ];
  let bytes = 0;
  for await (const part of file.createReadStream({ autoClose: false, signal, highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    sha256.update(part);
    for (const { hash } of others) hash.update(part);
    onPart?.(part);
    bytes += part.length;
  }
  const found = sha256.digest('hex');
  return { sha256: found, bytes, names: new Set([found, ...others.map(({ kind, hash }) => kind + hash.digest('hex'))]) };
}
