import type { TrackedJob, TrackedMetric } from './tracker.ts';

/** Metadata of a run's context. `_params`, `_metrics`, `_state` and `_custom_jobs` are what the console and Google's SDK read; the rest is ours. */
export interface RunMetadata {
  readonly _params: Readonly<Record<string, string | number>>;
  /** The figure of the whole run, or the value of the highest step. */
  readonly _metrics: Readonly<Record<string, string | number>>;
  readonly _state: 'RUNNING' | 'COMPLETE' | 'FAILED' | 'CANCELLED';
  readonly _custom_jobs: readonly { readonly custom_job_resource_name: string; readonly custom_job_console_uri: string }[];
  /** Digest the run is found by. */
  readonly retrain_key: string;
  /** As it was given; the context's own name is made of it. */
  readonly retrain_name: string;
  readonly retrain_tags: Readonly<Record<string, string>>;
  /** Names in `_metrics` that are figures of the whole run. */
  readonly retrain_figures: readonly string[];
  /** Steps and values of metrics that have steps. */
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
  // Google's SDK fails where the list is missing.
  _custom_jobs: [],
  retrain_key: key,
  retrain_name: name,
  retrain_tags: {},
  retrain_figures: [],
  retrain_series: {},
});

/** Adds jobs that the run does not name yet. */
export function withJobs(run: RunMetadata, jobs: readonly TrackedJob[]): RunMetadata {
  const known = new Map(run._custom_jobs.map((job) => [job.custom_job_resource_name, job]));
  for (const { name, link } of jobs) known.set(name, { custom_job_resource_name: name, custom_job_console_uri: link });
  return { ...run, _custom_jobs: [...known.values()] };
}

/** Adds what was measured. A figure of the whole run goes before the last value of a series of its name. Series that grow too long are thinned. */
export function withMetrics(run: RunMetadata, metrics: readonly TrackedMetric[]): RunMetadata {
  const shown = { ...run._metrics };
  const figures = new Set(run.retrain_figures);
  const series = new Map<string, Map<number, string | number>>();
  for (const { name, value, step } of metrics) {
    const written = Number.isFinite(value) ? value : String(value);
    if (step === undefined) {
      figures.add(name);
      shown[name] = written;
    } else {
      const steps = series.get(name) ?? new Map(run.retrain_series[name]);
      steps.set(step, written);
      series.set(name, steps);
    }
  }
  const kept = { ...run.retrain_series };
  for (const [name, steps] of series) {
    const sorted = [...steps].sort(([a], [b]) => a - b);
    kept[name] = sorted;
    if (!figures.has(name)) shown[name] = (sorted.at(-1) as [number, string | number])[1];
  }
  return { ...run, _metrics: shown, retrain_figures: [...figures], retrain_series: bounded(kept) };
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
