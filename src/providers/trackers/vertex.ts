import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as protos from '@google-cloud/aiplatform/build/protos/protos.js';
import { sha256 } from '../../kernel/digest.ts';
import { toStruct } from '../google/struct.ts';
import type { VertexClients } from '../google/vertex-clients.ts';
import { existing } from '../google/vertex-errors.ts';
import type { Store } from '../stores/store.ts';
import { artifactParts } from './artifact-path.ts';
import type { LineageArtifact, TrackedRun, Tracker } from './tracker.ts';
import { vertexContexts } from './vertex-contexts.ts';
import { evaluationArtifact } from './vertex-evaluation.ts';
import { artifactId, experimentId, keyDigest, runId } from './vertex-names.ts';
import { newRunMetadata, withJobs, withMetrics } from './vertex-run.ts';
import { tensorboardOf } from './vertex-tensorboard.ts';

export interface VertexTrackerOptions {
  readonly clients: VertexClients;
  /** Where files of runs go. Absent: there is no bucket, and Vertex AI is told figures only. */
  readonly files?: { readonly store: Store; readonly folder: string };
  /** A TensorBoard instance for the steps of metrics. Absent: they are kept with the run, and none is ever made. */
  readonly tensorboard?: string;
  readonly log?: (line: string) => void;
  /** Rest after a lost race for a run's context. */
  readonly pauseMs?: number;
}

const SCHEMA_VERSION = '0.0.1';
const PAUSE_MS = 300;
/** A longer parameter goes to a file, and its address takes its place. */
const PARAM_LENGTH_MAX = 2_000;
const STATES = { finished: 'COMPLETE', failed: 'FAILED', killed: 'CANCELLED' } as const;

/**
 * Vertex AI Experiments, written as its console and Google's Python SDK read it: a context for the experiment, one for the run below it with
 * `_params`, `_metrics` and `_state`, files as artifacts of the run. The id of a run is that of its context.
 */
