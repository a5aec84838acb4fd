import type { Task } from '../metrics/metric.ts';

/** Which metrics have a meaning: two classes with a positive one, more classes, or numbers. */
export function metricTask(task: string, positive: string | undefined): Task {
  if (task === 'regression') return 'regression';
  return positive === undefined ? 'multiclass' : 'binary';
}
