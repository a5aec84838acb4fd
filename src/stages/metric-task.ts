import type { Task } from '../metrics/metric.ts';

/** Which metrics have a meaning: two classes with a positive one, more classes, numbers, or SQL. */
export function metricTask(task: string, positive: string | undefined): Task {
  if (task === 'regression' || task === 'text-to-sql') return task;
  return positive === undefined ? 'multiclass' : 'binary';
}
