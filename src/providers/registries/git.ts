import { type GitTreeOptions, gitTree } from './git-tree.ts';
import type { Registry } from './registry.ts';
import { treeRegistry } from './tree-registry.ts';

/** A registry on a branch of the repository itself: no cloud, no server; its log is the audit trail. */
export function gitRegistry(options: GitTreeOptions): Registry {
  return treeRegistry(gitTree(options));
}
