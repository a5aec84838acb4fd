import { stages as entries } from '../../catalog.ts';
import { isLocked } from '../../kernel/file-lock.ts';
import { EXIT } from '../../kernel/flow.ts';
import type { Manifest } from '../../kernel/record.ts';
import { listRuns } from '../../kernel/run-folder.ts';
import { secondsText } from '../legible.ts';
import { HOME_OPTION, JSON_OPTION, type Verb } from './door.ts';
import { jsonText } from './json-text.ts';
import { homeOf, warnUnreadable } from './place.ts';
import { lockOf } from './run.ts';
import { textTable } from './text-table.ts';

export const status: Verb = {
  name: 'status',
  summary: 'Show what runs now, and how the last run of each model ended.',
  usage: '[MODEL]',
  arguments: 1,
  options: [HOME_OPTION, JSON_OPTION],
  async run(args, door) {
    const home = homeOf(args, door);
    const newest = new Map<string, Manifest>();
    for (const { manifest } of await listRuns(home, args.positional[0], warnUnreadable(door)))
      if (!newest.has(manifest.model)) newest.set(manifest.model, manifest);
    const rows = [];
    for (const manifest of newest.values()) rows.push({ manifest, state: await stateOf(manifest, home), stage: stageOf(manifest) });

    if (args.flag('json'))
      door.out.write(
        jsonText(
          rows.map(({ manifest, state, stage }) => ({ model: manifest.model, run: manifest.id, state, stage, started: manifest.started })),
        ),
      );
    else if (rows.length === 0) door.out.write(`No run in ${home} yet.\n`);
    else {
      const text = rows.map(({ manifest, state, stage }) => [
        manifest.model,
        state,
        state === 'running'
          ? `${stage}, ${secondsText((door.clock().getTime() - Date.parse(manifest.started)) / 1000)} so far`
          : (manifest.reason?.text ?? ''),
        manifest.version,
        manifest.id,
      ]);
      door.out.write(textTable(['model', 'state', '', 'version', 'run'], text));
    }
    return EXIT.fine;
  },
};

/** A manifest that says `running` is believed only while the process that holds the model's lock lives. */
async function stateOf({ outcome, model }: Manifest, home: string): Promise<string> {
  if (outcome !== 'running') return outcome;
  // Who may not look at the lock cannot say that its holder died.
  return (await isLocked(lockOf({ home, model })).catch(() => true)) ? 'running' : 'died';
}

/** The stage after the last one that left a record. */
function stageOf(manifest: Manifest): string {
  const done = manifest.records.at(-1)?.stage;
  return entries[entries.findIndex(({ name }) => name === done) + 1]?.name ?? 'ending';
}
