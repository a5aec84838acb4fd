import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { UserError } from '../../kernel/errors.ts';
import { EXIT } from '../../kernel/flow.ts';
import { listRuns } from '../../kernel/run-folder.ts';
import { suggestion } from '../../pipeline/words.ts';
import { reportMarkdown } from '../../report/markdown.ts';
import { HOME_OPTION, JSON_OPTION, type Verb } from './door.ts';
import { jsonText } from './json-text.ts';
import { homeOf } from './place.ts';

export const report: Verb = {
  name: 'report',
  summary: 'Print the report of a run: the newest one, the newest of a model, or the one named.',
  usage: '[RUN | MODEL]',
  arguments: 1,
  options: [HOME_OPTION, { name: 'path', text: 'Print only where the HTML report lies.' }, JSON_OPTION],
  async run(args, door) {
    const [wanted] = args.positional;
    const runs = await listRuns(homeOf(args, door), undefined, (error, id) => {
      if (wanted === undefined || wanted === id) throw error;
    });
    const found =
      wanted === undefined
        ? runs[0]
        : (runs.find(({ manifest }) => manifest.id === wanted) ?? runs.find(({ manifest }) => manifest.model === wanted));
    if (!found) {
      const known = [...new Set(runs.flatMap(({ manifest }) => [manifest.model, manifest.id]))];
      throw new UserError(
        'no-such-run',
        wanted === undefined
          ? `There is no run in ${homeOf(args, door)} yet.`
          : `There is no run "${wanted}" in ${homeOf(args, door)}.${suggestion(wanted, known)}`,
      );
    }
    if (args.flag('json')) door.out.write(jsonText(found.manifest));
    else if (args.flag('path')) door.out.write(`${relative(door.cwd, join(found.folder, 'files/report/report.html'))}\n`);
    else door.out.write(await readFile(join(found.folder, 'files/report/report.md'), 'utf8').catch(() => reportMarkdown(found.manifest)));
    return EXIT.fine;
  },
};