export function vertexTracker({ clients, files, tensorboard, log, pauseMs = PAUSE_MS }: VertexTrackerOptions): Tracker {
  const contexts = vertexContexts(clients, pauseMs);
  const { metadataStore, nameOf: contextName, find, change } = contexts;
  const board = tensorboard === undefined ? undefined : tensorboardOf(clients, tensorboard);
  /** Runs of TensorBoard by the id of ours. */
  const boardRuns = new Map<string, string>();

  /** Keeps a file in the bucket; gives its address. */
  async function keep(id: string, path: string, file: string, signal: AbortSignal): Promise<string | undefined> {
    if (!files) return undefined;
    const uri = `${files.folder}/${id}/${path}`;
    await files.store.put(file, uri, { signal });
    return uri;
  }

  async function addArtifact(
    id: string,
    key: string,
    artifact: protos.google.cloud.aiplatform.v1.IArtifact,
    signal: AbortSignal,
    ownId = artifactId(id, key),
  ): Promise<string> {
    const client = await clients.metadata();
    const name = `${metadataStore}/artifacts/${ownId}`;
    const request = {
      parent: metadataStore,
      artifactId: ownId,
      artifact: { schemaVersion: SCHEMA_VERSION, state: 'LIVE' as const, ...artifact },
    };
    const made = await existing(() => clients.read(`log ${key}`, (options) => client.createArtifact(request, options), signal));
    if (!made) {
      await clients.read(`log ${key}`, (options) => client.updateArtifact({ artifact: { ...request.artifact, name } }, options), signal);
    }
    return made?.name ?? name;
  }

  async function attach(id: string, artifacts: string[], executions: string[], signal: AbortSignal): Promise<void> {
    const client = await clients.metadata();
    const request = { context: contextName(id), artifacts, executions };
    await clients.read(`add to ${contextName(id)}`, (options) => client.addContextArtifactsAndExecutions(request, options), signal);
  }

  async function startRun({ experiment, name, key }: TrackedRun, signal: AbortSignal): Promise<string> {
    await contexts.ensureStore(signal);
    const experimentContext = await contexts.ensure(
      experimentId(experiment),
      {
        displayName: experimentId(experiment),
        schemaTitle: 'system.Experiment',
        schemaVersion: SCHEMA_VERSION,
        metadata: toStruct({ experiment_deleted: false }),
        description: `Retrain: ${experiment}`,
      },
      signal,
    );
    const digest = keyDigest(experiment, key);
    const found = await contexts.known(digest, signal);
    if (found !== undefined) await change(found, (before) => ({ ...before, _state: 'RUNNING' }), signal);
    const { id, run } = found === undefined ? runId(experiment, name, key) : { id: found, run: name };
    if (found === undefined) {
      const context = {
        displayName: run,
        schemaTitle: 'system.ExperimentRun',
        schemaVersion: SCHEMA_VERSION,
        metadata: toStruct({ ...newRunMetadata(digest, name) }),
        description: `Retrain: ${name}`,
      };
      await contexts.ensure(id, context, signal);
    }
    const client = await clients.metadata();
    // Without it the run is listed nowhere; who is a child already is skipped.
    const request = { context: experimentContext.name, childContexts: [contextName(id)] };
    await clients.read(`add ${id} to its experiment`, (options) => client.addContextChildren(request, options), signal);
    return id;
  }

  return {
    name: 'vertex',

    start: startRun,

    async params(id, params, signal) {
      const shown: Record<string, string | number> = {};
      for (const [name, value] of Object.entries(params)) {
        const text = typeof value === 'number' && Number.isFinite(value) ? value : String(value);
        const long = typeof text === 'string' && text.length > PARAM_LENGTH_MAX;
        shown[name] = long ? await longParam(id, name, text, signal) : text;
      }
      await change(id, (run) => ({ ...run, _params: { ...run._params, ...shown } }), signal);
    },

    async metrics(id, metrics, signal) {
      await change(id, (run) => withMetrics(run, metrics), signal);
      if (board && metrics.some(({ step }) => step !== undefined)) await board.write(await boardRun(id, signal), metrics, signal);
    },

    async evaluation(id, evaluation, signal) {
      const { schemaTitle, metadata } = evaluationArtifact(evaluation);
      const artifact = { displayName: 'evaluation', schemaTitle, metadata: toStruct(metadata) };
      await attach(id, [await addArtifact(id, 'evaluation', artifact, signal)], [], signal);
    },

    tags: (id, tags, signal) => change(id, (run) => ({ ...run, retrain_tags: { ...run.retrain_tags, ...tags } }), signal),
    finish: (id, outcome, signal) => change(id, (run) => ({ ...run, _state: STATES[outcome] }), signal),
    jobs: (id, jobs, signal) => change(id, (run) => withJobs(run, jobs), signal),
    close: () => clients.close(),
    experimentRun: (experiment, id) => ({ experiment: contextName(experimentId(experiment)), run: contextName(id) }),

    async artifact(id, path, file, signal) {
      artifactParts(path);
      const uri = await keep(id, path, file, signal);
      if (uri === undefined) return log?.(`Vertex AI Experiments: ${path} is not kept, because no store is named.`);
      const name = await addArtifact(id, path, { displayName: path, uri, schemaTitle: 'system.Artifact' }, signal);
      await attach(id, [name], [], signal);
    },

    async lineage(id, { inputs, outputs, outcome }, signal) {
      const client = await clients.metadata();
      const executionId = `${id}-train`;
      const execution = {
        displayName: executionId,
        schemaTitle: 'system.ContainerExecution',
        schemaVersion: SCHEMA_VERSION,
        state: STATES[outcome],
        metadata: toStruct({}),
      };
      const request = { parent: metadataStore, executionId, execution };
      const name = `${metadataStore}/executions/${executionId}`;
      const made = await existing(() => clients.read('log the execution', (options) => client.createExecution(request, options), signal));
      if (!made)
        await clients.read(
          'log the execution',
          (options) => client.updateExecution({ execution: { ...execution, name } }, options),
          signal,
        );
      const events: protos.google.cloud.aiplatform.v1.IEvent[] = [];
      for (const [type, artifacts] of [
        ['INPUT', inputs],
        ['OUTPUT', outputs],
      ] as const)
        for (const artifact of artifacts)
          events.push({ artifact: await addArtifact(id, artifact.name, lineageArtifact(artifact), signal), type });
      await clients.read(
        'log what went in and came out',
        (options) => client.addExecutionEvents({ execution: name, events }, options),
        signal,
      );
      await attach(
        id,
        events.map(({ artifact }) => artifact as string),
        [name],
        signal,
      );
    },
  };

  /** The run in TensorBoard, tied to ours as Google's SDK ties them: by the id of an artifact, its schema and a mark. */
  async function boardRun(id: string, signal: AbortSignal): Promise<string> {
    const known = boardRuns.get(id);
    if (known !== undefined) return known;
    const run = (await find(id, signal))?.displayName ?? id;
    const resourceName = await board!.run(id.slice(0, -run.length - 1), run, signal);
    const tie = {
      displayName: run,
      uri: `https://${clients.place.region}-aiplatform.googleapis.com/v1/${resourceName}`,
      schemaTitle: 'google.VertexTensorboardRun',
      metadata: toStruct({ resourceName, vertex_experiment_tracking: true }),
    };
    await attach(id, [await addArtifact(id, 'tensorboard', tie, signal, `${id}-tb-run`)], [], signal);
    boardRuns.set(id, resourceName);
    return resourceName;
  }

  async function longParam(id: string, name: string, text: string, signal: AbortSignal): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'retrain-tracker-'));
    try {
      await writeFile(join(folder, 'param'), text);
      const uri = await keep(id, `params/${sha256(name).slice(0, 16)}.txt`, join(folder, 'param'), signal);
      return uri ?? `${text.slice(0, PARAM_LENGTH_MAX - 50)}… (${text.length} characters)`;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

function lineageArtifact({ name, uri, kind, digest, resource }: LineageArtifact): protos.google.cloud.aiplatform.v1.IArtifact {
  const facts = { ...(digest !== undefined && { sha256: digest }) };
  if (resource !== undefined)
    return { displayName: name, uri, schemaTitle: 'google.VertexModel', metadata: toStruct({ resourceName: resource }) };
  return { displayName: name, uri, schemaTitle: kind === 'model' ? 'system.Model' : 'system.Dataset', metadata: toStruct(facts) };
}
