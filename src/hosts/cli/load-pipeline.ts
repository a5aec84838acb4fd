import { relative, resolve as resolvePath } from 'node:path';
import { stages as entries } from '../../catalog.ts';
import { InvalidInputs, UserError } from '../../kernel/errors.ts';
import { resolve } from '../../pipeline/resolve.ts';
import { suggestion } from '../../pipeline/words.ts';
import { type Loaded, ofTask, projectFolder, readText } from '../loaded-pipeline.ts';
import { refuseSecrets } from '../refuse-secrets.ts';
import type { Arguments, Option } from './arguments.ts';
import type { Door } from './door.ts';

export const PIPELINE_OPTIONS: readonly Option[] = [
  { name: 'set', value: 'KEY=VALUE', many: true, text: 'Change a key for this run; may be repeated.' },
  { name: 'overrides', value: 'JSON', text: 'Change several keys for this run.' },
  { name: 'home', value: 'FOLDER', text: 'Where runs, registry and cache lie; .retrain of the project by default.' },
];

/** Reads and resolves a pipeline file with everything the command line says on top; every problem at once. */
export async function loadPipeline(path: string | undefined, only: string | undefined, args: Arguments, door: Door): Promise<Loaded> {
  const stages = Object.fromEntries(await Promise.all(entries.map(async (entry) => [entry.name, await entry.load()] as const)));
  if (only !== undefined && !(only in stages)) {
    throw new UserError('unknown-stage', `There is no stage "${only}".${suggestion(only, Object.keys(stages))}`);
  }
  if (path === undefined ? only === undefined : path.trim() === '') {
    throw new UserError('no-file', 'Which pipeline file?', { todo: 'Name it, e.g. pipelines/churn.yaml; `retrain init` writes one.' });
  }
  const file = path === undefined ? undefined : { name: path, text: await readText(resolvePath(door.cwd, path), path) };
  const resolution = resolve({ file, overrides: args.value('overrides'), sets: args.values('set'), only, stages });
  if (resolution.kind === 'invalid') throw new InvalidInputs(resolution.problems, path ?? 'inputs');
  const resolved = ofTask(resolution.resolved);
  refuseSecrets(resolved, door.env, path ?? 'inputs');

  const base = path === undefined ? door.cwd : projectFolder(resolvePath(door.cwd, path));
  const home = args.value('home') ?? door.env.RETRAIN_HOME;
  return {
    resolved,
    stages,
    model: typeof resolved.shared.name === 'string' ? resolved.shared.name : (only ?? 'run'),
    file: path === undefined ? undefined : relative(door.cwd, resolvePath(door.cwd, path)) || path,
    home:
      home === undefined
        ? resolvePath(base, typeof resolved.shared.home === 'string' ? resolved.shared.home : '.retrain')
        : resolvePath(door.cwd, home),
    base,
  };
}
