import { join } from 'node:path';
import { faultOf } from '../../kernel/errors.ts';
import type { FileOutput } from '../../kernel/stage.ts';
import { predictWith } from '../run-job.ts';
import { predictJobOf, readVersionTrainer } from '../version-trainer.ts';
import type { Bench } from './jobs.ts';

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
      outputs[`champion-${part}`] = await predictWith({ ...bench, timeoutSeconds: inputs.timeout }, `jobs/champion-${part}`, {
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
