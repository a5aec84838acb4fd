import type { StageRecord } from '../../kernel/record.ts';
import type { RunFacts } from '../../kernel/stage.ts';
import type { ReadInputs } from '../read-inputs.ts';

interface Facts {
  readonly inputs: {
    readonly name: string;
    readonly owner?: string;
    readonly task: string;
    readonly key?: string;
    readonly data?: string;
    readonly configuration: string;
    readonly read: ReadInputs;
  };
  readonly run: RunFacts;
  readonly now: Date;
  /** Content of `trainer.json`. */
  readonly trainer: Readonly<Record<string, unknown>>;
  readonly training?: StageRecord;
  readonly evaluation?: StageRecord;
  readonly bias?: StageRecord;
  readonly syntax?: StageRecord;
}

/** What a version says of itself. Names as the reference systems write them (`model_name`, `performance.test`), digests and verdicts added. */
export function versionMetadata({ inputs, run, now, trainer, training, evaluation, bias, syntax }: Facts): Record<string, unknown> {
  const verdicts = [evaluation, bias, syntax].flatMap((record) => (record?.verdict ? [[record.stage, record.verdict] as const] : []));
  const metrics = [...(evaluation?.metrics ?? []), ...(syntax?.metrics ?? [])].filter(
    ({ slice, model }) => slice === undefined && (model === undefined || model === 'candidate'),
  );
  return {
    model_name: inputs.name,
    training_date: now.toISOString(),
    logical_date: run.logicalDate,
    owner: inputs.owner,
    task: inputs.task,
    algorithm: trainer.algorithm,
    parameters: trainer.parameters,
    feature_count: Array.isArray(trainer.features) ? trainer.features.length : undefined,
    training_samples: trainer.rows,
    performance: performanceBySplit(metrics),
    cross_validation: trainer.cv,
    metrics,
    threshold: evaluation?.outputs.threshold,
    gates: [evaluation, bias, syntax].flatMap((record) => record?.gates ?? []),
    verdicts: Object.fromEntries(verdicts),
    comparison: evaluation?.comparison,
    run: run.id,
    seed: run.seed,
    key: inputs.key,
    data: inputs.data,
    configuration: inputs.configuration,
    read: inputs.read,
    environment: training?.outputs['environment-digest'],
  };
}

function performanceBySplit(metrics: StageRecord['metrics']): Record<string, Record<string, number>> {
  const performance: Record<string, Record<string, number>> = {};
  for (const { name, value, split } of metrics) {
    if (value === undefined) continue;
    const part = split ?? 'test';
    performance[part] = { ...performance[part], [name]: value };
  }
  return performance;
}
