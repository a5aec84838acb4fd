import type * as protos from '@google-cloud/aiplatform/build/protos/protos.js';
import { sha256 } from '../../kernel/digest.ts';
import { UserError } from '../../kernel/errors.ts';
import type { VertexClients } from '../google/vertex-clients.ts';
import { existing } from '../google/vertex-errors.ts';
import type { TrackedMetric } from './tracker.ts';

type Point = protos.google.cloud.aiplatform.v1.ITimeSeriesDataPoint;

/** Points one request takes (tensorboard_service.proto). */
const POINTS_MAX = 5_000;
/** Marks experiments that belong to Vertex AI Experiments, as Google's SDK does. */
const LABELS = { vertex_tensorboard_experiment_source: 'vertex_experiment' };

export interface Tensorboard {
  /** Makes experiment and run where there are none; gives the run's full name. */
  run(experiment: string, run: string, signal: AbortSignal): Promise<string>;
  /** A step that is written again takes the place of the one before; values that are no numbers are left out. */
  write(run: string, points: readonly TrackedMetric[], signal: AbortSignal): Promise<void>;
}

/**
 * Time series in a TensorBoard instance that is there: `projects/P/locations/R/tensorboards/ID`. Everything has a fixed id, so that all of it can
 * be made twice. Errors: `UserError` `tensorboard-elsewhere`.
 */
export function tensorboardOf(clients: VertexClients, instance: string): Tensorboard {
  const region = instance.split('/')[3];
  if (region !== clients.place.region)
    throw new UserError(
      'tensorboard-elsewhere',
      `google.tensorboard lies in ${region}, and Vertex AI is asked in ${clients.place.region}.`,
      {
        todo: 'Name an instance of the same region, or leave google.tensorboard out.',
      },
    );
  const known = new Set<string>();

  /** A call under a fixed id, which may be made again. */
  async function made(doing: string, make: Parameters<VertexClients['read']>[1], signal: AbortSignal): Promise<void> {
    await existing(() => clients.read(doing, make, signal));
  }

  async function ensureSeries(run: string, name: string, signal: AbortSignal): Promise<string> {
    const id = seriesId(name);
    if (known.has(`${run}/${id}`)) return id;
    const client = await clients.tensorboards();
    const series = { displayName: name, valueType: 'SCALAR' as const, pluginName: 'scalars' };
    const request = { parent: run, tensorboardTimeSeriesId: id, tensorboardTimeSeries: series };
    await made(`make the time series ${name}`, (options) => client.createTensorboardTimeSeries(request, options), signal);
    known.add(`${run}/${id}`);
    return id;
  }

  return {
    async run(experiment, run, signal) {
      const client = await clients.tensorboards();
      const tensorboardExperiment = { displayName: experiment, labels: LABELS };
      const first = { parent: instance, tensorboardExperimentId: experiment, tensorboardExperiment };
      await made(`make the experiment in ${instance}`, (options) => client.createTensorboardExperiment(first, options), signal);
      const parent = `${instance}/experiments/${experiment}`;
      const second = { parent, tensorboardRunId: run, tensorboardRun: { displayName: run } };
      await made(`make the run in ${instance}`, (options) => client.createTensorboardRun(second, options), signal);
      return `${parent}/runs/${run}`;
    },

    async write(run, points, signal) {
      const client = await clients.tensorboards();
      for (let from = 0; from < points.length; from += POINTS_MAX) {
        const values = new Map<string, Point[]>();
        for (const { name, value, step, at } of points.slice(from, from + POINTS_MAX)) {
          if (step === undefined || !Number.isFinite(value)) continue;
          const id = await ensureSeries(run, name, signal);
          const point = { step, wallTime: timestampOf(at), scalar: { value } };
          values.set(id, [...(values.get(id) ?? []), point]);
        }
        if (values.size === 0) continue;
        const timeSeriesData = [...values].map(([id, points]) => ({
          tensorboardTimeSeriesId: id,
          valueType: 'SCALAR' as const,
          values: points,
        }));
        const request = { tensorboardRun: run, timeSeriesData };
        await clients.read('write the time series', (options) => client.writeTensorboardRunData(request, options), signal);
      }
    },
  };
}

/** A metric may have any name; ids have small letters, digits and hyphens. */
const seriesId = (name: string): string => sha256(name).slice(0, 32);

function timestampOf(at: string): { readonly seconds: number; readonly nanos: number } {
  const milliseconds = Date.parse(at);
  return { seconds: Math.floor(milliseconds / 1_000), nanos: (milliseconds % 1_000) * 1e6 };
}
