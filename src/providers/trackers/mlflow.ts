import { readFile, stat } from 'node:fs/promises';
import { bytesText } from '../../kernel/bytes-text.ts';
import { UserError } from '../../kernel/errors.ts';
import type { MlflowClient, MlflowDataset, MlflowPair, MlflowRun } from '../mlflow/mlflow-client.ts';
import { refusedWith, SERVE_ARTIFACTS } from '../mlflow/mlflow-errors.ts';
import { artifactParts } from './artifact-path.ts';
import { batches, METRICS_MAX, PAIRS_MAX } from './mlflow-batches.ts';
import { paramName, paramValue, tagName, tagValue } from './mlflow-names.ts';
import { MlflowPoints } from './mlflow-points.ts';
import { startRun } from './mlflow-start.ts';
import type { LineageArtifact, Tracker } from './tracker.ts';

export interface MlflowTrackerOptions {
  readonly client: MlflowClient;
  readonly log?: (line: string) => void;
  /** Rest between making a run and looking whether somebody else has made it too. */
  readonly settleMs?: number;
}

const SETTLE_MS = 500;
/** Through the server larger files die: https://github.com/mlflow/mlflow/issues/7564, /8963. */
const FILE_BYTES_MAX = 50_000_000;
/** What MLflow takes of a digest. */
const DIGEST_MAX = 36;
const STATES = { finished: 'FINISHED', failed: 'FAILED', killed: 'KILLED' } as const;

/** A run as it was when this process first spoke of it. */
interface Known {
  readonly run: MlflowRun;
  readonly params: Map<string, string>;
  readonly points: MlflowPoints;
}

/**
 * Runs on an MLflow server. The experiment is named for the model; a run is found again by the digest of its key in one of its tags. Figures of
 * the whole run are metrics by their names, series stand under `train/`.
 */
