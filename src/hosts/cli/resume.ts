import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stages as entries } from '../../catalog.ts';
import { UserError } from '../../kernel/errors.ts';
import { EXIT, exitCodeOf } from '../../kernel/flow.ts';
import type { Manifest } from '../../kernel/record.ts';
import { listRuns, runFolder } from '../../kernel/run-folder.ts';
import { configurationForKey, type Resolved, readResolved } from '../../pipeline/resolved.ts';
import { type Loaded, requestOf } from '../loaded-pipeline.ts';
import { run as runPipeline } from '../run.ts';
import type { Verb } from './door.ts';
import { loadPipeline } from './load-pipeline.ts';
import { finish, oneAtATime } from './run.ts';
import { terminalView } from './terminal-view.ts';

/** Outcomes after which something is left to do. */
const UNFINISHED: readonly Manifest['outcome'][] = ['running', 'submitted', 'errored', 'cancelled'];

export const resume: Verb = {
  name: 'resume',
  summary: 'Go on with a run that was killed, cancelled or broken off, or whose training was left running elsewhere.',
  usage: 'FILE',
  arguments: 1,
  options: [
    { name: 'run', value: 'ID', text: 'The run to go on with; the newest of the model by default.' },
    { name: 'home', value: 'FOLDER', text: 'Where runs, registry and cache lie; .retrain of the project by default.' },
    { name: 'verbose', text: 'Show every line the stages have to say.' },
    { name: 'json', text: 'Print the manifest at the end, for programs.' },
  ],

  async run(args, door) {
    const loaded = await loadPipeline(args.positional[0], undefined, args, door);
    const manifest = await oneAtATime(loaded, door, async () => {
      const previous = await runToResume(loaded, args.value('run'));
      if (!previous) return undefined;
      const resolved = await resolvedOf(loaded, previous);
      if (configurationForKey(resolved).sha256 !== configurationForKey(loaded.resolved).sha256)
        door.err.write(`${loaded.file} is not what ${previous.id} began with; the run goes on as it began.\n`);
      const view = terminalView(args.flag('json') ? { ...door.err, interactive: false } : door.out, { verbose: args.flag('verbose') });
      const options = { logicalDate: previous.logicalDate, force: previous.force, only: stagesLeft(previous), previous };
      return runPipeline(requestOf({ ...loaded, resolved }, door, options), view, door.signal);
    });
    if (manifest === undefined) {
      door.out.write(args.flag('json') ? 'null\n' : `No run of ${loaded.model} waits to be gone on with.\n`);
      return EXIT.fine;
    }
    finish(manifest, loaded, args, door);
    return exitCodeOf(manifest);
  },
};

/** The run, without what a stage that did not come to its end has left; undefined when it has ended with a verdict. */
async function runToResume({ home, model }: Loaded, id: string | undefined): Promise<Manifest | undefined> {
  const runs = await listRuns(home, model, (error) => {
    throw error;
  });
  const found = id === undefined ? runs[0]?.manifest : runs.find(({ manifest }) => manifest.id === id)?.manifest;
  if (id !== undefined && found === undefined)
    throw new UserError('no-run', `There is no run ${id} of ${model} in ${home}.`, { todo: '`retrain runs` lists those there are.' });
  if (found === undefined || !UNFINISHED.includes(found.outcome)) return undefined;
  const kept = found.records.filter(({ stage, outcome }) => outcome === 'completed' && !reports(stage));
  return { ...found, outcome: 'running', reason: undefined, ended: undefined, records: kept };
}

const reports = (stage: string): boolean => entries.find(({ name }) => name === stage)?.phase === 'report';

const stagesLeft = ({ records }: Manifest): readonly string[] =>
  entries.map(({ name }) => name).filter((name) => !records.some(({ stage }) => stage === name));

/** What the run was told when it began. */
async function resolvedOf({ home }: Loaded, { id }: Manifest): Promise<Resolved> {
  const path = join(runFolder(home, id), 'resolved.json');
  return readResolved(await readFile(path, 'utf8'), path);
}
