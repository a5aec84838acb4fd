import { UserError } from '../../kernel/errors.ts';
import { EXIT } from '../../kernel/flow.ts';
import { trackers } from '../../providers/trackers/tracker.ts';
import type { Loaded } from '../loaded-pipeline.ts';
import { makeProviders } from '../run.ts';
import type { Door, Verb } from './door.ts';
import { jsonText } from './json-text.ts';
import { loadPipeline, PIPELINE_OPTIONS } from './load-pipeline.ts';
import { nextDates, nextText, scheduleOf } from './schedule.ts';

export const check: Verb = {
  name: 'check',
  summary: 'Read a pipeline file and say everything that is wrong with it, with file, line and column.',
  usage: 'FILE',
  arguments: 1,
  options: [...PIPELINE_OPTIONS, { name: 'json', text: 'Print the resolved configuration, each value with its origin.' }],
  async run(args, door) {
    const loaded = await loadPipeline(args.positional[0], undefined, args, door);
    const { resolved, model, file } = loaded;
    const schedule = scheduleOf(loaded);
    const next = schedule === undefined ? '' : ` ${nextText(nextDates(schedule, door.clock()))}`;
    door.out.write(args.flag('json') ? jsonText(resolved) : `${file}: good, model ${model}.${next}\n`);
    await warnOfTrackers(loaded, door);
    return EXIT.fine;
  },
};

/** What trackers lack is no fault of the file: another machine may have it. */
async function warnOfTrackers({ home, base, model, resolved }: Loaded, door: Door): Promise<void> {
  try {
    await makeProviders({ trackers }, { ...door, home, base, model, shared: resolved.shared, inputs: {}, log: () => undefined });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    door.err.write(`Warning: here the run would stop at its gate: ${error.message}${error.todo ? ` ${error.todo}` : ''}\n`);
  }
}