export function mlflowTracker({ client, log = () => undefined, settleMs = SETTLE_MS }: MlflowTrackerOptions): Tracker {
  const known = new Map<string, Promise<Known>>();

  const remember = (run: MlflowRun): Known => ({
    run,
    params: new Map(run.params.map(({ key, value }) => [key, value])),
    points: new MlflowPoints(client, run),
  });

  const read = (id: string, signal: AbortSignal): Promise<Known> => asOurs(id, async () => remember(await client.run(id, signal)));

  function knownRun(id: string, signal: AbortSignal): Promise<Known> {
    const found = known.get(id) ?? read(id, signal);
    known.set(id, found);
    found.catch(() => known.delete(id));
    return found;
  }

  /** Adds what is not there; gives the names that are there with another value. */
  async function addParams(id: string, pairs: readonly MlflowPair[], signal: AbortSignal): Promise<readonly MlflowPair[]> {
    const { params } = await knownRun(id, signal);
    const fresh = pairs.filter(({ key }) => !params.has(key));
    for (const batch of batches(fresh, PAIRS_MAX)) {
      await client.logBatch(id, { params: batch }, signal);
      for (const { key, value } of batch) params.set(key, value);
    }
    return pairs.filter(({ key, value }) => params.get(key) !== value);
  }

  return {
    name: 'mlflow',

    async start(tracked, signal) {
      const run = await startRun(client, tracked, settleMs, signal);
      known.set(run.id, Promise.resolve(remember(run)));
      log(`MLflow: ${client.base}/#/experiments/${run.experiment}/runs/${run.id}`);
      if (proxied(run.artifacts, client.base) === undefined)
        log(`MLflow keeps no files of this run: ${whereFilesLie(run)}. ${SERVE_ARTIFACTS}`);
      return run.id;
    },

    async params(id, params, signal) {
      const pairs = [...new Map(Object.entries(params).map(([name, value]) => [paramName(name), paramValue(value)]))].map(
        ([key, value]) => ({
          key,
          value,
        }),
      );
      let others: readonly MlflowPair[];
      try {
        others = await addParams(id, pairs, signal);
      } catch (error) {
        if (!refusedWith(error, 'INVALID_PARAMETER_VALUE')) throw error;
        // Another process has told some since we read them.
        known.set(id, read(id, signal));
        others = await addParams(id, pairs, signal);
      }
      const { params: kept } = await knownRun(id, signal);
      for (const { key, value } of others)
        log(`Warning: MLflow never changes a parameter: ${key} stays ${shown(kept.get(key))} there, and is ${shown(value)} now.`);
    },

    async metrics(id, metrics, signal) {
      const { points } = await knownRun(id, signal);
      const left: string[] = [];
      const news = await points.news(metrics, ({ name }) => left.push(name), signal);
      for (const batch of batches(news, METRICS_MAX)) {
        await asOurs(id, () => client.logBatch(id, { metrics: batch }, signal));
        await points.keep(batch, signal);
      }
      if (left.length > 0) log(`Not told to MLflow, because the value is no finite number: ${[...new Set(left)].join(', ')}.`);
    },

    async tags(id, tags, signal) {
      const pairs = Object.entries(tags).map(([name, value]) => ({ key: tagName(name), value: tagValue(value) }));
      for (const batch of batches(pairs, PAIRS_MAX)) await asOurs(id, () => client.logBatch(id, { tags: batch }, signal));
    },

    async artifact(id, path, file, signal) {
      const parts = artifactParts(path);
      const { run } = await knownRun(id, signal);
      const folder = proxied(run.artifacts, client.base);
      if (folder === undefined) return log(`MLflow: ${path} is not kept there: ${whereFilesLie(run)}.`);
      const { size } = await stat(file);
      if (size > FILE_BYTES_MAX)
        return log(
          `MLflow: ${path} is not kept there: it has ${bytesText(size)}, and through the server ${bytesText(FILE_BYTES_MAX)} may go.`,
        );
      await client.putFile([folder, ...parts].join('/'), await readFile(file), signal);
    },

    async lineage(id, { inputs }, signal) {
      const datasets = inputs.flatMap(datasetOf);
      if (datasets.length > 0) await asOurs(id, () => client.logDatasets(id, datasets, signal));
    },

    finish: (id, outcome, signal) => asOurs(id, () => client.updateRun(id, STATES[outcome], signal)),
    reach: async (signal) => {
      await client.ping(signal);
      return client.base;
    },
  };

  async function asOurs<T>(id: string, work: () => Promise<T>): Promise<T> {
    const noSuchRun = () => new UserError('no-such-run', `${JSON.stringify(id)} is no run of MLflow at ${client.base}.`);
    if (!/^[a-zA-Z0-9][\w-]{0,255}$/.test(id)) throw noSuchRun();
    try {
      return await work();
    } catch (error) {
      throw refusedWith(error, 'RESOURCE_DOES_NOT_EXIST') ? noSuchRun() : error;
    }
  }
}

/** Path of the run's files on this server, where it takes them itself. */
function proxied(artifacts: string, base: string): string | undefined {
  const [, host, path] = /^mlflow-artifacts:(?:\/\/([^/]*))?\/+(.+)$/.exec(artifacts) ?? [];
  // Nobody else is given files, and with them the credentials.
  return host === undefined || host === '' || host === new URL(base).host ? path?.replace(/\/+$/, '') : undefined;
}

const whereFilesLie = ({ artifacts }: MlflowRun): string =>
  `the server wants clients to write to ${/^[a-z][\w+.-]*:/i.exec(artifacts)?.[0] ?? 'a folder'} themselves`;

const shown = (value: string | undefined): string =>
  JSON.stringify(value !== undefined && value.length > 60 ? `${value.slice(0, 60)}…` : value);

/** A data set as MLflow's own clients read it. */
function datasetOf({ name, kind, uri, digest }: LineageArtifact): readonly MlflowDataset[] {
  if (kind !== 'dataset' || digest === undefined) return [];
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(uri) ?? [];
  return [{ name, digest: digest.slice(0, DIGEST_MAX), sourceType: scheme?.toLowerCase() ?? 'local', source: JSON.stringify({ uri }) }];
}
