import type { MlflowClient, MlflowPoint, MlflowRun } from '../mlflow/mlflow-client.ts';
import { metricName } from './mlflow-names.ts';
import type { TrackedMetric } from './tracker.ts';

type Told = Pick<MlflowPoint, 'value' | 'timestamp'>;

/**
 * What MLflow holds of a run's metrics. It only ever adds points, so what is told again is left out, and what is told anew at a step that is
 * there gets a later time than the point before: of one step MLflow takes the latest, and of equal times the larger value.
 */
export class MlflowPoints {
  readonly #client: MlflowClient;
  readonly #run: MlflowRun;
  readonly #series = new Map<string, Map<number, Told>>();

  constructor(client: MlflowClient, run: MlflowRun) {
    this.#client = client;
    this.#run = run;
  }

  /** The points that are still to be told; `noNumber` is given those that MLflow cannot hold. */
  async news(
    metrics: readonly TrackedMetric[],
    noNumber: (metric: TrackedMetric) => void,
    signal: AbortSignal,
  ): Promise<readonly MlflowPoint[]> {
    const latest = new Map<string, MlflowPoint>();
    for (const metric of metrics) {
      const { value, step = 0, at } = metric;
      // Infinity would be kept as 1.8e308, and NaN as 0 in charts.
      if (!Number.isFinite(value)) {
        noNumber(metric);
        continue;
      }
      const key = metricName(metric);
      latest.set(`${step}\0${key}`, { key, value, timestamp: Math.max(0, Date.parse(at)), step });
    }
    const news: MlflowPoint[] = [];
    for (const point of latest.values()) {
      const before = (await this.#told(point.key, signal)).get(point.step);
      if (before?.value === point.value) continue;
      news.push(before === undefined ? point : { ...point, timestamp: Math.max(point.timestamp, before.timestamp + 1) });
    }
    return news;
  }

  /** These are there now. */
  async keep(points: readonly MlflowPoint[], signal: AbortSignal): Promise<void> {
    for (const point of points) (await this.#told(point.key, signal)).set(point.step, point);
  }

  /** Read once for each metric, and only where the run has any of it. */
  async #told(key: string, signal: AbortSignal): Promise<Map<number, Told>> {
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const steps = new Map<number, Told>();
    const latest = this.#run.latest.find((point) => point.key === key);
    if (latest !== undefined && !key.startsWith('train/')) steps.set(latest.step, latest);
    else if (latest !== undefined) {
      for await (const page of this.#client.history(this.#run.id, key, signal)) for (const point of page) keepLater(steps, point);
    }
    this.#series.set(key, steps);
    return steps;
  }
}

function keepLater(steps: Map<number, Told>, { step, value, timestamp }: MlflowPoint): void {
  const before = steps.get(step);
  if (before === undefined || timestamp > before.timestamp || (timestamp === before.timestamp && value > before.value))
    steps.set(step, { value, timestamp });
}
