import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { faultOf, UserError } from '../../kernel/errors.ts';
import type { FileOutput } from '../../kernel/stage.ts';
import type { PythonChoice, TrainerSource } from '../../providers/backends/backend.ts';
import { TRAINER_SCHEMA } from './describe-training.ts';
import { type Bench, predictWith } from './jobs.ts';

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
}

/** Reads `trainer.json` and the environment's lock of a version's folder. `UserError` `unreadable-version` when they do not fit. */
export async function readVersionTrainer(folder: string): Promise<VersionTrainer> {
  const text = await readFile(join(folder, 'trainer.json'), 'utf8').catch(() => undefined);
  const parsed = trainerFile.safeParse(text === undefined ? undefined : JSON.parse(text));
  if (!parsed.success) throw new UserError('unreadable-version', `${join(folder, 'trainer.json')} does not say how the version was trained.`, { todo: 'It was registered by something else; its model cannot be started here.' });
  const { trainer, ...rest } = parsed.data;
  const lock = await readFile(join(folder, 'environment.lock'), 'utf8').catch(() => undefined);
  return { ...rest, source: trainer, ...(lock !== undefined && { environmentLock: lock }) };
}

/** A predict job for a version's model, as its own `trainer.json` describes it. */
export const predictJobOf = (version: VersionTrainer, { device, threads, seconds }: { device: string; threads: number; seconds: number }): Record<string, unknown> => ({
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

const PARTS = ['validation', 'test', 'oot'] as const;

/**
 * The champion's predictions for the same rows, in its own environment and preparation.
 * One that cannot be started or that fails is told as a problem, which makes the comparison incomparable; it never ends the training.
 */
export async function predictWithChampion(bench: Bench): Promise<Record<string, FileOutput | string>> {
  const { inputs, log, signal } = bench;
  if (inputs['champion-problem'] !== undefined) return { 'champion-problem': inputs['champion-problem'] };
  if (inputs.champion === undefined) return {};
  try {
    const version = await readVersionTrainer(inputs.champion);
    const outputs: Record<string, FileOutput> = {};
    for (const part of PARTS) {
      const path = inputs[`champion-${part}`];
      if (path === undefined) continue;
      log.info(`the champion predicts the ${part} rows`);
      outputs[`champion-${part}`] = await predictWith(bench, `jobs/champion-${part}`, {
        part: path,
        model: join(inputs.champion, 'model'),
        job: predictJobOf(version, { device: inputs.device, threads: inputs.threads ?? 1, seconds: inputs.timeout }),
        source: version.source,
        python: version.python,
        environmentLock: version.environmentLock,
      });
    }
    return outputs;
  } catch (error) {
    // The world's faults are retried like any other; only what stays broken is the champion's problem.
    if (signal.aborted || faultOf(error) !== 'user') throw error;
    const text = error instanceof Error ? error.message : String(error);
    log.warn('champion-unusable', `The champion could not predict: ${text}`);
    return { 'champion-problem': text };
  }
}
