import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { predict as predictEntry } from '../../catalog.ts';
import { writeWhole } from '../../kernel/durable-file.ts';
import { InvalidInputs, UserError } from '../../kernel/errors.ts';
import { EXIT } from '../../kernel/flow.ts';
import { resolve as resolveInputs } from '../../pipeline/resolve.ts';
import { runAlone } from '../run-alone.ts';
import { HOME_OPTION, type Verb } from './door.ts';
import { homeOf, knownModel, registryOf } from './place.ts';
import { terminalView } from './terminal-view.ts';

export const predict: Verb = {
  name: 'predict',
  summary: 'Score rows with a registered version, in its own preparation and environment.',
  usage: 'MODEL --data FILE [--version N | --alias NAME] [--output FILE]',
  arguments: 1,
  options: [
    { name: 'data', value: 'FILE', text: 'Rows to score: path, folder, pattern or store URI.' },
    { name: 'version', value: 'N', text: 'Version to use; the champion by default.' },
    { name: 'alias', value: 'NAME', text: 'Alias of the version to use, e.g. staging.' },
    { name: 'output', value: 'FILE', text: 'Where the predictions go; standard output by default.' },
    { name: 'set', value: 'KEY=VALUE', many: true, text: 'Any other input, e.g. read.missing=[" "].' },
    HOME_OPTION,
    { name: 'registry', value: 'URI', text: 'Another registry than that of the home folder.' },
  ],
  async run(args, door) {
    const data = args.value('data');
    if (data === undefined) throw new UserError('no-data', 'Which rows? Name them with --data FILE.');
    const model = await knownModel(await registryOf(args, door), args.positional[0], door);
    const stage = await predictEntry.load();
    const named = ['version', 'alias'].flatMap((key) => (args.value(key) === undefined ? [] : [`${key}=${args.value(key)}`]));
    const resolution = resolveInputs({
      sets: [`name=${model}`, `data=${data}`, ...named, ...args.values('set')],
      only: stage.name,
      stages: { [stage.name]: stage },
    });
    if (resolution.kind === 'invalid') throw new InvalidInputs(resolution.problems, 'inputs of predict');
    const { inputs } = resolution.resolved.stages[stage.name]!;

    const view = terminalView(door.err, { verbose: false });
    const request = {
      ...door,
      home: homeOf(args, door),
      base: door.cwd,
      model,
      shared: { registry: args.value('registry') ?? 'file' },
      inputs,
      timeoutSeconds: Number(inputs.timeout),
    };
    await runAlone(predictEntry, request, view, async (record, folder) => {
      const made = record.outputs.predictions;
      if (typeof made !== 'object') throw new RangeError('predict left no predictions.');
      const text = await readFile(join(folder, made.uri), 'utf8');
      view.stageEnded(record);
      const output = args.value('output');
      if (output === undefined) door.out.write(text);
      else await writeWhole(resolve(door.cwd, output), text);
    });
    return EXIT.fine;
  },
};
