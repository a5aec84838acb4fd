import { readFile, realpath } from 'node:fs/promises';
import { basename, join, posix, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { byUtf8, digestOfEntries } from '../../kernel/digest.ts';
import { UserError } from '../../kernel/errors.ts';
import { type KeptObjects, secondName } from '../kept-objects.ts';
import { absoluteUri, nameInStore, type Store, type StoredObject } from '../stores/store.ts';
import { chooseFiles } from './choose-files.ts';
import { checkModelFile, JSON_BYTES_MAX } from './model-format.ts';
import type { ModelFile, Models } from './models.ts';
import { candidatesOf, newestOf } from './newest.ts';

export interface BaseModelPlaces {
  readonly store: Store;
  /** What relative paths are relative to. */
  readonly base: string;
  /** What brings objects of stores in the network, each once. */
  readonly bring: KeptObjects;
}

interface Named {
  readonly name: string;
  readonly object: StoredObject;
}

/** Models of any store; see {@link Models}. */
export function baseModels({ store, base, bring }: BaseModelPlaces): Models {
  async function below(prefix: string, signal: AbortSignal): Promise<readonly Named[]> {
    const found: Named[] = [];
    for await (const object of store.list(prefix, signal)) found.push({ name: nameBelow(prefix, object.uri), object });
    return found;
  }

  /** The files of a model: the object itself, or all below the folder it names. */
  async function filesOf(uri: string, signal: AbortSignal): Promise<readonly Named[]> {
    if (!uri.endsWith('/')) {
      const object = await store.stat(uri, signal);
      if (object) return [{ name: basename(nameInStore(uri)), object }];
    }
    return below(uri.endsWith('/') ? uri : `${uri}/`, signal);
  }

  return {
    async newest(prefix, signal) {
      const folder = `${absoluteUri(prefix, base).replace(/\/$/, '')}/`;
      const objects = await below(folder, signal);
      // The prefix may be a model itself.
      if (objects.some(({ name }) => name === 'config.json')) return folder;
      const newest = newestOf(candidatesOf(objects));
      return newest && `${folder}${folder.startsWith('file:') ? encodeURIComponent(newest.name) : newest.name}${newest.folder ? '/' : ''}`;
    },

    async fetch(uri, to, signal) {
      const from = absoluteUri(uri, base);
      const there = await filesOf(from, signal);
      if (there.length === 0) throw new UserError('no-such-model', `No model lies at ${uri}.`, { todo: 'Correct the URI or path.' });
      const chosen = new Set(
        chooseFiles(
          there.map(({ name }) => name),
          uri,
        ),
      );
      const wanted = there.filter(({ name }) => chosen.has(name));
      const kept = from.startsWith('file:')
        ? undefined
        : await bring(
            wanted.map(({ object }) => object),
            from,
            signal,
          );
      const files: ModelFile[] = [];
      for (const [at, { name, object }] of wanted.entries()) {
        const path = join(to, name);
        if (!kept) await refuseLinkOut(object.uri, from, base);
        if (kept) await secondName(kept[at]!.path, path);
        const { sha256, bytes } = kept?.[at] ?? (await store.get(object.uri, path, { generation: object.generation, signal }));
        await checkModelFile(path, name);
        files.push({ path: name, uri: object.uri, sha256, bytes });
      }
      if (files.length === 0)
        throw new UserError(
          'no-such-model',
          `${uri} holds no file of a model: ${there
            .slice(0, 5)
            .map(({ name }) => name)
            .join(', ')}.`,
        );
      await checkShards(to, files);
      files.sort((a, b) => byUtf8(a.path, b.path));
      const generations = wanted.map(({ name, object }) => ({ path: name, sha256: object.generation }));
      const same = new Set(generations.map(({ sha256 }) => sha256));
      return {
        uri: from,
        sha256: digestOfEntries(files),
        generation: same.size === 1 ? ([...same][0] as string) : digestOfEntries(generations),
        files,
      };
    },
  };
}

/** Weights in several files come with an index of them; one that is missing would be found when a trainer has long been paid for. */
async function checkShards(folder: string, files: readonly ModelFile[]): Promise<void> {
  const there = new Set(files.map(({ path }) => path));
  for (const { path, bytes } of files) {
    if (!path.endsWith('.safetensors.index.json')) continue;
    if (bytes === 0 || bytes > JSON_BYTES_MAX)
      throw new UserError('damaged-model', `${path} has ${bytes} bytes: expected 1 to ${JSON_BYTES_MAX}.`, {
        todo: 'Upload the model again, all its files.',
      });
    const { weight_map: map } = (JSON.parse(await readFile(join(folder, path), 'utf8')) ?? {}) as { weight_map?: unknown };
    const named = typeof map === 'object' && map !== null ? new Set(Object.values(map).map(String)) : [];
    const missing = [...named].filter((name) => !there.has(posix.join(posix.dirname(path), name))).sort();
    if (missing.length === 0) continue;
    throw new UserError(
      'damaged-model',
      `${path} names ${missing.slice(0, 3).join(', ')}: ${missing.length} of its ${new Set(named).size} files are not there.`,
      {
        todo: 'Upload the model again, all its files.',
      },
    );
  }
}

/**
 * A link within the project that leads out of it would carry a stranger's choice of this machine's files along. A folder that lies elsewhere
 * (the Hub's cache is made of links) was named by whoever runs this.
 */
async function refuseLinkOut(uri: string, model: string, base: string): Promise<void> {
  const project = await realpath(base);
  const inside = (path: string): boolean => path === project || path.startsWith(`${project}${sep}`);
  if (!inside(resolve(project, relative(resolve(base), fileURLToPath(model))))) return;
  const target = await realpath(fileURLToPath(uri));
  if (!inside(target))
    throw new UserError('unsafe-model', `${nameInStore(uri)} is a link that leads out of the project.`, {
      todo: 'Put the file itself there.',
    });
}

const nameBelow = (prefix: string, uri: string): string => nameInStore(uri).slice(nameInStore(prefix).length);
