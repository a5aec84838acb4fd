import { rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { stages as entries } from '../../catalog.ts';
import { makeFolders } from '../../kernel/durable-file.ts';
import { UserError, WorldError } from '../../kernel/errors.ts';
import { withFileLock } from '../../kernel/file-lock.ts';
import { exitCodeOf, outcomeOf } from '../../kernel/flow.ts';
import type { Manifest } from '../../kernel/record.ts';
import { listRuns, runFolder } from '../../kernel/run-folder.ts';
import { suggestion } from '../../pipeline/words.ts';
import { terminalReport } from '../../report/terminal.ts';
import { type Loaded, requestOf } from '../loaded-pipeline.ts';
import { logicalDateProblem } from '../logical-date.ts';
import { jobsOf, run as runPipeline } from '../run.ts';
import type { Arguments } from './arguments.ts';
import type { Door, Verb } from './door.ts';
import { jsonText } from './json-text.ts';
import { loadPipeline, PIPELINE_OPTIONS } from './load-pipeline.ts';
import { terminalView } from './terminal-view.ts';

export const run: Verb = {
  name: 'run',
  summary: 'Run a pipeline: gate to report. Ends by itself when nothing is new.',
  usage: 'FILE [options]  |  --only STAGE --set KEY=VALUE …',
  arguments: 1,
  options: [
    ...PIPELINE_OPTIONS,
    { name: 'only', value: 'STAGE', text: 'Run this stage alone, on what the last run left; without FILE its inputs come from --set.' },
    { name: 'from', value: 'STAGE', text: 'Go on with the last run from this stage.' },
    { name: 'logical-date', value: 'DATE', text: 'The date the run stands for; today by default.' },
    { name: 'force', text: 'Run although code, configuration and data are the same as before.' },
    { name: 'verbose', text: 'Show every line the stages have to say.' },
    { name: 'json', text: 'Print the manifest at the end, for programs.' },
  ],

  async run(args, door) {
    const [path] = args.positional;
    const only = args.value('only');
    const from = args.value('from');
    if (only !== undefined && from !== undefined) throw new UserError('only-and-from', '--only and --from exclude each other.');
    const logicalDate = args.value('logical-date');
    const badDate = logicalDate === undefined ? undefined : logicalDateProblem(logicalDate);
    if (badDate !== undefined) throw new UserError('bad-date', `--logical-date: ${badDate}`);
    const loaded = await loadPipeline(path, only, args, door);
    const picked = pickStages(only, from);
    await makeHome(loaded.home);

    const manifest = await oneAtATime(loaded, door, async () => {
      const previous = path !== undefined && picked !== undefined ? await lastRun(loaded, picked, from !== undefined) : undefined;
      const view = terminalView(args.flag('json') ? { ...door.err, interactive: false } : door.out, { verbose: args.flag('verbose') });
      return runPipeline(
        requestOf(loaded, door, { logicalDate: logicalDate ?? previous?.logicalDate, force: args.flag('force'), only: picked, previous }),
        view,
        door.signal,
      );
    });
    finish(manifest, loaded, args, door);
    // Asked for one stage of a run that was refused before: that stage's own verdict counts, if it ran.
    const own = only === undefined ? [] : manifest.records.filter(({ stage }) => stage === only);
    return exitCodeOf(own.length === 0 ? manifest : { outcome: outcomeOf(own).outcome, records: own });
  },
};

function pickStages(only: string | undefined, from: string | undefined): readonly string[] | undefined {
  if (only !== undefined) return [only];
  if (from === undefined) return undefined;
  const names = entries.map(({ name }) => name);
  const start = names.indexOf(from);
  if (start === -1) throw new UserError('unknown-stage', `There is no stage "${from}".${suggestion(from, names)}`);
  return names.slice(start);
}

/** The newest run of the model, without what the stages that run again have left. */
async function lastRun(loaded: Loaded, picked: readonly string[], needed: boolean): Promise<Manifest | undefined> {
  const found = (
    await listRuns(loaded.home, loaded.model, (error) => {
      throw error;
    })
  )[0]?.manifest;
  if (!found) {
    if (needed)
      throw new UserError('no-run', `There is no run of ${loaded.model} in ${loaded.home} to go on with.`, {
        todo: 'Run without --from first.',
      });
    return undefined;
  }
  await rm(jobsOf(runFolder(loaded.home, found.id)), { recursive: true, force: true });
  return {
    ...found,
    outcome: 'running',
    reason: undefined,
    ended: undefined,
    records: found.records.filter(({ stage }) => !picked.includes(stage)),
  };
}

/** Who runs this pipeline now. */
export const lockOf = ({ home, model }: Pick<Loaded, 'home' | 'model'>): string => join(home, 'locks', `${model}.lock`);

/** Holds the lock of the model while it works; somebody else's run is told of, exit 3. */
export async function oneAtATime<T>(loaded: Loaded, door: Door, work: () => Promise<T>): Promise<T> {
  const lock = lockOf(loaded);
  await makeFolders(dirname(lock));
  let started = false;
  try {
    return await withFileLock(
      lock,
      () => {
        started = true;
        return work();
      },
      { signal: door.signal, log: (line) => door.err.write(`${line}\n`), waitSeconds: 0 },
    );
  } catch (error) {
    if (started || !(error instanceof WorldError) || error.code !== 'locked') throw error;
    throw new WorldError('run-under-way', `A run of ${loaded.model} is under way. ${error.message}`, {
      cause: error,
      todo: `\`retrain status\` shows how far it is. ${error.todo ?? 'Run again when it has ended.'}`,
    });
  }
}

export async function makeHome(home: string): Promise<void> {
  try {
    await makeFolders(home);
  } catch (cause) {
    throw new UserError(
      'home-not-writable',
      `The home folder ${home} cannot be made: ${cause instanceof Error ? cause.message : String(cause)}.`,
      {
        cause,
        todo: 'Move away what lies there, or name another folder with --home.',
      },
    );
  }
}

/** What the terminal says at the end of a run. */
export function finish(manifest: Manifest, loaded: Loaded, args: Arguments, door: Door): void {
  if (args.flag('json')) {
    door.out.write(jsonText(manifest));
    return;
  }
  const made = manifest.records.find(({ stage }) => stage === 'report')?.outputs.html;
  const report = typeof made === 'object' ? relative(door.cwd, join(runFolder(loaded.home, manifest.id), made.uri)) : undefined;
  const files =
    manifest.pipeline === undefined
      ? writtenFiles(manifest, (uri) => relative(door.cwd, join(runFolder(loaded.home, manifest.id), uri)))
      : {};
  door.out.write(`
${terminalReport(manifest, { width: door.out.columns, colour: door.out.colour, report, files })}`);
}

const writtenFiles = ({ records }: Manifest, pathOf: (uri: string) => string): Record<string, string> =>
  Object.fromEntries(
    records.flatMap(({ outputs }) =>
      Object.entries(outputs).flatMap(([name, value]) => (typeof value === 'object' ? [[name, pathOf(value.uri)]] : [])),
    ),
  );
