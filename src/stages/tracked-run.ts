import type { RunFacts } from '../kernel/stage.ts';
import type { TrackedRun } from '../providers/trackers/tracker.ts';

type Named = Pick<RunFacts, 'id' | 'model' | 'logicalDate'>;
export type Params = Record<string, string | number | boolean>;

/** What trackers call the run; it says the same each time. */
export const runName = ({ model, logicalDate }: Pick<Named, 'model' | 'logicalDate'>): string => `${model}_${logicalDate.slice(0, 10)}`;

/** The run as trackers know it, whichever stage speaks. */
export const trackedRun = (run: Named): TrackedRun => ({ experiment: run.model, name: runName(run), key: run.id });

/** The inputs of a stage that are plain values, as parameters `<stage>.<input>`; what is a file is told apart by its digest and left out. */
export function paramsOf(stage: string, inputs: Readonly<Record<string, unknown>>): Params {
  const params: Params = {};
  for (const [name, value] of Object.entries(inputs)) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') params[`${stage}.${name}`] = value;
    else if (value !== null && typeof value === 'object' && !('sha256' in value)) params[`${stage}.${name}`] = JSON.stringify(value);
  }
  return params;
}
