import type { Manifest, StageRecord } from '../../kernel/record.ts';
import type { Evaluation } from '../../providers/trackers/tracker.ts';

const KINDS: Readonly<Record<string, Evaluation['kind']>> = {
  classification: 'classification',
  'text-classification': 'classification',
  regression: 'regression',
  forecast: 'forecast',
};

/** What `evaluate` found of the candidate on the test rows; nothing for tasks that trackers have no form for. */
export function evaluationOf({ records }: Pick<Manifest, 'records'>): Evaluation | undefined {
  const record = records.find(({ stage }) => stage === 'evaluate');
  const kind = KINDS[String(record?.inputs.task)];
  if (record?.outcome !== 'completed' || kind === undefined) return undefined;
  const figures = record.metrics.flatMap(({ name, value, split, slice, model }) =>
    value === undefined || split !== 'test' || slice !== undefined || (model ?? 'candidate') !== 'candidate'
      ? []
      : [[name, value] as const],
  );
  const [confusion, roc] = [confusionOf(record), rocOf(record)];
  return { kind, figures: Object.fromEntries(figures), ...(confusion && { confusion }), ...(roc && { roc }) };
}

function confusionOf({ tables }: StageRecord): Evaluation['confusion'] {
  const table = tables.find(({ name }) => name === 'confusion');
  return table && { classes: table.rows.map(([label]) => String(label)), rows: table.rows.map(([, ...counts]) => counts.map(Number)) };
}

function rocOf({ curves }: StageRecord): Evaluation['roc'] {
  const [ours] = curves.find(({ name }) => name === 'roc')?.series ?? [];
  if (ours?.thresholds === undefined) return undefined;
  // No score is above 1: where no row is positive, the threshold is that.
  return ours.thresholds.map((score, at) => ({
    falsePositiveRate: Number(ours.x[at]),
    recall: ours.y[at] as number,
    threshold: score ?? 1,
  }));
}
