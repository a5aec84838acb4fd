/**
 * An MLflow tracking server with files through its proxy, as far as the tracker speaks with it: experiments, runs, batches, metric history in
 * pages, inputs, artifacts, basic and bearer credentials. It refuses what `mlflow server` 3.17 refuses, in its words, and the size of a batch as MLflow documents it
 * (the server itself does not measure it). test/providers/trackers/heavy/mlflow-server.test.ts runs the same contract on the real one.
 *
 * Not imitated: the model registry, logged models, traces, webhooks, GraphQL, users and permissions, search but for one tag, multipart uploads.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { posix } from 'node:path';
import type { TestContext } from 'node:test';

interface Point {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
}
interface Pair {
  readonly key: string;
  readonly value: string;
}
interface StoredRun {
  readonly id: string;
  readonly experiment: string;
  readonly name: string;
  readonly started: number;
  status: string;
  ended?: number;
  deleted: boolean;
  readonly params: Map<string, string>;
  readonly tags: Map<string, string>;
  readonly points: Point[];
  readonly datasets: Map<string, unknown>;
}

/** What happens to one request instead of an answer, or besides it. */
export interface MlflowFault {
  readonly status?: number;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** No answer ever comes. */
  readonly hang?: true;
  /** The request is done, and its answer never comes. */
  readonly lost?: true;
}

export interface MlflowStandIn {
  /** Address, with the prefix. */
  readonly url: string;
  readonly runs: ReadonlyMap<string, StoredRun>;
  /** By path below `mlflow-artifacts/artifacts/`. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** `METHOD name` of each request, in order, and what it carried. */
  readonly calls: readonly { readonly name: string; readonly authorization?: string; readonly bytes: number }[];
  /** The next requests whose name holds this. */
  fault(name: string, ...faults: readonly MlflowFault[]): void;
  deleteExperiment(name: string): void;
  /** All points of a metric, repeats too. */
  history(run: string, key: string): readonly Point[];
  close(): Promise<void>;
}

class Refused extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const invalid = (message: string) => new Refused(400, 'INVALID_PARAMETER_VALUE', message);
const missing = (message: string) => new Refused(404, 'RESOURCE_DOES_NOT_EXIST', message);

export interface MlflowStandInOptions {
  /** Value `Authorization` must have. */
  readonly authorization?: string;
  readonly prefix?: string;
  /** Where new runs keep files; the proxy by default. */
  readonly artifactRoot?: string;
}

