import type { Registry } from './registry.ts';
import { type StoreTreeOptions, storeTree } from './store-tree.ts';
import { treeRegistry } from './tree-registry.ts';

/** A registry in a bucket (`gs://bucket/folder`): writers of a model are ordered by the generation of one object. */
export const storeRegistry = (options: StoreTreeOptions): Registry => treeRegistry(storeTree(options));
