import { join } from 'node:path';
import type { z } from 'zod';
import { digestPath } from '../kernel/digest.ts';
import { UserError } from '../kernel/errors.ts';
import { inputMarks } from '../kernel/inputs.ts';
import type { FileRef, StageRecord } from '../kernel/record.ts';
import type { Stage } from '../kernel/stage.ts';

/** Facts of the run that no stage leaves behind, by the name `run.<fact>`. */
export interface RunWires {
  readonly folder: string;
  readonly values: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Inputs of all stages, for the few that need a neighbour's: `config.<stage>.<input>`. */
  readonly config: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Brings a file that did not travel with the run from where it is stored. */
  readonly bring: (ref: FileRef, path: string) => Promise<void>;
}

export interface Wired {
  /** Inputs filled from earlier stages: values, and absolute paths for files. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The same as the record shows them: files by relative URI and digest. */
  readonly shown: Readonly<Record<string, unknown>>;
}

const isFileRef = (value: unknown): value is FileRef => typeof value === 'object' && value !== null && 'sha256' in value && 'uri' in value;

/**
 * Fills the inputs of a stage that an earlier stage of the run provides, unless they are given.
 * A file whose digest is no longer the one its record names stops the run (`digest-mismatch`).
 */
export async function wire(
  stage: Stage,
  given: Readonly<Record<string, unknown>>,
  records: readonly StageRecord[],
  run: RunWires,
  checked: Set<string>,
): Promise<Wired> {
  const inputs: Record<string, unknown> = {};
  const shown: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(stage.inputs)) {
    const from = inputMarks.get(schema as z.ZodType)?.from;
    if (!from || given[name] !== undefined) continue;
    const [source = '', what = ''] = splitOnce(from);
    if (source === 'run') {
      const value = what === 'folder' ? run.folder : run.values[what];
      if (value !== undefined) inputs[name] = value;
      if (what === 'folder') shown[name] = '.';
      continue;
    }
    if (source === 'config') {
      const [neighbour, key] = splitOnce(what);
      const value = run.config[neighbour]?.[key];
      if (value !== undefined) inputs[name] = value;
      continue;
    }
    const record = records.find((candidate) => candidate.stage === source);
    if (record?.outcome !== 'completed') continue;
    if (what === 'record') {
      inputs[name] = join(run.folder, 'records', `${source}.json`);
      shown[name] = `records/${source}.json`;
      continue;
    }
    const value = record.outputs[what];
    if (value === undefined) continue;
    if (!isFileRef(value)) inputs[name] = value;
    else {
      const path = join(run.folder, value.uri);
      await run.bring(value, path);
      await verify(path, value, checked);
      inputs[name] = path;
      shown[name] = value;
    }
  }
  return { inputs, shown };
}

async function verify(path: string, ref: FileRef, checked: Set<string>): Promise<void> {
  if (checked.has(path)) return;
  const found = await digestPath(path).catch(() => undefined);
  if (found?.sha256 !== ref.sha256) {
    throw new UserError(
      'digest-mismatch',
      `${path}: expected SHA-256 ${ref.sha256}, found ${found?.sha256 ?? 'no such file'}. It changed after the stage that made it.`,
      {
        todo: 'Start the run again from the stage that makes this file.',
      },
    );
  }
  checked.add(path);
}

function splitOnce(text: string): [string, string] {
  const at = text.indexOf('.');
  return [text.slice(0, at), text.slice(at + 1)];
}
