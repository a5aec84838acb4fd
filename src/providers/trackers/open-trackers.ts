import { join } from 'node:path';
import { UserError } from '../../kernel/errors.ts';
import type { Tracker } from './tracker.ts';

/** Opens the trackers the pipeline file names: `file` (in the home folder) or `file:FOLDER`. */
export async function openTrackers(names: readonly string[], { home }: { readonly home: string }): Promise<readonly Tracker[]> {
  const trackers: Tracker[] = [];
  for (const name of names) {
    if (name !== 'file' && !name.startsWith('file:'))
      throw new UserError('unknown-tracker', `tracker: expected file or file:FOLDER, found "${name}".`);
    const { fileTracker } = await import('./file.ts');
    trackers.push(fileTracker({ root: name === 'file' ? join(home, 'tracking') : name.slice('file:'.length) }));
  }
  return trackers;
}
