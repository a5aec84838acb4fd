import { EXIT } from '../../kernel/flow.ts';
import { listRuns } from '../../kernel/run-folder.ts';
import { secondsText } from '../legible.ts';
import { HOME_OPTION, JSON_OPTION, type Verb } from './door.ts';
import { jsonText } from './json-text.ts';
import { homeOf, warnUnreadable } from './place.ts';
import { textTable } from './text-table.ts';

export const runs: Verb = {
  name: 'runs',
  summary: 'List the runs of this home folder, newest first.',
  usage: '[MODEL]',
  arguments: 1,
  options: [HOME_OPTION, JSON_OPTION],
  async run(args, door) {
    const found = await listRuns(homeOf(args, door), args.positional[0], warnUnreadable(door));
    if (args.flag('json')) door.out.write(jsonText(found.map(({ manifest: { records: _records, ...rest } }) => rest)));
    else if (found.length === 0) door.out.write('No run yet.\n');
    else {
      const rows = found.map(({ manifest }) => [
        manifest.id,
        manifest.outcome,
        manifest.version,
        manifest.promoted ? 'promoted' : '',
        manifest.ended ? secondsText((Date.parse(manifest.ended) - Date.parse(manifest.started)) / 1000) : '',
        manifest.reason?.text ?? '',
      ]);
      door.out.write(textTable(['run', 'outcome', 'version', '', 'time', 'reason'], rows));
    }
    return EXIT.fine;
  },
};
