import { bytesText } from '../../kernel/bytes-text.ts';
import { UserError } from '../../kernel/errors.ts';
import { EXIT } from '../../kernel/flow.ts';
import { cacheOf } from '../run.ts';
import type { Arguments } from './arguments.ts';
import { type CachedThing, cachedThings, free } from './cached-things.ts';
import { HOME_OPTION, type Verb } from './door.ts';
import { homeOf } from './place.ts';
import { textTable } from './text-table.ts';

export const cache: Verb = {
  name: 'cache',
  summary: 'Free the cache: trainer environments, data and models that were fetched, unfinished downloads. All of it can be made again.',
  usage: 'prune [--unused DAYS] [--to SIZE] [--dry-run]',
  arguments: 1,
  options: [
    HOME_OPTION,
    { name: 'unused', value: 'DAYS', text: 'Free only what nobody has used for so many days.' },
    { name: 'to', value: 'SIZE', text: 'Free only as much as is above this size (20GB, 500MB), the longest unused first.' },
    { name: 'dry-run', text: 'Say what would be freed, free nothing.' },
  ],
  async run(args, door) {
    const [action = 'prune'] = args.positional;
    if (action !== 'prune') throw new UserError('unknown-action', `retrain cache: expected prune, found "${action}".`);
    const folder = cacheOf(homeOf(args, door), door.env);
    const all = await cachedThings(folder);
    const chosen = choose(all, args, door.clock().getTime());
    if (!args.flag('dry-run')) await free(folder, chosen);
    const rows = [...new Set(chosen.map(({ what }) => what))].map((what) => {
      const own = chosen.filter((thing) => thing.what === what);
      return [what, own.reduce((sum, { files }) => sum + files, 0), bytesText(sizeOf(own))];
    });
    if (rows.length > 0) door.out.write(textTable(['what', 'files', 'size'], rows));
    const busy = all.filter((thing) => thing.busy);
    if (busy.length > 0) door.out.write(`Left ${busy.length} that ${busy.length === 1 ? 'is' : 'are'} being fetched now.\n`);
    const freed = `${args.flag('dry-run') ? 'Would free' : 'Freed'} ${bytesText(sizeOf(chosen))} of ${folder}`;
    door.out.write(`${freed}; ${bytesText(sizeOf(all) - sizeOf(chosen))} ${args.flag('dry-run') ? 'would stay' : 'stay'}.\n`);
    return EXIT.fine;
  },
};

/** What is to go: all that is not in use, or just what was long unused, or what is too much. */
function choose(all: readonly CachedThing[], args: Arguments, now: number): readonly CachedThing[] {
  const [unused, to] = [args.value('unused'), args.value('to')];
  const free = all.filter(({ busy }) => !busy);
  if (unused === undefined && to === undefined) return free;
  const days = unused === undefined ? Number.POSITIVE_INFINITY : Number(unused);
  if (unused !== undefined && !(days >= 0)) throw new UserError('bad-option', `--unused: expected days, found "${unused}".`);
  const most = to === undefined ? Number.POSITIVE_INFINITY : bytesIn(to);
  const chosen = new Set(free.filter(({ used }) => now - used > days * 86_400_000));
  let left = sizeOf(all.filter((thing) => !chosen.has(thing)));
  for (const thing of free.toSorted((a, b) => a.used - b.used)) {
    if (left <= most) break;
    if (chosen.has(thing)) continue;
    chosen.add(thing);
    left -= thing.bytes;
  }
  return all.filter((thing) => chosen.has(thing));
}

const sizeOf = (things: readonly CachedThing[]): number => things.reduce((sum, { bytes }) => sum + bytes, 0);

/** `20GB` → 20,000,000,000: decimal units, as sizes are printed. */
function bytesIn(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kMGT]?B)?$/.exec(text) ?? [];
  if (number === undefined) throw new UserError('bad-option', `--to: expected a size such as 20GB or 500MB, found "${text}".`);
  return Number(number) * 1000 ** ['B', 'kB', 'MB', 'GB', 'TB'].indexOf(unit || 'B');
}
