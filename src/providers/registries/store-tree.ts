import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { digestFile } from '../../kernel/digest.ts';
import { UserError, WorldError } from '../../kernel/errors.ts';
import { type KeptObjects, secondName } from '../kept-objects.ts';
import type { Store } from '../stores/store.ts';
import { type Head, type HeadWrite, headAfter, noHead, readFilesPointer, readHead, writeFilesPointer, writeHead } from './store-head.ts';
import { isLostRace, readObject, type SmallObject, writeObject } from './store-objects.ts';
import type { Staged, Tree, TreeChanges, TreeView } from './tree.ts';

export interface StoreTreeOptions {
  readonly store: Store;
  /** `gs://bucket/folder`, without a slash at the end. */
  readonly root: string;
  /** What keeps the files of versions in the cache. Absent: they are fetched each time. */
  readonly objects?: () => Promise<KeptObjects>;
  readonly log?: (line: string) => void;
  /** Longest rest after the first lost race; grows with each. */
  readonly pauseMs?: number;
}

export interface StoreTree extends Tree {
  /** Folders of the files of versions, by number, of those that are there. */
  filesOf(model: string, versions: readonly number[], signal: AbortSignal): Promise<ReadonlyMap<number, string>>;
}

/** Names a model cannot have. */
const HEADS = '_heads';
const FILES = '_files';
const FILES_FILE = 'files.json';
const PAUSE_MS = 200;
const PAUSE_MS_MAX = 4_000;
const RACES_MAX = 80;
/** Uploads nobody points to go after this long: until then somebody may be at work on them. */
const LEFTOVER_MS = 7 * 24 * 3_600_000;

/** What lies in the store of one model: its head, and the generation of each small file by path. */
interface Base {
  readonly head: Head;
  readonly generation: string;
  readonly objects: Map<string, string>;
}

/**
 * A registry's tree in a bucket. Small files lie at their own paths, those of versions under `_files/<model>/<upload>/…`, and
 * `_heads/<model>.json` orders the writers: see {@link Head}.
 */
