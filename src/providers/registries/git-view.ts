import type { Forge, TreeEntry } from '../forge/forge.ts';
import type { TreeView } from './tree.ts';

/** A branch as it was at one commit. */
export interface BranchView extends TreeView {
  /** Undefined while nobody has made the branch. */
  readonly head: string | undefined;
  /** Id of a file's bytes, or undefined. */
  blobOf(path: string, signal: AbortSignal): Promise<string | undefined>;
  /** Paths of all files under a folder. */
  under(folder: string, signal: AbortSignal): Promise<readonly string[]>;
}

/** Trees and blobs are named by their content: what was read once is known for good. */
const REMEMBERED_MAX = 2000;
const REMEMBERED_BYTES_MAX = 1 << 20;

/** Reads commits of a repository, each tree and small file once. */
export function branchReader(forge: Forge): { at(head: string | undefined): BranchView } {
  const trees = new Map<string, readonly TreeEntry[]>();
  const blobs = new Map<string, Uint8Array>();

  async function entries(sha: string, recursive: boolean, signal: AbortSignal): Promise<readonly TreeEntry[]> {
    const key = `${sha}${recursive ? '/**' : ''}`;
    const known = trees.get(key);
    if (known) return known;
    return remember(trees, key, await forge.tree(sha, { recursive }, signal));
  }

  async function blob(sha: string, signal: AbortSignal): Promise<Uint8Array> {
    const known = blobs.get(sha);
    if (known) return known;
    const bytes = await forge.blob(sha, signal);
    return bytes.byteLength > REMEMBERED_BYTES_MAX ? bytes : remember(blobs, sha, bytes);
  }

  return {
    at(head) {
      /** Everything of the model a path belongs to, with paths from the top. */
      async function modelEntries(model: string, signal: AbortSignal): Promise<readonly TreeEntry[]> {
        if (head === undefined) return [];
        const top = await entries(head, false, signal);
        const folder = top.find(({ path, kind }) => path === model && kind === 'folder');
        if (!folder) return [];
        return (await entries(folder.sha, true, signal)).map((entry) => ({ ...entry, path: `${model}/${entry.path}` }));
      }
      const modelOf = (path: string): string => path.split('/')[0] as string;

      async function blobOf(path: string, signal: AbortSignal): Promise<string | undefined> {
        const found = await modelEntries(modelOf(path), signal);
        return found.find((entry) => entry.path === path && entry.kind === 'file')?.sha;
      }

      return {
        head,
        blobOf,

        async read(path, signal) {
          const sha = await blobOf(path, signal);
          return sha === undefined ? undefined : blob(sha, signal);
        },

        async list(folder, signal) {
          if (folder === '') return head === undefined ? [] : (await entries(head, false, signal)).map(({ path }) => path).sort();
          return namesUnder(
            folder,
            (await modelEntries(modelOf(folder), signal)).map(({ path }) => path),
          );
        },

        async under(folder, signal) {
          const found = await modelEntries(modelOf(folder), signal);
          return found.filter(({ path, kind }) => kind === 'file' && path.startsWith(`${folder}/`)).map(({ path }) => path);
        },
      };
    },
  };
}

/** First names of the paths that lie under a folder, sorted. */
export function namesUnder(folder: string, paths: Iterable<string>): readonly string[] {
  const names = new Set<string>();
  for (const path of paths) if (path.startsWith(`${folder}/`)) names.add(path.slice(folder.length + 1).split('/')[0] as string);
  return [...names].sort();
}

function remember<V>(known: Map<string, V>, key: string, value: V): V {
  if (known.size >= REMEMBERED_MAX) known.delete(known.keys().next().value as string);
  known.set(key, value);
  return value;
}
