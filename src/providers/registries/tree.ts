import type { StoredFile } from './registry.ts';

/**
 * Where the files of a registry lie: a folder, a branch, a bucket. Paths are relative, with `/`.
 * All rules of the registry (numbers, digests, compare-and-swap) are above it, in {@link treeRegistry}; a tree only keeps its promises:
 * a file or folder is there whole or not at all, and `change` runs one writer of a model at a time.
 */
export interface Tree {
  readonly uri: string;
  /** The tree as it is now. Where one look costs a request, all reading through one view costs that request once. */
  view(signal: AbortSignal): Promise<TreeView>;
  /** Copies a file to a new local one; undefined when there is none. */
  download(path: string, to: string, signal: AbortSignal): Promise<{ sha256: string; bytes: number } | undefined>;
  /** Brings files near, digested, before the writer's turn, so that large ones keep nobody waiting. */
  stage(model: string, files: ReadonlyMap<string, string>, signal: AbortSignal): Promise<Staged>;
  /** `work` sees what is there and writes; it may run again after a lost race. */
  change<T>(model: string, work: (changes: TreeChanges) => Promise<T>, signal: AbortSignal): Promise<T>;
  probe(signal: AbortSignal): Promise<void>;
  /** A path as the reader knows it, for messages. */
  place(path: string): string;
}

export interface TreeView {
  /** A small file's bytes, or undefined. */
  read(path: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Names directly under a folder, sorted; empty when there is no such folder. */
  list(folder: string, signal: AbortSignal): Promise<readonly string[]>;
}

/** What a writer sees includes what it has written. */
export interface TreeChanges extends TreeView {
  write(path: string, content: string): Promise<void>;
  /** Staged files and `texts` appear under `folder` at once. */
  publish(staged: Staged, folder: string, texts: Readonly<Record<string, string>>): Promise<void>;
  removeFolder(folder: string): Promise<void>;
}

export interface Staged extends AsyncDisposable {
  readonly files: readonly StoredFile[];
}
