import { join } from 'node:path';
import { faultOf } from '../../kernel/errors.ts';
import type { FileOutput } from '../../kernel/stage.ts';
import { beginAll } from '../../kernel/submitted.ts';
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
    const champion = inputs.champion;
    const predictions = PARTS.flatMap((part) => {
      const path = inputs[`champion-${part}`];
      const predict = async (): Promise<Record<string, FileOutput>> => {
        log.info(`the champion predicts the ${part} rows`);
        const name = `champion-${part}`;
        const predicted = await predictWith({ ...bench, timeoutSeconds: inputs.timeout }, `jobs/${name}`, {
          part: path!,
          model: join(champion, 'model'),
          job: predictJobOf(version, { device: inputs.device, threads: inputs.threads ?? 1, seconds: inputs.timeout }),
          source: version.source,
          python: version.python,
          environmentLock: version.environmentLock,
          imageLock: version.imageLock,
        });
        return { [name]: predicted };
      };
      return path === undefined ? [] : [predict];
    });
    return Object.assign({}, ...(await beginAll(predictions)));
  } catch (error) {
    // The world's faults are retried like any other; only what stays broken is the champion's problem.
    if (signal.aborted || faultOf(error) !== 'user') throw error;
    const text = error instanceof Error ? error.message : String(error);
    log.warn('champion-unusable', `The champion could not predict: ${text}`);
    return { 'champion-problem': text };
  }
}
