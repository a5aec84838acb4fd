import { type FileTreeOptions, fileTree } from './file-tree.ts';
import type { Registry } from './registry.ts';
import { treeRegistry } from './tree-registry.ts';

/**
 * A registry in a folder: `<root>/<model>/versions/<n>/…`, `aliases.json`, `state.json`, `history.jsonl`.
 * Several processes may use it at once; a killed one leaves nothing half there.
 */
export function fileRegistry(options: FileTreeOptions): Registry {
  return treeRegistry(fileTree(options));
}
