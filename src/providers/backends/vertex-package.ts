import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { gzipSync } from 'node:zlib';
import { UserError } from '../../kernel/errors.ts';
import { readLock } from './environment.ts';

const NAME = 'retrain_trainers';
const VERSION = '1.0.0';
const HEADER_BYTES = 512;
/** First line of a lock that was made for one minor version of Python. */
const LOCK_HEADER = /^# python 3\.\d+\n/;

export interface TrainerPackage {
  /** Python source distribution: a gzipped tar. */
  readonly bytes: Uint8Array;
  /** Of `bytes`; the file is named for it. */
  readonly sha256: string;
  /** Of what is packed: code and requirements. */
  readonly digest: string;
  readonly fileName: string;
  /** All that the trainer needs on a machine that brings nothing. */
  readonly lock: string;
  /** What the package asks for, where Google's image brings the rest. */
  readonly imageLock?: string;
}

/** The locks that a version keeps; see `Environment`. */
export interface RecordedLocks {
  readonly environmentLock?: string;
  readonly imageLock?: string;
}

/**
 * Packs a trainer of Retrain as a source distribution that asks for exactly the packages of its lock. The same code and lock give the same
 * bytes: names sorted, no times, no owners. `name`, `extras`: the module. It asks for what is `recorded` with a version, else for
 * `requirements/<name>-vertex.lock`, made for Google's images, else for the trainer's own lock.
 */
export async function packTrainer(
  root: string,
  { name, extras }: { readonly name: string; readonly extras: readonly string[] },
  recorded: RecordedLocks = {},
): Promise<TrainerPackage> {
  const portable = await readLock(root, [name, ...extras.toSorted()].join('-'));
  const lock = lockFor(recorded, { portable, own: await imageLockOf(root, name) });
  const module_ = name.replaceAll('-', '_');
  const source = join(root, 'trainers', NAME);
  const files = (await readdir(source, { recursive: true }))
    .map((path) => path.split(sep).join('/'))
    .filter((path) => path.endsWith('.py') && (!path.includes('/') || path.startsWith(`${module_}/`) || path.startsWith('remote/')))
    .toSorted();
  if (!files.includes(`${module_}/__init__.py`))
    throw new UserError('unknown-trainer', `There is no trainer ${JSON.stringify(name)} that comes with Retrain.`, {
      todo: 'Name one that does, or use train.command with train.image for your own.',
    });
  const top = `${NAME}-${VERSION}`;
  const entries: (readonly [string, Buffer])[] = [[`${top}/setup.py`, Buffer.from(setupFile(requirementsOf(lock)))]];
  for (const path of files) entries.push([`${top}/${NAME}/${path}`, await readFile(join(source, path))]);
  const tar = Buffer.concat([...entries.flatMap(([path, content]) => tarEntry(path, content)), Buffer.alloc(2 * HEADER_BYTES)]);
  const digest = createHash('sha256').update(tar).digest('hex');
  const bytes = gzipSync(tar, { level: 9 });
  // The header says which system compressed it; 255 is unknown.
  bytes[9] = 255;
  const written = `# python 3.10\n${lock}`;
  const locks = lock === portable ? { lock: written } : { lock: portable, imageLock: written };
  const packed = createHash('sha256').update(bytes).digest('hex');
  return { bytes, sha256: packed, digest, fileName: `${top}-${packed.slice(0, 16)}.tar.gz`, ...locks };
}

/** `undefined` where Google's image brings nothing that the trainer needs. */
const imageLockOf = (root: string, name: string): Promise<string | undefined> =>
  readFile(join(root, 'trainers', 'requirements', `${name}-vertex.lock`), 'utf8').catch(() => undefined);

/** A version that was trained elsewhere, in what is today's environment there, gets what is today's here; any other its own. */
function lockFor(
  { environmentLock, imageLock }: RecordedLocks,
  { portable, own }: { readonly portable: string; readonly own: string | undefined },
): string {
  const recorded = (imageLock ?? environmentLock)?.replace(LOCK_HEADER, '');
  return recorded === undefined || (imageLock === undefined && recorded === portable) ? (own ?? portable) : recorded;
}

/** Requirements of a lock without the hashes, which a package cannot ask for: `name==version`, with the marker where there is one. */
export function requirementsOf(lock: string): readonly string[] {
  return lock
    .replaceAll(/\\\r?\n/g, ' ')
    .split('\n')
    .map((line) =>
      line
        .replace(/\s--hash=\S+/g, '')
        .replace(/\s+#.*$/, '')
        .trim(),
    )
    .filter((line) => /^[A-Za-z0-9]/.test(line));
}

const setupFile = (requirements: readonly string[]): string => `from setuptools import find_packages, setup

setup(
    name="${NAME}",
    version="${VERSION}",
    packages=find_packages(),
    python_requires=">=3.10",
    install_requires=[
${requirements.map((line) => `        ${JSON.stringify(line)},\n`).join('')}    ],
)
`;

/** A plain file in the form POSIX calls ustar: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_06 */
function tarEntry(path: string, content: Buffer): readonly Buffer[] {
  const header = Buffer.alloc(HEADER_BYTES);
  if (Buffer.byteLength(path) > 100) throw new RangeError(`${path} is too long a name for the archive.`);
  header.write(path, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const rest = content.length % HEADER_BYTES;
  return [header, content, ...(rest === 0 ? [] : [Buffer.alloc(HEADER_BYTES - rest)])];
}
