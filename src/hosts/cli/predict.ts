import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { predict as predictEntry } from '../../catalog.ts';
import { writeAtomic } from '../../kernel/atomic.ts';
import { InvalidInputs, UserError } from '../../kernel/errors.ts';
import { execute } from '../../kernel/execute.ts';
import { EXIT, exitCodeOf } from '../../kernel/flow.ts';
import { resolve as resolveInputs } from '../../pipeline/resolve.ts';
import { makeProviders } from '../run.ts';
import { HOME_OPTION, type Verb } from './door.ts';
import { homeOf, knownModel, registryOf } from './place.ts';
import { terminalView } from './terminal-view.ts';

export const predict: Verb = {
  name: 'predict',
  summary: 'Score rows with a registered version, in its own preparation and environment.',
  usage: 'MODEL --data FILE [--version N] [--output FILE]',
  arguments: 1,
  options: [
    { name: 'data', value: 'FILE', text: 'Rows to score: path, folder or pattern.' },
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
    const home = homeOf(args, door);
    const name = await knownModel(await registryOf(args, door), args.positional[0], door);

    const stage = await predictEntry.load();
    const sets = [
      `name=${name}`,
      `data=${data}`,
      ...['version', 'alias'].flatMap((key) => (args.value(key) === undefined ? [] : [`${key}=${args.value(key)}`])),
      ...args.values('set'),
    ];
    const resolution = resolveInputs({ sets, only: stage.name, stages: { [stage.name]: stage } });
    if (resolution.kind === 'invalid') throw new InvalidInputs(resolution.problems, 'inputs of predict');
    const inputs = resolution.resolved.stages[stage.name]!.inputs;

    const id = `predict-${randomBytes(6).toString('hex')}`;
    const folder = join(home, 'cache', 'predict', id);
    const view = terminalView(door.err, { verbose: false });
    const shared = { registry: args.value('registry') ?? 'file' };
    try {
      const { record, error } = await execute({
        stage,
        inputs: async () => ({ values: inputs, shown: {} }),
        providers: () =>
          makeProviders(stage.needs, {
            home,
            base: door.cwd,
            root: door.root,
            model: name,
            shared,
            inputs,
            env: door.env,
            log: (line) => view.line(stage.name, line),
          }),
        run: { id, logicalDate: door.clock().toISOString().slice(0, 10), seed: '0'.repeat(16) },
        folder,
        folderUri: '.',
        policy: { retries: 0, delaySeconds: 0, timeoutSeconds: Number(inputs.timeout) },
        signal: door.signal,
        log: {
          info: (line) => view.line(stage.name, line),
          warn: (code, text) => view.warning(stage.name, code, text),
          progress: () => undefined,
        },
        clock: door.clock,
      });
      if (error !== undefined) throw error;
      view.stageEnded(record);
      const made = record.outputs.predictions;
      if (typeof made !== 'object') throw new RangeError('predict left no predictions.');
      const text = await readFile(join(folder, made.uri), 'utf8');
      const output = args.value('output');
      if (output === undefined) door.out.write(text);
      else await writeAtomic(resolve(door.cwd, output), text);
      return record.outcome === 'completed' ? EXIT.fine : exitCodeOf({ outcome: 'errored', records: [record] });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
