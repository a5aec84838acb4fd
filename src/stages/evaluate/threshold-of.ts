import { z } from 'zod';
import { UserError } from '../../kernel/errors.ts';
import { tuneThreshold } from '../../metrics/threshold-tuning.ts';
import type { Table } from '../../tables/table.ts';
import { jsonInput } from '../json-input.ts';
import { classified, type JudgeOptions } from '../judged-rows.ts';

const metadataShape = z.object({ metadata: z.object({ threshold: z.unknown().optional() }).optional() });

interface ThresholdInputs {
  readonly threshold: number | 'youden' | 'f1';
  readonly 'validation-predictions'?: string;
  readonly 'validation-rows'?: string;
}

/**
 * The score from which rows are positive: as given, or tuned on the validation rows, which judge nothing.
 * `UserError`: `no-validation-part`, `one-class`, `no-positive`.
 */
export async function thresholdOf(inputs: ThresholdInputs, open: (path: string) => Promise<Table>, options: JudgeOptions): Promise<number> {
  const { threshold, 'validation-predictions': predictions, 'validation-rows': rows } = inputs;
  if (typeof threshold === 'number') return threshold;
  if (options.positive === undefined) {
    throw new UserError('no-positive', `evaluate.threshold is ${threshold}, which needs two classes and target.positive.`, {
      todo: 'Name the positive class, or leave the threshold out.',
    });
  }
  if (predictions === undefined || rows === undefined) {
    throw new UserError('no-validation-part', `evaluate.threshold is ${threshold}, but there are no validation rows to tune it on.`, {
      todo: 'Set prepare-data.split.validation, e.g. 10 %.',
    });
  }
  const { rows: judged } = await classified(await open(rows), await open(predictions), { ...options, threshold: 0.5 });
  const tuned = tuneThreshold(judged, threshold);
  if (!tuned)
    throw new UserError('one-class', `evaluate.threshold is ${threshold}, but the validation rows hold one class only.`, {
      todo: 'Make prepare-data.split.validation larger.',
    });
  return tuned.threshold;
}

/** The threshold that was chosen for the champion and is kept with it; `otherwise` for versions that keep none. */
export async function thresholdOfChampion(metadata: string | undefined, otherwise: number): Promise<number> {
  if (metadata === undefined) return otherwise;
  const { threshold } = (await jsonInput(metadata, metadataShape, 'the metadata of a version')).metadata ?? {};
  return typeof threshold === 'number' ? threshold : otherwise;
}
