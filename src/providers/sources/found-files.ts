import { createHash } from 'node:crypto';
import type { Look } from './source.ts';

/** What makes a reference a pattern. */
export const MAGIC = /[*?[\]{}]/;

/** Names that begin with a dot or underscore are markers of tools (`_SUCCESS`, `.DS_Store`), not data. */
export const isMarker = (name: string): boolean => /^[._]/.test(name);

/** A file as it was seen, unread. */
export interface Named {
  readonly name: string;
  /** Changes whenever the content does. */
  readonly mark: string;
  /** ISO 8601; empty when nobody knows. */
  readonly modified: string;
}

/** What files in order amount to. */
export function lookOf(files: readonly Named[]): Look {
  const hash = createHash('sha256');
  for (const { name, mark } of files) hash.update(`${name}\0${mark}\n`);
  const folders = new Set(files.map(({ name }) => partitionOf(name)).filter((partition) => partition !== ''));
  const modified = files.reduce((latest, file) => (file.modified > latest ? file.modified : latest), '');
  return {
    files: files.length,
    folders: folders.size || files.length,
    fingerprint: hash.digest('hex'),
    ...(modified !== '' && { modified }),
  };
}

/** The `key=value` folders of a name, e.g. `year=2026/month=01`. */
const partitionOf = (name: string): string =>
  name
    .split('/')
    .filter((part) => part.includes('='))
    .join('/');
