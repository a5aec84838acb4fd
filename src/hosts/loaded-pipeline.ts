import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { stages as entries } from '../catalog.ts';
import { UserError } from '../kernel/errors.ts';
import { takesPart } from '../kernel/flow.ts';
import type { Stage } from '../kernel/stage.ts';
import { configurationForKey, type Resolved } from '../pipeline/resolved.ts';
import type { RunRequest } from './run.ts';

/** A pipeline as a door has read it. */
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

/** Everything a run needs that the pipeline file and the door decide. */
export function requestOf(
  loaded: Loaded,
  door: Pick<RunRequest, 'clock' | 'root' | 'version' | 'env'>,
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

/** The text of a pipeline file; `shown` is its path as the reader knows it. `UserError`: `missing-file`, `a-folder`. */
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
