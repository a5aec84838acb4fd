import { readFile } from 'node:fs/promises';
import { basename, dirname, relative, resolve as resolvePath } from 'node:path';
import { stages as entries } from '../../catalog.ts';
import { InvalidInputs, UserError } from '../../kernel/errors.ts';
import { takesPart } from '../../kernel/flow.ts';
import type { Stage } from '../../kernel/stage.ts';
import { resolve } from '../../pipeline/resolve.ts';
import { configurationForKey, type Resolved } from '../../pipeline/resolved.ts';
import { suggestion } from '../../pipeline/words.ts';
import { refuseSecrets } from '../refuse-secrets.ts';
import type { RunRequest } from '../run.ts';
import type { Arguments, Option } from './arguments.ts';
import type { Door } from './door.ts';

export const PIPELINE_OPTIONS: readonly Option[] = [
  { name: 'set', value: 'KEY=VALUE', many: true, text: 'Change a key for this run; may be repeated.' },
  { name: 'overrides', value: 'JSON', text: 'Change several keys for this run.' },
  { name: 'home', value: 'FOLDER', text: 'Where runs, registry and cache lie; .retrain of the project by default.' },
];

export interface Loaded {
  readonly resolved: Resolved;
  readonly stages: Readonly<Record<string, Stage>>;
  readonly model: string;
  /** Path of the pipeline file as shown. */
  readonly file?: string;
  readonly home: string;
  /** Folder that paths in the file are relative to. */
  readonly base: string;
}

/** Reads and resolves a pipeline file with everything the command line says on top; every problem at once. */
export async function loadPipeline(path: string | undefined, only: string | undefined, args: Arguments, door: Door): Promise<Loaded> {
  const stages = Object.fromEntries(await Promise.all(entries.map(async (entry) => [entry.name, await entry.load()] as const)));
  if (only !== undefined && !(only in stages)) {
    throw new UserError('unknown-stage', `There is no stage "${only}".${suggestion(only, Object.keys(stages))}`);
  }
  if (path === undefined && only === undefined) {
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

/** Everything a run needs that the pipeline file and the door decide. */
export function requestOf(
  loaded: Loaded,
  door: Pick<Door, 'clock' | 'root' | 'version' | 'env'>,
  options: { logicalDate?: string; force: boolean; only?: readonly string[]; previous?: RunRequest['previous'] },
): RunRequest {
  const run = (loaded.resolved.shared.run ?? {}) as { retries?: number; 'retry-delay'?: number; timeout?: number };
  return {
    model: loaded.model,
    pipeline: loaded.file,
    shared: loaded.resolved.shared,
    stages: Object.fromEntries(Object.entries(loaded.resolved.stages).map(([name, { inputs }]) => [name, inputs])),
    resolved: loaded.resolved,
    configuration: configurationForKey(loaded.resolved).sha256,
    policy: { retries: run.retries ?? 2, delaySeconds: run['retry-delay'] ?? 300, timeoutSeconds: run.timeout ?? 21_600 },
    logicalDate: options.logicalDate ?? door.clock().toISOString().slice(0, 10),
    force: options.force,
    home: loaded.home,
    base: loaded.base,
    root: door.root,
    version: door.version,
    env: door.env,
    clock: door.clock,
    only: options.only,
    previous: options.previous,
  };
}

/** Without the stages that a pipeline of this task does not have. */
export function ofTask(resolved: Resolved): Resolved {
  const others = entries.filter((entry) => entry.name !== resolved.only && !takesPart(entry, resolved.shared.task)).map(({ name }) => name);
  return { ...resolved, stages: Object.fromEntries(Object.entries(resolved.stages).filter(([name]) => !others.includes(name))) };
}

/** A file in a folder `pipelines` belongs to the project above it; any other file to the folder it lies in. */
export function projectFolder(path: string): string {
  const folder = dirname(path);
  return basename(folder) === 'pipelines' ? dirname(folder) : folder;
}

export async function readText(path: string, shown: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : '';
    if (code === 'ENOENT')
      throw new UserError('missing-file', `${shown} does not exist.`, {
        cause,
        todo: 'Correct the path; `retrain init` writes a first pipeline file.',
      });
    if (code === 'EISDIR') throw new UserError('a-folder', `${shown} is a folder; a pipeline file was expected.`, { cause });
    throw cause;
  }
}
