import { gitProposals } from './git-proposal.ts';
import { type GitTreeOptions, gitTree, REGISTRY_BRANCH } from './git-tree.ts';
import type { Registry } from './registry.ts';
import { treeRegistry } from './tree-registry.ts';

/** A registry on a branch of the repository itself: no cloud, no server; its log is the audit trail. */
export function gitRegistry(options: GitTreeOptions): Registry {
  const registry = treeRegistry(gitTree(options));
  return { ...registry, propose: gitProposals(options.forge, options.branch ?? REGISTRY_BRANCH, registry) };
}
