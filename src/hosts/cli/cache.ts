import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesText } from '../../kernel/bytes-text.ts';
import { UserError } from '../../kernel/errors.ts';
import { EXIT } from '../../kernel/flow.ts';
import { cacheOf } from '../run.ts';
import { HOME_OPTION, type Verb } from './door.ts';
import { homeOf } from './place.ts';

import { textTable } from './text-table.ts';

export const cache: Verb = {
  name: 'cache',
  summary: 'Free the cache: trainer environments, fetched data. All of it can be made again.',
  usage: 'prune [--dry-run]',
  arguments: 1,
  options: [HOME_OPTION, { name: 'dry-run', text: 'Say what would be freed, free nothing.' }],
  async run(args, door) {
    const [action = 'prune'] = args.positional;
    if (action !== 'prune') throw new UserError('unknown-action', `retrain cache: expected prune, found "${action}".`);
    const folder = cacheOf(homeOf(args, door), door.env);
    const rows: [string, number, string][] = [];
    let total = 0;
    for (const name of (await readdir(folder).catch(() => [])).sort()) {
      const { files, bytes } = await sizeOf(join(folder, name));
      rows.push([name, files, bytesText(bytes)]);
      total += bytes;
      if (!args.flag('dry-run')) await rm(join(folder, name), { recursive: true, force: true });
    }
    if (rows.length > 0) door.out.write(textTable(['what', 'files', 'size'], rows));
    door.out.write(`${args.flag('dry-run') ? 'Would free' : 'Freed'} ${bytesText(total)} of ${folder}.\n`);
    return EXIT.fine;
  },
};

async function sizeOf(path: string): Promise<{ files: number; bytes: number }> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => undefined);
  if (!entries) return { files: 1, bytes: (await stat(path)).size };
  let files = 0;
  let bytes = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    files++;
    bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return { files, bytes };
}
