import { z } from 'zod';
import { refusedWith } from './mlflow-errors.ts';
import { type MlflowPlace, mlflowPlace } from './mlflow-place.ts';
import { askMlflow, MLFLOW_PATIENCE, type MlflowPatience, type MlflowRequest } from './mlflow-requests.ts';

export interface MlflowExperiment {
  readonly id: string;
  readonly deleted: boolean;
}

export interface MlflowPoint {
  readonly key: string;
  readonly value: number;
  /** Milliseconds. */
  readonly timestamp: number;
  readonly step: number;
}

export interface MlflowPair {
  readonly key: string;
  readonly value: string;
}

export interface MlflowRun {
  readonly id: string;
  readonly experiment: string;
  /** Milliseconds. */
  readonly started: number;
  readonly artifacts: string;
  readonly params: readonly MlflowPair[];
  readonly tags: readonly MlflowPair[];
  /** The latest point of each metric. */
  readonly latest: readonly MlflowPoint[];
}

export interface MlflowDataset {
  readonly name: string;
  readonly digest: string;
  readonly sourceType: string;
  /** JSON. */
  readonly source: string;
}

/** The calls of an MLflow server that Retrain makes: its REST API 2.0, the same on MLflow 2 and 3. */
export interface MlflowClient {
  /** Address without a slash at its end. */
  readonly base: string;
  /** Does somebody answer, and let us in? */
  ping(signal: AbortSignal): Promise<void>;
  experimentNamed(name: string, signal: AbortSignal): Promise<MlflowExperiment | undefined>;
  /** Refused with RESOURCE_ALREADY_EXISTS where there is one, deleted ones too. */
  createExperiment(name: string, signal: AbortSignal): Promise<string>;
  /** Runs that are not deleted and have this tag. */
  runsTagged(experiment: string, tag: MlflowPair, signal: AbortSignal): Promise<readonly MlflowRun[]>;
  /** Sent once: an answer that is lost leaves a run behind, which its tags tell. */
  createRun(
    run: { readonly experiment: string; readonly name: string; readonly tags: readonly MlflowPair[] },
    signal: AbortSignal,
  ): Promise<MlflowRun>;
  run(id: string, signal: AbortSignal): Promise<MlflowRun>;
  updateRun(id: string, status: 'RUNNING' | 'FINISHED' | 'FAILED' | 'KILLED', signal: AbortSignal): Promise<void>;
  deleteRun(id: string, signal: AbortSignal): Promise<void>;
  /** Within the limits of one batch; sent again, it leaves what once would. */
  logBatch(
    id: string,
    batch: { readonly metrics?: readonly MlflowPoint[]; readonly params?: readonly MlflowPair[]; readonly tags?: readonly MlflowPair[] },
    signal: AbortSignal,
  ): Promise<void>;
  /** Every point of one metric that was ever told, page by page. */
  history(id: string, key: string, signal: AbortSignal): AsyncGenerator<readonly MlflowPoint[]>;
  logDatasets(id: string, datasets: readonly MlflowDataset[], signal: AbortSignal): Promise<void>;
  /** `path`: as {@link MlflowRun.artifacts} names it without its scheme, and the file's own. */
  putFile(path: string, content: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<void>;
}

/** Points asked for at a time. Servers that know no pages give all. */
const PAGE_POINTS = 25_000;
const RUNS_MAX = 100;

// Numbers of 64 bits come as text from some servers, and NaN does from all.
const number = z.union([z.number(), z.string()]).transform(Number);
const pairs = z.array(z.object({ key: z.string(), value: z.string().default('') })).default([]);
const points = z.array(z.object({ key: z.string(), value: number, timestamp: number, step: number.default(0) })).default([]);
const run = z
  .object({
    info: z.object({ run_id: z.string(), experiment_id: z.string(), start_time: number.default(0), artifact_uri: z.string().default('') }),
    data: z.object({ metrics: points, params: pairs, tags: pairs }).prefault({}),
  })
  .transform(
    ({ info, data }): MlflowRun => ({
      id: info.run_id,
      experiment: info.experiment_id,
      started: info.start_time,
      artifacts: info.artifact_uri,
      params: data.params,
      tags: data.tags,
      latest: data.metrics,
    }),
  );
const nothing = z.object({}).transform(() => undefined);

/** The server at `address`, or where the environment says; see {@link mlflowPlace}. */
export const openMlflow = (address: string | undefined, env: Readonly<Record<string, string | undefined>>): MlflowClient =>
  mlflowClient(mlflowPlace(address, env));

export function mlflowClient(place: MlflowPlace, patience: MlflowPatience = MLFLOW_PATIENCE): MlflowClient {
  const ask = <Reply>(request: MlflowRequest<Reply>, signal: AbortSignal) => askMlflow(request, place, patience, signal);
  const api = (name: string) => `/api/2.0/mlflow/${name}`;
  const change = (doing: string, name: string, body: Readonly<Record<string, unknown>>, signal: AbortSignal) =>
    ask({ doing, method: 'POST', path: api(name), body, reply: nothing }, signal);

  return {
    base: place.base,

    async ping(signal) {
      const reply = z.object({ experiments: z.array(z.unknown()).default([]) });
      await ask({ doing: 'list experiments', method: 'POST', path: api('experiments/search'), body: { max_results: 1 }, reply }, signal);
    },

    async experimentNamed(name, signal) {
      const reply = z.object({ experiment: z.object({ experiment_id: z.string(), lifecycle_stage: z.string().default('active') }) });
      const query = { experiment_name: name };
      const doing = `look for the experiment ${JSON.stringify(name)}`;
      try {
        const { experiment } = await ask({ doing, method: 'GET', path: api('experiments/get-by-name'), query, reply }, signal);
        return { id: experiment.experiment_id, deleted: experiment.lifecycle_stage === 'deleted' };
      } catch (error) {
        if (refusedWith(error, 'RESOURCE_DOES_NOT_EXIST')) return undefined;
        throw error;
      }
    },

    async createExperiment(name, signal) {
      const reply = z.object({ experiment_id: z.string() });
      const doing = `make the experiment ${JSON.stringify(name)}`;
      const made = await ask({ doing, method: 'POST', path: api('experiments/create'), body: { name }, reply }, signal);
      return made.experiment_id;
    },

    async runsTagged(experiment, { key, value }, signal) {
      const body = { experiment_ids: [experiment], filter: `tags.\`${key}\` = '${value}'`, max_results: RUNS_MAX };
      const reply = z.object({ runs: z.array(run).default([]) });
      return (await ask({ doing: 'look for the run', method: 'POST', path: api('runs/search'), body, reply }, signal)).runs;
    },

    async createRun({ experiment, name, tags }, signal) {
      const body = { experiment_id: experiment, run_name: name, start_time: Date.now(), tags };
      const reply = z.object({ run });
      return (await ask({ doing: 'make the run', method: 'POST', path: api('runs/create'), body, reply, once: true }, signal)).run;
    },

    async run(id, signal) {
      const reply = z.object({ run });
      return (await ask({ doing: `read the run ${id}`, method: 'GET', path: api('runs/get'), query: { run_id: id }, reply }, signal)).run;
    },

    updateRun: (id, status, signal) =>
      change(`update the run ${id}`, 'runs/update', { run_id: id, status, ...(status !== 'RUNNING' && { end_time: Date.now() }) }, signal),
    deleteRun: (id, signal) => change(`remove the run ${id}`, 'runs/delete', { run_id: id }, signal),
    logBatch: (id, batch, signal) => change(`log to the run ${id}`, 'runs/log-batch', { run_id: id, ...batch }, signal),

    async *history(id, key, signal) {
      const reply = z.object({ metrics: points, next_page_token: z.string().optional() });
      const doing = `read the metric ${JSON.stringify(key)} of the run ${id}`;
      for (let page: string | undefined; ; ) {
        const query = { run_id: id, metric_key: key, max_results: String(PAGE_POINTS), ...(page !== undefined && { page_token: page }) };
        const found = await ask({ doing, method: 'GET', path: api('metrics/get-history'), query, reply }, signal);
        yield found.metrics;
        if (!found.next_page_token || found.metrics.length === 0) return;
        page = found.next_page_token;
      }
    },

    logDatasets: (id, datasets, signal) =>
      change(
        `log data sets to the run ${id}`,
        'runs/log-inputs',
        {
          run_id: id,
          datasets: datasets.map(({ name, digest, sourceType, source }) => ({
            tags: [{ key: 'mlflow.data.context', value: 'training' }],
            dataset: { name, digest, source_type: sourceType, source },
          })),
        },
        signal,
      ),

    async putFile(path, content, signal) {
      const encoded = path.split('/').map(encodeURIComponent).join('/');
      const request = {
        doing: `keep ${path}`,
        method: 'PUT',
        path: `/api/2.0/mlflow-artifacts/artifacts/${encoded}`,
        body: content,
      } as const;
      await ask({ ...request, reply: nothing }, signal);
    },
  };
}
