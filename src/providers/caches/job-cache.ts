import type { ContentName } from '../content-names.ts';

/**
 * Files that a job leaves for later ones to save them a download. Nothing depends on it: what is not there, or is not what it should be,
 * is made again, and no call fails for anything but an abort.
 */
export interface JobCache {
  /**
   * Brings what was kept under `name` into `folder`, which is made: the plain files whose content is among `expected`, and no others.
   * Where the expected names come from must be trusted by itself (a lock, a record, a store): the cache is not. Gives the names of the files.
   * `begins`: where nothing is kept under `name`, the newest whose name begins so will do.
   */
  restore(
    name: string,
    folder: string,
    expected: ReadonlySet<ContentName>,
    signal: AbortSignal,
    begins?: string,
  ): Promise<readonly string[]>;
  /** Keeps the files of `folder` under `name`, if nothing is kept there yet. The folder must be the one that they shall be restored to. */
  save(name: string, folder: string, signal: AbortSignal): Promise<void>;
}
