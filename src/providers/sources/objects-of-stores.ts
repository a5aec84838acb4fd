import { basename, posix } from 'node:path';
import { byUtf8 } from '../../kernel/digest.ts';
import { UserError } from '../../kernel/errors.ts';
import type { KeptObjects } from '../kept-objects.ts';
import { nameInStore, type Store, type StoredObject } from '../stores/store.ts';
import { isMarker, lookOf, MAGIC } from './found-files.ts';
import type { Source, SourceFile } from './source.ts';

export interface StoreAccess {
  readonly store: Store;
  readonly bring: KeptObjects;
}

interface Found {
  readonly name: string;
  readonly object: StoredObject;
}

/** References that no path can be: `gs://…`, `hf://…`. */
export const isInStore = (reference: string): boolean => /^[a-z][a-z0-9+.-]+:\/\//i.test(reference) && !/^file:/i.test(reference);

/**
 * Objects of stores in the network by URI, folder or pattern, brought into the cache. Each is fetched as it was when it was listed: one that is
 * replaced in between ends the fetch (`precondition-failed`, a fault of the world: trying again lists anew). What was fetched under a reference
 * stays what it was for this source.
 */
export function objectsOfStores(open?: () => Promise<StoreAccess>): Source {
  let access: Promise<StoreAccess> | undefined;
  const fetched = new Map<string, Promise<readonly SourceFile[]>>();
  const opened = (reference: string): Promise<StoreAccess> => {
    if (!open) throw new UserError('unknown-store', `${reference}: no store in the network can be reached from here.`);
    access ??= open();
    return access;
  };

  return {
    async look(reference, signal) {
      const { store } = await opened(reference);
      const found = await find(reference, store, signal);
      return lookOf(found.map(({ name, object }) => ({ name, mark: markOf(object), modified: object.modified })));
    },

    async fetch(reference, signal) {
      const before = fetched.get(reference);
      if (before) return before;
      const now = fetchAll(reference, await opened(reference), signal);
      fetched.set(reference, now);
      now.catch(() => fetched.delete(reference));
      return now;
    },
  };
}

/** A commit changes with every push to the repository; its files have digests of their own. */
const markOf = ({ uri, generation, sha256, git, bytes }: StoredObject): string =>
  `${bytes}\0${(uri.startsWith('hf:') ? (sha256 ?? git) : undefined) ?? generation}`;

async function fetchAll(reference: string, { store, bring }: StoreAccess, signal: AbortSignal): Promise<readonly SourceFile[]> {
  const found = await find(reference, store, signal);
  if (found.length === 0) {
    throw new UserError('no-data', `${reference} matches no file.`, { todo: 'Correct the pattern, or wait for the data.' });
  }
  const kept = await bring(
    found.map(({ object }) => object),
    reference,
    signal,
  );
  return found.map(({ name, object: { uri, generation } }, i) => ({ name, ...kept[i]!, uri, generation }));
}

/** The objects of a reference, by name in UTF-8 order; none when a pattern or a folder (`…/`) matches nothing. */
async function find(reference: string, store: Store, signal: AbortSignal): Promise<readonly Found[]> {
  if (!reference.endsWith('/')) {
    const object = nameInStore(reference) === '' ? undefined : await store.stat(reference, signal);
    if (object) return [named(basename(nameInStore(reference)), object, reference)];
  }
  const name = nameInStore(reference);
  const magic = name.search(MAGIC);
  if (magic >= 0) {
    const fixed = reference.length - name.length + magic;
    return below(reference.slice(0, fixed), reference, store, signal, (found) => (posix.matchesGlob(found, name) ? found : undefined));
  }
  const folder = reference.endsWith('/') ? reference : `${reference}/`;
  const prefix = nameInStore(folder).length;
  const found = await below(folder, reference, store, signal, (each) => each.slice(prefix));
  if (found.length === 0 && !reference.endsWith('/') && name !== '') {
    throw new UserError('missing-file', `${reference} does not exist, and nothing lies below it.`, {
      todo: 'Correct the URI; a folder that may still be empty ends with a slash.',
    });
  }
  return found;
}

/** The objects whose URIs begin with `prefix` and whose names are wanted, under the names they shall have. */
async function below(
  prefix: string,
  reference: string,
  store: Store,
  signal: AbortSignal,
  nameOf: (name: string) => string | undefined,
): Promise<Found[]> {
  const all: Found[] = [];
  for await (const object of store.list(prefix, signal)) {
    const name = nameOf(nameInStore(object.uri));
    if (name !== undefined && !isMarker(basename(name))) all.push(named(name, object, reference));
  }
  return all.sort((a, b) => byUtf8(a.name, b.name));
}

/** Names go into records, messages and the digest of the data, and are compared with names that rows give. */
function named(name: string, object: StoredObject, reference: string): Found {
  if (/[\\\0-\x1f\x7f]/.test(name) || name.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    throw new UserError('bad-name', `${reference} has an object named ${JSON.stringify(name)}: no such name is taken.`, {
      todo: 'Rename it, or choose a pattern that leaves it out.',
    });
  }
  return { name, object };
}
