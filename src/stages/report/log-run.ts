import { withDeadline } from '../../kernel/deadline.ts';
import { faultOf } from '../../kernel/errors.ts';
import type { Manifest, StageRecord } from '../../kernel/record.ts';
import type { Log } from '../../kernel/stage.ts';
import type { LineageArtifact, Tracker } from '../../providers/trackers/tracker.ts';
import { type Params, paramsOf, trackedRun } from '../tracked-run.ts';
import { evaluationOf } from './evaluation-of.ts';

/** Files a tracker keeps beside the figures, by the name it shows. */
export type Artifacts = Readonly<Record<string, string>>;

/** Longest time for one tracker, whatever it is waiting for. */
const TRACKER_SECONDS = 300;

/**
 * Logs a run to every tracker: parameters, figures, tags, the report. Runs that had nothing to do are not logged.
 * A tracker that is down is a warning: the records stay the truth. Gives the names of those that were told.
 */
export async function logRun(
  manifest: Manifest,
  trackers: readonly Tracker[],
  artifacts: Artifacts,
  log: Log,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (manifest.outcome === 'skipped') return [];
  const logged: string[] = [];
  for (const tracker of trackers) {
    try {
      await withDeadline((within) => logTo(tracker, manifest, artifacts, within), signal, TRACKER_SECONDS, 0);
      logged.push(tracker.name);
    } catch (error) {
      // A call that hangs would keep the whole process waiting for its answer.
      await tracker.close?.().catch(() => undefined);
      if (signal.aborted || faultOf(error) === 'ours') throw error;
      log.warn('tracker-failed', `${tracker.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return logged;
}

async function logTo(tracker: Tracker, manifest: Manifest, artifacts: Artifacts, signal: AbortSignal): Promise<void> {
  const id = await tracker.start(trackedRun(manifest), signal);
  // A submitted run's jobs run on, and whoever goes on with it ends it.
  const end = async () => {
    if (manifest.outcome !== 'submitted') await tracker.finish(id, endOf(manifest), signal);
  };
  try {
    await tell(tracker, id, manifest, artifacts, signal);
  } catch (error) {
    // Else it would be shown as running for ever; what could not be told is what counts.
    await end().catch(() => undefined);
    throw error;
  }
  await end();
}

async function tell(tracker: Tracker, id: string, manifest: Manifest, artifacts: Artifacts, signal: AbortSignal): Promise<void> {
  await tracker.params(id, paramsOfRun(manifest), signal);
  const at = manifest.ended ?? manifest.started;
  const metrics = manifest.records
    .flatMap(({ metrics }) => metrics)
    .flatMap(({ name, value, split, slice, column, model }) =>
      value === undefined || slice !== undefined || column !== undefined || model === 'champion'
        ? []
        : [{ name: [split === 'test' ? undefined : split, model, name].filter(Boolean).join('.'), value, at }],
    );
  await tracker.metrics(id, metrics, signal);
  await tracker.tags(id, tagsOf(manifest), signal);
  for (const [name, path] of Object.entries(artifacts)) await tracker.artifact(id, name, path, signal);
  const evaluation = evaluationOf(manifest);
  if (evaluation) await tracker.evaluation?.(id, evaluation, signal);
  if (manifest.outcome !== 'submitted') await tracker.lineage?.(id, { ...lineageOf(manifest), outcome: endOf(manifest) }, signal);
}

const endOf = ({ outcome }: Manifest) => (outcome === 'cancelled' ? 'killed' : outcome === 'errored' ? 'failed' : 'finished');

/** What was chosen: algorithm, and the inputs of the training stages that are plain values. */
function paramsOfRun(manifest: Manifest): Params {
  const recordOf = (stage: string) => manifest.records.find((record) => record.stage === stage);
  const algorithm = recordOf('train')?.outputs.algorithm;
  return {
    seed: manifest.seed,
    ...Object.assign({}, ...['prepare-data', 'train'].map((stage) => paramsOf(stage, recordOf(stage)?.inputs ?? {}))),
    ...(typeof algorithm === 'string' && { algorithm }),
  };
}

function tagsOf(manifest: Manifest): Record<string, string> {
  return {
    'retrain.run': manifest.id,
    'retrain.outcome': manifest.outcome,
    'retrain.promoted': String(manifest.promoted),
    ...(manifest.key !== undefined && { 'retrain.run-key': manifest.key }),
    ...(manifest.version !== undefined && { 'retrain.version': String(manifest.version) }),
    ...(manifest.reason && { 'retrain.reason': manifest.reason.text }),
    ...storedTags(manifest),
  };
}

/** Where files of the run lie in the pipeline's store, by stage and output. */
function storedTags({ records }: Manifest): Record<string, string> {
  const places = records.flatMap(({ stage, outputs }) =>
    Object.entries(outputs).flatMap(([name, output]) =>
      typeof output === 'object' && output.stored ? [[`retrain.${stage}.${name}`, output.stored.uri]] : [],
    ),
  );
  return Object.fromEntries(places) as Record<string, string>;
}

/** What went into the run and came out of it, as far as it has an address of its own. */
function lineageOf({ records }: Manifest): { readonly inputs: readonly LineageArtifact[]; readonly outputs: readonly LineageArtifact[] } {
  const of = (stage: string): StageRecord['outputs'] => records.find((record) => record.stage === stage)?.outputs ?? {};
  const text = (value: StageRecord['outputs'][string] | undefined): string | undefined => (typeof value === 'string' ? value : undefined);
  const artifact = (name: string, kind: LineageArtifact['kind'], uri: string | undefined, digest?: string): readonly LineageArtifact[] =>
    uri === undefined ? [] : [{ name, kind, uri, ...(digest !== undefined && { digest }) }];

  const source = records.find(({ stage }) => stage === 'fetch-data')?.inputs.source;
  const base = of('fetch-model');
  const registered = of('register');
  const resource = text(registered['registered-model']);
  const stored = records.flatMap(({ stage, outputs }) =>
    Object.entries(outputs).flatMap(([name, output]) =>
      typeof output !== 'object' || !output.stored || stage.startsWith('fetch-')
        ? []
        : artifact(`${stage}.${name}`, stage === 'train' && name === 'model' ? 'model' : 'dataset', output.stored.uri, output.sha256),
    ),
  );
  return {
    inputs: [
      ...artifact('data', 'dataset', typeof source === 'string' ? source : undefined, text(of('fetch-data').digest)),
      ...artifact('base', 'model', text(base['base-uri']), text(base['base-digest'])),
    ],
    outputs: [
      ...stored,
      ...artifact('registered-model', 'model', text(registered.uri), text(registered.digest)).map((one) =>
        resource === undefined || resource === one.uri ? one : { ...one, resource },
      ),
    ],
  };
}
