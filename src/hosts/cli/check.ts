import { EXIT } from '../../kernel/flow.ts';
import type { Verb } from './door.ts';
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
    return EXIT.fine;
  },
};