export async function mlflowStandIn(context: Pick<TestContext, 'after'>, options: MlflowStandInOptions = {}): Promise<MlflowStandIn> {
  const { authorization, prefix = '', artifactRoot = 'mlflow-artifacts:' } = options;
  const experiments: { readonly id: string; readonly name: string; deleted: boolean }[] = [];
  const runs = new Map<string, StoredRun>();
  const files = new Map<string, Buffer>();
  const calls: { name: string; authorization?: string; bytes: number }[] = [];
  const faults: { readonly name: string; readonly fault: MlflowFault }[] = [];

  const activeRun = (id: unknown): StoredRun => {
    const run = storedRun(id);
    if (run.deleted) throw invalid(`The run ${run.id} must be in the 'active' state. Current state is deleted.`);
    return run;
  };
  const storedRun = (id: unknown): StoredRun => {
    if (typeof id !== 'string' || !/^[a-zA-Z0-9][\w-]{0,255}$/.test(id))
      throw invalid(`Invalid value ${JSON.stringify(id)} for parameter 'run_id' supplied.`);
    const run = runs.get(id);
    if (!run) throw missing(`Run with id=${id} not found`);
    return run;
  };
  const shown = (run: StoredRun) => ({
    info: {
      run_id: run.id,
      run_uuid: run.id,
      experiment_id: run.experiment,
      run_name: run.name,
      status: run.status,
      start_time: run.started,
      ...(run.ended !== undefined && { end_time: run.ended }),
      artifact_uri: `${artifactRoot}/${run.experiment}/${run.id}/artifacts`,
      lifecycle_stage: run.deleted ? 'deleted' : 'active',
    },
    data: {
      metrics: [...new Set(run.points.map(({ key }) => key))].map((key) =>
        run.points
          .filter((point) => point.key === key)
          .sort(byTime)
          .at(-1),
      ),
      params: [...run.params].map(([key, value]) => ({ key, value })),
      tags: [...run.tags].map(([key, value]) => ({ key, value })),
    },
  });

  const handlers: Readonly<Record<string, (given: Record<string, unknown>) => unknown>> = {
    'POST experiments/search': () => ({ experiments: experiments.slice(0, 1).map(({ id, name }) => ({ experiment_id: id, name })) }),
    'GET experiments/get-by-name': ({ experiment_name: name }) => {
      const found = experiments.find((experiment) => experiment.name === name);
      if (!found) throw missing(`Could not find experiment with name '${name}'`);
      return { experiment: { experiment_id: found.id, name, lifecycle_stage: found.deleted ? 'deleted' : 'active' } };
    },
    'POST experiments/create': ({ name }) => {
      if (typeof name !== 'string' || name === '' || name.length > 500) throw invalid(`Invalid experiment name: '${name}'`);
      if (experiments.some((experiment) => experiment.name === name))
        throw new Refused(400, 'RESOURCE_ALREADY_EXISTS', `Experiment(name=${name}) already exists.`);
      experiments.push({ id: String(experiments.length + 1), name, deleted: false });
      return { experiment_id: String(experiments.length) };
    },
    'POST runs/search': ({ experiment_ids: ids, filter }) => {
      const [, key, value] = /^tags\.`([^`]+)` = '([^']*)'$/.exec(String(filter)) ?? [];
      if (key === undefined) throw invalid(`Invalid clause(s) in filter string: '${filter}'.`);
      const found = [...runs.values()].filter(
        (run) => !run.deleted && (ids as string[]).includes(run.experiment) && run.tags.get(key) === value,
      );
      return found.length === 0 ? {} : { runs: found.map(shown) };
    },
    'POST runs/create': ({ experiment_id: experiment, run_name: name, start_time: started, tags }) => {
      const found = experiments.find(({ id }) => id === experiment);
      if (!found) throw missing(`No Experiment with id=${experiment} exists`);
      if (found.deleted) throw invalid(`The experiment ${experiment} must be in the 'active' state. Current state is deleted.`);
      const id = randomUUID().replaceAll('-', '');
      const run: StoredRun = {
        id,
        experiment: found.id,
        name: String(name),
        started: Number(started),
        status: 'RUNNING',
        deleted: false,
        params: new Map(),
        tags: new Map(((tags ?? []) as Pair[]).map(({ key, value }) => [key, value])),
        points: [],
        datasets: new Map(),
      };
      runs.set(id, run);
      return { run: shown(run) };
    },
    'GET runs/get': ({ run_id: id }) => ({ run: shown(storedRun(id)) }),
    'POST runs/update': ({ run_id: id, status, end_time: ended }) => {
      const run = activeRun(id);
      if (!['RUNNING', 'FINISHED', 'FAILED', 'KILLED'].includes(String(status)))
        throw invalid(`Invalid value ${JSON.stringify(status)} for parameter 'status' supplied.`);
      run.status = String(status);
      if (ended !== undefined) run.ended = Number(ended);
      return {};
    },
    'POST runs/delete': ({ run_id: id }) => {
      activeRun(id).deleted = true;
      return {};
    },
    'POST runs/log-batch': ({ run_id: id, metrics = [], params = [], tags = [] }) => {
      const run = activeRun(id);
      logBatch(run, metrics as Point[], params as Pair[], tags as Pair[]);
      return {};
    },
    'POST runs/log-inputs': ({ run_id: id, datasets }) => {
      const run = activeRun(id);
      for (const { dataset } of datasets as { readonly dataset: Record<string, string> }[]) {
        if (!dataset.name || !dataset.digest || !dataset.source_type || !dataset.source)
          throw invalid('Dataset name, digest, source_type and source cannot be None');
        if (dataset.digest.length > 36) throw invalid('Dataset digest exceeds the maximum length of 36');
        run.datasets.set(`${dataset.name}\0${dataset.digest}`, dataset);
      }
      return {};
    },
    'GET metrics/get-history': ({ run_id: id, metric_key: key, max_results: max, page_token: page }) => {
      const from = Number(page ?? 0);
      const all = storedRun(id)
        .points.filter((point) => point.key === key)
        .sort(byTime);
      const to = from + Math.min(Number(max ?? all.length), 3);
      return { metrics: all.slice(from, to), ...(to < all.length && { next_page_token: String(to) }) };
    },
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const url = new URL(request.url ?? '/', 'http://localhost');
    const artifact = url.pathname.startsWith(`${prefix}/api/2.0/mlflow-artifacts/artifacts/`);
    const path = url.pathname.slice(`${prefix}/api/2.0/${artifact ? 'mlflow-artifacts/artifacts/' : 'mlflow/'}`.length);
    const name = artifact ? `${request.method} artifacts` : `${request.method} ${path}`;
    const sent = request.headers.authorization;
    calls.push({ name, bytes: body.length, ...(sent !== undefined && { authorization: sent }) });
    const at = faults.findIndex((one) => name.includes(one.name));
    const fault = at < 0 ? undefined : faults.splice(at, 1)[0]?.fault;
    if (fault?.hang) return;
    if (fault?.status !== undefined) return void response.writeHead(fault.status, fault.headers).end(fault.text ?? '');
    if (authorization !== undefined && sent !== authorization) return void response.writeHead(401).end('You are not authenticated.');
    if (!url.pathname.startsWith(`${prefix}/`)) return void response.writeHead(404).end('<!doctype html><title>404 Not Found</title>');
    const say = (status: number, reply: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(reply));
    try {
      let reply: unknown = {};
      if (artifact) {
        if (request.method !== 'PUT') throw new Refused(405, 'INVALID_PARAMETER_VALUE', 'Method not allowed');
        files.set(decodeURIComponent(path), body);
      } else {
        const handler = handlers[name];
        if (!handler) return void response.writeHead(404).end('<!doctype html><title>404 Not Found</title>');
        if (name === 'POST runs/log-batch' && body.length > 1_000_000)
          throw invalid(`Batched logging API requests must be at most 1000000 bytes, got a request of size ${body.length}.`);
        reply = handler(
          request.method === 'GET' ? Object.fromEntries(url.searchParams) : (JSON.parse(body.toString()) as Record<string, unknown>),
        );
      }
      if (fault?.lost) return void response.destroy();
      say(200, reply);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      say(error.status, { error_code: error.code, message: error.message });
    }
  };

  const server = createServer((request, response) => void answer(request, response).catch((error) => response.destroy(error as Error)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  context.after(close);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`,
    runs,
    files,
    calls,
    fault: (name, ...more) => void faults.push(...more.map((fault) => ({ name, fault }))),
    deleteExperiment(name) {
      experiments.find((experiment) => experiment.name === name)!.deleted = true;
    },
    history: (run, key) =>
      runs
        .get(run)!
        .points.filter((point) => point.key === key)
        .sort(byTime),
    close,
  };
}

