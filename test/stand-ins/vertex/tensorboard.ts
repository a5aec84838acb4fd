import type * as protos from '@google-cloud/aiplatform/build/protos/protos.js';
import { status } from '@grpc/grpc-js';
import { Refusal, type Services } from './server.ts';

type Experiment = protos.google.cloud.aiplatform.v1.ITensorboardExperiment;
type Run = protos.google.cloud.aiplatform.v1.ITensorboardRun;
type Series = protos.google.cloud.aiplatform.v1.ITensorboardTimeSeries;
type Data = protos.google.cloud.aiplatform.v1.ITimeSeriesData;
type Point = protos.google.cloud.aiplatform.v1.ITimeSeriesDataPoint;

const ID = /^[a-z0-9-]{1,128}$/;
const SERIES_ID = /^[a-z0-9][a-z0-9-]{0,127}$/;
const POINTS_MAX = 5_000;

export interface TensorboardStandIn {
  readonly services: Services;
  readonly experiments: ReadonlyMap<string, Experiment>;
  /** Steps and values by the name of the metric; of all runs whose full name ends so. */
  seriesOf(run: string): Readonly<Record<string, readonly (readonly [step: number, value: number])[]>>;
}

/**
 * TensorBoard instances that are there (by full name): experiments, runs, time series of scalars; a step that is written again takes the place of
 * the one before. Making an instance is refused: nobody may do so unasked.
 * Not imitated: tensors and blobs, filters and orders, pages, updates, deletion, exports, data that appears late, project numbers.
 */
export function tensorboardServices(instances: readonly string[]): TensorboardStandIn {
  const experiments = new Map<string, Experiment>();
  const runs = new Map<string, Run>();
  const series = new Map<string, Series>();
  const points = new Map<string, Map<number, Point>>();

  const there = (map: { has(name: string): boolean }, name: string): void => {
    if (!map.has(name)) throw new Refusal(status.NOT_FOUND, `${name} not found.`);
  };
  function make<T extends object>(map: Map<string, T>, name: string, thing: T): T {
    if (map.has(name)) throw new Refusal(status.ALREADY_EXISTS, `${name} already exists.`);
    const made = { ...thing, name };
    map.set(name, made);
    return made;
  }
  const wellFormed = (id: string, form: RegExp): void => {
    if (!form.test(id)) throw new Refusal(status.INVALID_ARGUMENT, `Invalid id ${JSON.stringify(id)}.`);
  };
  const get =
    <T extends object>(map: Map<string, T>) =>
    ({ name }: { name: string }): T => {
      there(map, name);
      return map.get(name) as T;
    };
  const below = <T>(map: ReadonlyMap<string, T>, parent: string): T[] =>
    [...map].filter(([name]) => name.startsWith(`${parent}/`)).map(([, thing]) => thing);
  const dataOf = (name: string): Data => ({
    tensorboardTimeSeriesId: name.split('/').at(-1) as string,
    valueType: 'SCALAR',
    values: [...(points.get(name) ?? [])].sort(([a], [b]) => a - b).map(([, point]) => point),
  });

  const services: Services = {
    TensorboardService: {
      CreateTensorboard: () => {
        throw new Refusal(status.PERMISSION_DENIED, 'An instance costs money; nobody asked for one.');
      },
      GetTensorboard: ({ name }: { name: string }) => {
        there(new Set(instances), name);
        return { name, displayName: 'ours' };
      },
      CreateTensorboardExperiment: (request: {
        parent: string;
        tensorboardExperimentId: string;
        tensorboardExperiment: Experiment | null;
      }) => {
        there(new Set(instances), request.parent);
        wellFormed(request.tensorboardExperimentId, ID);
        return make(experiments, `${request.parent}/experiments/${request.tensorboardExperimentId}`, { ...request.tensorboardExperiment });
      },
      GetTensorboardExperiment: get(experiments),
      CreateTensorboardRun: ({
        parent,
        tensorboardRunId,
        tensorboardRun,
      }: {
        parent: string;
        tensorboardRunId: string;
        tensorboardRun: Run;
      }) => {
        there(experiments, parent);
        wellFormed(tensorboardRunId, ID);
        return make(runs, `${parent}/runs/${tensorboardRunId}`, tensorboardRun);
      },
      GetTensorboardRun: get(runs),
      ListTensorboardRuns: ({ parent }: { parent: string }) => ({ tensorboardRuns: below(runs, parent) }),
      CreateTensorboardTimeSeries: (request: { parent: string; tensorboardTimeSeriesId: string; tensorboardTimeSeries: Series }) => {
        const { parent, tensorboardTimeSeriesId: id, tensorboardTimeSeries: made } = request;
        there(runs, parent);
        wellFormed(id, SERIES_ID);
        if (made.valueType !== 'SCALAR') throw new Refusal(status.UNIMPLEMENTED, 'This stand-in has scalars only.');
        const name = `${parent}/timeSeries/${id}`;
        if (!series.has(name) && below(series, parent).some(({ displayName }) => displayName === made.displayName))
          throw new Refusal(status.INVALID_ARGUMENT, `There is a time series ${made.displayName} already.`);
        return make(series, name, made);
      },
      GetTensorboardTimeSeries: get(series),
      ListTensorboardTimeSeries: ({ parent }: { parent: string }) => ({ tensorboardTimeSeries: below(series, parent) }),
      WriteTensorboardRunData: ({ tensorboardRun, timeSeriesData }: { tensorboardRun: string; timeSeriesData: Data[] }) => {
        there(runs, tensorboardRun);
        if (timeSeriesData.reduce((sum, { values }) => sum + (values ?? []).length, 0) > POINTS_MAX)
          throw new Refusal(status.INVALID_ARGUMENT, `More than ${POINTS_MAX} points.`);
        for (const { tensorboardTimeSeriesId, valueType, values } of timeSeriesData) {
          const name = `${tensorboardRun}/timeSeries/${tensorboardTimeSeriesId}`;
          there(series, name);
          if (valueType !== 'SCALAR') throw new Refusal(status.INVALID_ARGUMENT, `${name} holds scalars.`);
          const kept = points.get(name) ?? new Map<number, Point>();
          for (const point of values ?? []) kept.set(Number(point.step), point);
          points.set(name, kept);
        }
        return {};
      },
      ReadTensorboardTimeSeriesData: ({ tensorboardTimeSeries: name }: { tensorboardTimeSeries: string }) => {
        there(series, name);
        return { timeSeriesData: dataOf(name) };
      },
      BatchReadTensorboardTimeSeriesData: ({ timeSeries }: { timeSeries: string[] }) => {
        for (const name of timeSeries) there(series, name);
        return { timeSeriesData: timeSeries.map(dataOf) };
      },
    },
  };

  return {
    services,
    experiments,
    seriesOf: (run) =>
      Object.fromEntries(
        [...series]
          .filter(([name]) => name.includes(`/runs/${run}/`))
          .map(([name, { displayName }]) => [
            displayName as string,
            (dataOf(name).values ?? []).map(({ step, scalar }) => [Number(step), scalar?.value as number] as const),
          ]),
      ),
  };
}
