import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../kernel/errors.ts';
import type { PythonChoice, TrainerSource } from '../providers/backends/backend.ts';
import { jsonInput } from './json-input.ts';

export const TRAINER_SCHEMA = 'retrain/trainer/1';

/** What a version says of the trainer that made it; enough to start it again. */
const trainerFile = z.object({
  schema: z.literal(TRAINER_SCHEMA),
  trainer: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('module'), name: z.string(), extras: z.array(z.string()) }),
    z.object({ kind: z.literal('command'), command: z.array(z.string()).min(1) }),
  ]),
  python: z.object({ python: z.string().optional(), managed: z.boolean() }),
  task: z.string(),
  algorithm: z.string(),
  key: z.string(),
  target: z.object({ column: z.string(), classes: z.array(z.string()).optional(), positive: z.string().optional() }),
  features: z.array(z.string()),
});

export interface VersionTrainer {
  readonly source: TrainerSource;
  readonly python: PythonChoice;
  readonly task: string;
  readonly algorithm: string;
  readonly key: string;
  readonly target: { readonly column: string; readonly classes?: readonly string[]; readonly positive?: string };
  readonly features: readonly string[];
  /** Lock of the environment it was trained in; absent for a trainer without one. */
  readonly environmentLock?: string;
  /** What its jobs installed into an image that brought the rest; absent for one that was trained elsewhere. */
  readonly imageLock?: string;
}

/** Reads `trainer.json` and the environment's lock of a version's folder. `UserError` `unreadable-version` when they do not fit. */
export async function readVersionTrainer(folder: string): Promise<VersionTrainer> {
  const parsed = await jsonInput(join(folder, 'trainer.json'), trainerFile, 'a trainer').catch(() => undefined);
  if (parsed === undefined)
    throw new UserError('unreadable-version', `${join(folder, 'trainer.json')} does not say how the version was trained.`, {
      todo: 'It was registered by something else; its model cannot be started here.',
    });
  const { trainer, ...rest } = parsed;
  const [lock, imageLock] = await Promise.all(
    ['environment.lock', 'image.lock'].map((name) => readFile(join(folder, name), 'utf8').catch(() => undefined)),
  );
  return {
    ...rest,
    source: trainer,
    ...(lock !== undefined && { environmentLock: lock }),
    ...(imageLock !== undefined && { imageLock }),
  };
}

/** A predict job for a version's model, as its own `trainer.json` describes it. */
export const predictJobOf = (
  version: VersionTrainer,
  { device, threads, seconds }: { device: string; threads: number; seconds: number },
): Record<string, unknown> => ({
  contract: 1,
  verb: 'predict',
  task: version.task,
  algorithm: version.algorithm,
  seed: 0,
  key: version.key,
  target: version.target,
  features: version.features,
  output: 'output',
  device,
  threads,
  seconds_left: seconds,
});
