import type { Tracker } from './tracker.ts';

/** Metadata of a run's context. `_params`, `_metrics` and `_state` are what the console and Google's SDK read; the rest is ours. */
export interface RunMetadata {
  readonly _params: Readonly<Record<string, string | number>>;
  /** The latest value of each. */
  readonly _metrics: Readonly<Record<string, string | number>>;
  readonly _state: 'RUNNING' | 'COMPLETE' | 'FAILED' | 'CANCELLED';
  /** Digest the run is found by. */
  readonly retrain_key: string;
  /** As it was given; the context's own name is made of it. */
  readonly retrain_name: string;
  readonly retrain_tags: Readonly<Record<string, string>>;
  /** Steps and values of metrics that have more than one. */
  readonly retrain_series: Readonly<Record<string, readonly (readonly [step: number, value: string | number])[]>>;
}

/** What Vertex AI takes of one context. */
export const CONTEXT_BYTES_MAX = 200_000;
/** Room for what is not series, and for how the service counts. */
const SERIES_BYTES_MAX = 100_000;

export const newRunMetadata = (key: string, name: string): RunMetadata => ({
  _params: {},
  _metrics: {},
  _state: 'RUNNING',
  retrain_key: key,
  retrain_name: name,
  retrain_tags: {},
  retrain_series: {},
});

/** Adds points: `_metrics` holds the one of the highest step. Series that grow too long keep every other point. */
export function withMetrics(run: RunMetadata, points: Parameters<Tracker['metrics']>[1]): RunMetadata {
  const series = new Map<string, Map<number, string | number>>();
  for (const { name, value, step } of points) {
    const steps = series.get(name) ?? seriesOf(run, name);
    steps.set(step, Number.isFinite(value) ? value : String(value));
    series.set(name, steps);
  }
  const metrics = { ...run._metrics };
  const kept = { ...run.retrain_series };
  for (const [name, steps] of series) {
    const sorted = [...steps].sort(([a], [b]) => a - b);
    metrics[name] = (sorted.at(-1) as [number, string | number])[1];
    if (sorted.length > 1 || sorted[0]?.[0] !== 0) kept[name] = sorted;
  }
  return { ...run, _metrics: metrics, retrain_series: bounded(kept) };
}

/** Points known of a metric; one at step 0 needs no series. */
export function seriesOf({ _metrics, retrain_series }: RunMetadata, name: string): Map<number, string | number> {
  const value = _metrics[name];
  return new Map(retrain_series[name] ?? (value === undefined ? [] : [[0, value]]));
}

function bounded(series: RunMetadata['retrain_series']): RunMetadata['retrain_series'] {
  let kept = series;
  while (JSON.stringify(kept).length > SERIES_BYTES_MAX) {
    // Nothing left to thin: so many metrics keep their latest value only.
    if (Object.values(kept).every(({ length }) => length <= 2)) return {};
    kept = Object.fromEntries(
      Object.entries(kept).map(([name, points]) => [name, points.filter((_, at) => at % 2 === 1 || at === points.length - 1)]),
    );
  }
  return kept;
}