const byTime = (a: Point, b: Point) => a.timestamp - b.timestamp || a.step - b.step || a.value - b.value;

function logBatch(run: StoredRun, metrics: readonly Point[], params: readonly Pair[], tags: readonly Pair[]): void {
  for (const [what, found, max] of [
    ['metrics', metrics.length, 1_000],
    ['params', params.length, 100],
    ['tags', tags.length, 100],
    ['metrics, params, and tags', metrics.length + params.length + tags.length, 1_000],
  ] as const)
    if (found > max) throw invalid(`A batch logging request can contain at most ${max} ${what}. Got ${found} ${what}.`);
  for (const { key } of [...metrics, ...params, ...tags]) checkKey(key);
  for (const { value, timestamp, step } of metrics) {
    if (typeof value !== 'number') throw invalid(`Invalid value ${JSON.stringify(value)} for parameter 'value' supplied.`);
    if (!Number.isInteger(timestamp) || timestamp < 0) throw invalid(`Invalid value ${timestamp} for parameter 'timestamp' supplied.`);
    if (!Number.isInteger(step)) throw invalid(`Invalid value ${step} for parameter 'step' supplied.`);
  }
  for (const [what, pairs, max] of [
    ['Param value', params, 6_000],
    ['value', tags, 8_000],
  ] as const)
    for (const { value } of pairs) if (value.length > max) throw invalid(`'${what}' exceeds the maximum length of ${max} characters`);
  if (new Set(params.map(({ key }) => key)).size < params.length) throw invalid('Duplicate parameter keys have been submitted');
  const changed = params.filter(({ key, value }) => run.params.has(key) && run.params.get(key) !== value);
  if (changed.length > 0)
    throw invalid(`Changing param values is not allowed. Params were already logged='${JSON.stringify(changed)}' for run ID='${run.id}'.`);
  for (const { key, value } of params) run.params.set(key, value);
  for (const { key, value } of tags) run.tags.set(key, value);
  for (const point of metrics) {
    // A point that is there already, to its time, is there once.
    const same = ({ key, value, timestamp, step }: Point) =>
      key === point.key && value === point.value && timestamp === point.timestamp && step === point.step;
    if (!run.points.some(same)) run.points.push(point);
  }
}

function checkKey(key: string): void {
  if (!/^[/\p{L}\p{N}_.\- :]*$/u.test(key))
    throw invalid(`Invalid value ${JSON.stringify(key)} for parameter 'name' supplied: Names may only contain alphanumerics`);
  const path = posix.normalize(key).replace(/(?<=.)\/$/, '');
  if (key === '' || path !== key || path === '.' || path.startsWith('..') || path.startsWith('/'))
    throw invalid(
      `Names may be treated as files in certain cases, and must not resolve to other names. This name would resolve to '${path}'`,
    );
  if (key.length > 250) throw invalid(`'${key.slice(0, 20)}…' exceeds the maximum length of 250 characters`);
}
