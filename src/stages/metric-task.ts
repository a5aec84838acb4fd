import { type CataloguedTask, findMetric } from '../metrics/catalogue.ts';
import type { Direction, Metric } from '../metrics/metric.ts';

/** Which metrics have a meaning: two classes with a positive one, more classes, or numbers. */
export function metricTask(task: string, positive: string | undefined): CataloguedTask {
  if (task === 'regression') return 'regression';
  return positive === undefined ? 'multiclass' : 'binary';
}

/** A metric of the task by name; rows of the task are what it is given. */
export const metricNamed = (task: CataloguedTask, name: string): Metric => findMetric(task, name) as unknown as Metric;

/** Which way a metric is better, whatever task it belongs to. */
export function directionNamed(name: string): Direction {
  for (const task of ['binary', 'multiclass', 'regression'] as const) {
    try {
      return findMetric(task, name).better;
    } catch {
      // Not a metric of this task; the last task's error says which names there are.
    }
  }
  return findMetric('binary', name).better;
}
