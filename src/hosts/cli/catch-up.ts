import { InvalidInputs, UserError, WorldError } from '../../kernel/errors.ts';
import { isLockedElsewhere } from '../../kernel/file-lock.ts';
import { EXIT, exitCodeOf } from '../../kernel/flow.ts';
import type { CatchUp } from '../../pipeline/missed-ticks.ts';
import { type Loaded, requestOf } from '../loaded-pipeline.ts';
import { run as runPipeline } from '../run.ts';
import type { Arguments } from './arguments.ts';
import { dispatchMissed } from './dispatch-missed.ts';
import type { Door, Verb } from './door.ts';
import { loadPipeline, PIPELINE_OPTIONS } from './load-pipeline.ts';
import { finish, lockOf, makeHome, oneAtATime } from './run.ts';
import { missedHere, missedText, scheduleOf } from './schedule.ts';
import { terminalView } from './terminal-view.ts';

const AT_MOST = 5;

export const catchUp: Verb = {
  name: 'catch-up',
  summary: 'Run what the schedule has missed, as `schedule.catch-up` says: here, or by starting the workflow on GitHub.',
  usage: 'FILE [options]',
  arguments: 1,
  options: [
    ...PIPELINE_OPTIONS,
    { name: 'workflow', value: 'FILE', text: 'Workflow of .github/workflows that runs this pipeline: look at its runs, start it.' },
    { name: 'at-most', value: 'N', text: `How many are run now; with --workflow, how many may be under way. ${AT_MOST} by default.` },
    { name: 'dry-run', text: 'Only say which ticks were missed.' },
    { name: 'verbose', text: 'Show every line the stages have to say.' },
  ],

  async run(args, door) {
    const loaded = await loadPipeline(args.positional[0], undefined, args, door);
    const schedule = scheduleOf(loaded);
    if (schedule === undefined) {
      throw new InvalidInputs(
        [{ path: 'schedule.cron', message: 'is absent: nothing can be missed. Say when runs start.', file: loaded.file }],
        loaded.file ?? 'inputs',
      );
    }
    if (schedule['catch-up'] === 'none') {
      door.out.write(`${loaded.model}: schedule.catch-up is none, so nothing is caught up.\n`);
      return EXIT.fine;
    }
    const options = { atMost: atMostOf(args), dryRun: args.flag('dry-run') };
    const workflow = args.value('workflow');
    if (workflow !== undefined) {
      await dispatchMissed({ schedule, model: loaded.model, pipeline: loaded.file!, workflow, ...options }, door);
      return EXIT.fine;
    }
    const dates = await missedHere(schedule, loaded, door);
    door.out.write(`${missedText(loaded.model, dates)}\n`);
    return options.dryRun ? EXIT.fine : runDates(dates.slice(0, options.atMost), schedule, loaded, args, door);
  },
};

/** One run after another, oldest first; a verdict that says no stops nothing, an error does, and so does a run that is under way already. */
async function runDates(dates: readonly string[], schedule: CatchUp, loaded: Loaded, args: Arguments, door: Door): Promise<number> {
  let worst: number = EXIT.fine;
  await makeHome(loaded.home);
  for (const logicalDate of dates) {
    try {
      const manifest = await oneAtATime(loaded, door, async () => {
        // Another pass may have run it since we looked.
        if (!(await missedHere(schedule, loaded, door)).includes(logicalDate)) return undefined;
        const view = terminalView(door.out, { verbose: args.flag('verbose') });
        return runPipeline(requestOf(loaded, door, { logicalDate, force: false }), view, door.signal);
      });
      if (manifest === undefined) continue;
      finish(manifest, loaded, args, door);
      worst = Math.max(worst, exitCodeOf(manifest));
    } catch (error) {
      if (!isUnderWay(error) || (await isLockedElsewhere(lockOf(loaded)))) throw error;
      door.out.write(`${error.message} Nothing was started for ${logicalDate}; the next pass sees to what is left.\n`);
      break;
    }
    if (worst > EXIT.no) break;
  }
  return worst;
}

const isUnderWay = (error: unknown): error is WorldError => error instanceof WorldError && error.code === 'run-under-way';

function atMostOf(args: Arguments): number {
  const text = args.value('at-most') ?? String(AT_MOST);
  const most = Number(text);
  if (Number.isInteger(most) && most >= 1 && most <= 100) return most;
  throw new UserError('bad-at-most', `--at-most: expected a number from 1 to 100, found "${text}".`);
}