export function storeTree({ store, root, objects: kept, log, pauseMs = PAUSE_MS }: StoreTreeOptions): StoreTree {
  const uriOf = (path: string): string => `${root}/${path}`;
  const headOf = (model: string): string => uriOf(`${HEADS}/${model}.json`);
  /** Small files by URI; what has the generation of the listing needs no second look. */
  const known = new Map<string, SmallObject>();
  /** Folder of a version's files by that of the version. */
  const pointers = new Map<string, string>();
  const stagedFolders = new WeakMap<Staged, { readonly folder: string; state: 'uploaded' | 'in doubt' | 'kept' }>();

  /** To a new file; the uploads of a version have folders of their own, so that what lies there never changes. */
  async function fetchFile(uri: string, to: string, signal: AbortSignal): Promise<{ sha256: string; bytes: number } | undefined> {
    if (kept === undefined) {
      const { sha256, bytes } = await store.get(uri, to, { signal });
      return { sha256, bytes };
    }
    const object = await store.stat(uri, signal);
    if (!object) return undefined;
    const [file] = await (await kept())([object], uri, signal);
    await secondName(file!.path, to);
    return { sha256: file!.sha256, bytes: file!.bytes };
  }

  /** The head first: a file that is newer than the head is seen by its generation, and the writer's own head then loses. */
  async function lookAt(model: string, signal: AbortSignal): Promise<Base> {
    signal.throwIfAborted();
    const found = await readObject(store, headOf(model), signal);
    const objects = new Map<string, string>();
    for await (const { uri, generation } of store.list(`${uriOf(model)}/`, signal)) objects.set(uri.slice(root.length + 1), generation);
    return {
      head: found === undefined ? noHead : readHead(found.bytes, headOf(model)),
      generation: found?.generation ?? 'absent',
      objects,
    };
  }

  async function readSmall(path: string, generation: string | undefined, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const before = known.get(path);
    if (before !== undefined && before.generation === generation) return before.bytes;
    const found = await readObject(store, uriOf(path), signal);
    if (found === undefined) known.delete(path);
    else known.set(path, found);
    return found?.bytes;
  }

  /** What is there as one look at a model shows it, with what its head holds on top. */
  function viewOf(look: (model: string, signal: AbortSignal) => Promise<Base>, draft?: ReadonlyMap<string, string | undefined>): TreeView {
    const modelOf = (path: string): string => path.split('/')[0] as string;
    return {
      async read(path, signal) {
        if (draft?.has(path)) return bytesOf(draft.get(path));
        const { head, objects } = await look(modelOf(path), signal);
        const latest = head.writes.find((write) => write.path === path);
        if (latest) return bytesOf(latest.content);
        return objects.has(path) ? readSmall(path, objects.get(path), signal) : undefined;
      },
      async list(folder, signal) {
        if (folder === '') return listModels(signal);
        const { head, objects } = await look(modelOf(folder), signal);
        const paths = new Set(objects.keys());
        for (const { path, content } of head.writes) content === undefined ? paths.delete(path) : paths.add(path);
        for (const [path, content] of draft ?? []) content === undefined ? paths.delete(path) : paths.add(path);
        const within = [...paths].filter((path) => path.startsWith(`${folder}/`));
        return [...new Set(within.map((path) => path.slice(folder.length + 1).split('/')[0] as string))].sort();
      },
    };
  }

  async function listModels(signal: AbortSignal): Promise<readonly string[]> {
    signal.throwIfAborted();
    const names: string[] = [];
    for await (const { uri } of store.list(`${uriOf(HEADS)}/`, signal))
      names.push(uri.slice(uriOf(HEADS).length + 1).replace(/\.json$/, ''));
    return names.sort();
  }

  /** One look at each model. */
  function oneLook(): (model: string, signal: AbortSignal) => Promise<Base> {
    const looks = new Map<string, Promise<Base>>();
    return (model, signal) => {
      const look = looks.get(model) ?? lookAt(model, signal);
      looks.set(model, look);
      return look;
    };
  }

  /**
   * Writes the files of a head that are not written yet; false when the model has moved on meanwhile. A file may have been touched without
   * being changed, so what is not in the generation the head names is judged by its content, and by whether the head still stands.
   */
  async function settle(model: string, { head, generation, objects }: Base, signal: AbortSignal): Promise<boolean> {
    for (const { path, content, from } of head.writes) {
      let found = objects.get(path) ?? 'absent';
      if (content === undefined) {
        if (found !== 'absent') await store.remove(uriOf(path), signal);
        objects.delete(path);
        continue;
      }
      if (found !== from) {
        const bytes = found === 'absent' ? undefined : await readSmall(path, found, signal);
        found = (bytes && known.get(path)?.generation) ?? 'absent';
        if (bytes && Buffer.from(bytes).toString('utf8') === content) {
          objects.set(path, found);
          continue;
        }
        if ((await readObject(store, headOf(model), signal))?.generation !== generation) return false;
      }
      try {
        objects.set(path, await writeObject(store, uriOf(path), content, found, signal));
      } catch (error) {
        if (isLostRace(error)) return false;
        throw error;
      }
    }
    return true;
  }

  /** Replaces the head and gives its generation; undefined when somebody else came first. */
  async function commit(model: string, base: Base, next: Head, signal: AbortSignal): Promise<string | undefined> {
    try {
      return await writeObject(store, headOf(model), writeHead(next), base.generation, signal);
    } catch (error) {
      if (!(error instanceof WorldError) || signal.aborted) throw error;
      // The answer may have been lost, and the repetition refused because of ourselves.
      const now = await readObject(store, headOf(model), signal);
      if (now && readHead(now.bytes, headOf(model)).made.includes(next.made[0] as string)) return now.generation;
      if (isLostRace(error)) return undefined;
      throw error;
    }
  }

  async function pointerOf(folder: string, view: TreeView, signal: AbortSignal): Promise<string | undefined> {
    const bytes = await view.read(`${folder}/${FILES_FILE}`, signal);
    if (bytes === undefined) return undefined;
    const found = readFilesPointer(bytes, uriOf(`${folder}/${FILES_FILE}`));
    pointers.set(folder, found);
    return found;
  }

  async function removeFiles(folder: string, signal: AbortSignal): Promise<void> {
    for await (const { uri } of store.list(`${uriOf(folder)}/`, signal)) await store.remove(uri, signal);
  }

  /** Uploads of processes that ended before they made a version. */
  async function sweep(model: string, view: TreeView, signal: AbortSignal): Promise<void> {
    const wanted = new Set<string | undefined>();
    for (const name of await view.list(`${model}/versions`, signal)) wanted.add(await pointerOf(`${model}/versions/${name}`, view, signal));
    for await (const { uri, modified } of store.list(`${uriOf(FILES)}/${model}/`, signal)) {
      const folder = uri
        .slice(root.length + 1)
        .split('/')
        .slice(0, 3)
        .join('/');
      if (!wanted.has(folder) && Date.now() - Date.parse(modified) > LEFTOVER_MS) await store.remove(uri, signal);
    }
  }

  /** Of many who lost at once some come back earlier than others. */
  async function rest(model: string, race: number, signal: AbortSignal): Promise<void> {
    if (race === RACES_MAX) throw busy(root, model, race);
    await delay(Math.random() * Math.min(pauseMs * race, PAUSE_MS_MAX), undefined, { signal });
  }

  /** What goes wrong after a change is made does not unmake it: the next writer settles it. */
  async function afterwards(work: () => Promise<void>): Promise<void> {
    await work().catch((error: unknown) =>
      log?.(`Left for the next writer of the registry: ${error instanceof Error ? error.message : String(error)}`),
    );
  }

  return {
    uri: root,

    place(path) {
      const [, folder = '', file] = /^([^/]+\/versions\/\d+)\/(.+)$/.exec(path) ?? [];
      const files = pointers.get(folder);
      return uriOf(file !== undefined && files !== undefined && !/^(?:metadata|tags)\.json$/.test(file) ? `${files}/${file}` : path);
    },

    view: async () => viewOf(oneLook()),

    async filesOf(model, versions, signal) {
      const view = viewOf(oneLook());
      const found = new Map<number, string>();
      for (const version of versions) {
        const folder = `${model}/versions/${version}`;
        const files = pointers.get(folder) ?? (await pointerOf(folder, view, signal));
        if (files !== undefined) found.set(version, uriOf(files));
      }
      return found;
    },

    async download(path, to, signal) {
      const [, folder, file] = /^([^/]+\/versions\/\d+)\/(.+)$/.exec(path) ?? [];
      if (folder === undefined) throw new RangeError(`${path} is no file of a version`);
      const files = pointers.get(folder) ?? (await pointerOf(folder, viewOf(oneLook()), signal));
      if (files === undefined) return undefined;
      try {
        return await fetchFile(uriOf(`${files}/${file}`), to, signal);
      } catch (error) {
        if (error instanceof UserError && error.code === 'no-such-object') return undefined;
        throw error;
      }
    },

    async stage(model, files, signal) {
      signal.throwIfAborted();
      const staged = { folder: `${FILES}/${model}/${randomBytes(8).toString('hex')}`, state: 'uploaded' as const };
      const found: { path: string; sha256: string; bytes: number }[] = [];
      const handle: Staged = {
        files: found,
        async [Symbol.asyncDispose]() {
          const now = stagedFolders.get(handle);
          if (now?.state === 'uploaded') await afterwards(() => removeFiles(now.folder, AbortSignal.timeout(60_000)));
        },
      };
      stagedFolders.set(handle, staged);
      try {
        for (const [path, local] of files) {
          const stored = await store.put(local, uriOf(`${staged.folder}/${path}`), { signal, ifGeneration: 'absent' });
          found.push({ path, sha256: stored.sha256 ?? (await digestFile(local, signal)).sha256, bytes: stored.bytes });
        }
      } catch (error) {
        await handle[Symbol.asyncDispose]();
        throw error;
      }
      return handle;
    },

    async change(model, work, signal) {
      for (let race = 1; ; race++) {
        const base = await lookAt(model, signal);
        if (!(await settle(model, base, signal))) {
          await rest(model, race, signal);
          continue;
        }
        const draft = new Map<string, string | undefined>();
        const published: { state: 'uploaded' | 'in doubt' | 'kept' }[] = [];
        const removed: string[] = [];
        const view = viewOf(async () => ({ ...base, head: { ...base.head, writes: [] } }), draft);
        const changes: TreeChanges = {
          ...view,
          async write(path, content) {
            draft.set(path, content);
          },
          async publish(staged, folder, texts) {
            const upload = stagedFolders.get(staged);
            if (upload?.state !== 'uploaded') throw new RangeError('publish: these files were staged elsewhere, or published before');
            draft.set(`${folder}/${FILES_FILE}`, writeFilesPointer(upload.folder));
            for (const [name, text] of Object.entries(texts)) draft.set(`${folder}/${name}`, text);
            published.push(upload);
          },
          async removeFolder(folder) {
            const files = await pointerOf(folder, view, signal);
            if (files !== undefined) removed.push(files);
            for (const path of base.objects.keys()) if (path.startsWith(`${folder}/`)) draft.set(path, undefined);
          },
        };
        const result = await work(changes);
        if (draft.size === 0) return result;

        const writes: HeadWrite[] = [...draft].map(([path, content]) => ({
          path,
          ...(content !== undefined && { content }),
          from: base.objects.get(path) ?? 'absent',
        }));
        const next = headAfter(base.head, randomBytes(8).toString('hex'), writes);
        for (const upload of published) upload.state = 'in doubt';
        const generation = await commit(model, base, next, signal);
        if (generation !== undefined) {
          for (const upload of published) upload.state = 'kept';
          await afterwards(async () => {
            await settle(model, { head: next, generation, objects: base.objects }, signal);
            for (const folder of removed) await removeFiles(folder, signal);
            if (removed.length > 0) await sweep(model, viewOf(oneLook()), signal);
          });
          return result;
        }
        for (const upload of published) upload.state = 'uploaded';
        await rest(model, race, signal);
      }
    },

    async probe(signal) {
      signal.throwIfAborted();
      const trial = uriOf(`_probe-${randomBytes(8).toString('hex')}`);
      try {
        await writeObject(store, trial, 'Retrain asks whether it may write here; this object goes at once.\n', 'absent', signal);
        await store.remove(trial, signal);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        throw new UserError('registry-not-writable', error.message, { todo: error.todo, cause: error });
      }
    },
  };
}

const bytesOf = (content: string | undefined): Uint8Array | undefined => (content === undefined ? undefined : Buffer.from(content));

const busy = (root: string, model: string, races: number): WorldError =>
  new WorldError('registry-busy', `${root}: others changed ${model} ${races} times while version or alias were to be written.`, {
    todo: 'Run again.',
  });
