import { findMetric } from '../metrics/catalogue.ts';
import { metricTask } from './metric-task.ts';

const JUDGED_TASKS: readonly (string | undefined)[] = ['classification', 'text-classification', 'regression', 'text-to-sql'];

/** A problem for each name, by the path of its key, that is no metric of the task: said when the file is read, not after training. */
export function unknownMetrics(
  { task, target }: { readonly task?: string; readonly target?: { readonly positive?: string } },
  names: readonly (readonly [path: string, name: string | undefined])[],
): { readonly path: string; readonly message: string }[] {
  if (!JUDGED_TASKS.includes(task)) return [];
  const known = metricTask(task!, target?.positive);
  return names.flatMap(([path, name]) => {
    if (name === undefined) return [];
    try {
      findMetric(known, name);
      return [];
    } catch (error) {
      return [{ path, message: error instanceof Error ? error.message : String(error) }];
    }
  });
}

/** Names under a key that is a list, or a mapping by metric. */
export const metricsAt = (key: string, given: readonly string[] | Readonly<Record<string, unknown>> = {}): [string, string][] =>
  Array.isArray(given) ? given.map((name, i) => [`${key}.${i}`, String(name)]) : Object.keys(given).map((name) => [`${key}.${name}`, name]);
