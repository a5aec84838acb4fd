import { type BranchView, namesUnder } from './git-view.ts';
import type { TreeView } from './tree.ts';

/** Changes on top of a commit, not committed yet; reads see them. */
export class GitDraft implements TreeView {
  readonly base: BranchView;
  readonly additions = new Map<string, Uint8Array>();
  readonly deletions = new Set<string>();

  constructor(base: BranchView) {
    this.base = base;
  }

  get empty(): boolean {
    return this.additions.size === 0 && this.deletions.size === 0;
  }

  put(path: string, content: string | Uint8Array): void {
    this.additions.set(path, typeof content === 'string' ? Buffer.from(content) : content);
    this.deletions.delete(path);
  }

  async drop(path: string, signal: AbortSignal): Promise<void> {
    this.additions.delete(path);
    if ((await this.base.blobOf(path, signal)) !== undefined) this.deletions.add(path);
  }

  async dropFolder(folder: string, signal: AbortSignal): Promise<void> {
    for (const path of [...this.additions.keys(), ...(await this.base.under(folder, signal))])
      if (path.startsWith(`${folder}/`)) await this.drop(path, signal);
  }

  async read(path: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const added = this.additions.get(path);
    if (added || this.deletions.has(path)) return added;
    return this.base.read(path, signal);
  }

  async list(folder: string, signal: AbortSignal): Promise<readonly string[]> {
    if (folder === '')
      return [
        ...new Set([...(await this.base.list('', signal)), ...[...this.additions.keys()].map((path) => path.split('/')[0] as string)]),
      ].sort();
    const kept = (await this.base.under(folder, signal)).filter((path) => !this.deletions.has(path));
    return namesUnder(folder, [...kept, ...this.additions.keys()]);
  }
}
