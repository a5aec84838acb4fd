import { join } from 'node:path';
import { UserError } from '../../kernel/errors.ts';
import type { VertexClients } from '../google/vertex-clients.ts';
import type { MlflowClient } from '../mlflow/mlflow-client.ts';
import type { Store } from '../stores/store.ts';
import type { Tracker } from './tracker.ts';

export interface TrackerPlace {
  readonly home: string;
  /** Value of the key `store`, where a tracker on Vertex AI keeps files of runs. */
  readonly keptIn?: string;
  /** A TensorBoard instance for a tracker on Vertex AI. */
  readonly tensorboard?: string;
  readonly log: (line: string) => void;
  readonly store: () => Promise<Store>;
  /** Opened only by a tracker on Vertex AI. */
  readonly vertex: () => Promise<VertexClients>;
  /** The server at an address, or where the environment says. */
  readonly mlflow: (address: string | undefined) => Promise<MlflowClient>;
}

/** Opens the trackers the pipeline file names: `file` (in the home folder), `file:FOLDER`, `vertex`, `mlflow`, `mlflow:ADDRESS`. */
export const openTrackers = (names: readonly string[], place: TrackerPlace): Promise<readonly Tracker[]> =>
  Promise.all(names.map((name) => openTracker(name, place)));

async function openTracker(name: string, { home, keptIn, tensorboard, log, store, vertex, mlflow }: TrackerPlace): Promise<Tracker> {
  if (name === 'file' || name.startsWith('file:')) {
    const { fileTracker } = await import('./file.ts');
    return fileTracker({ root: name === 'file' ? join(home, 'tracking') : name.slice('file:'.length) });
  }
  if (name === 'vertex') {
    const [{ vertexTracker }, clients] = await Promise.all([import('./vertex.ts'), vertex()]);
    const inBucket = keptIn?.startsWith('gs://') || clients.place.loopback !== undefined;
    const files = keptIn !== undefined && inBucket ? { store: await store(), folder: `${keptIn.replace(/\/+$/, '')}/tracking` } : undefined;
    return vertexTracker({ clients, log, ...(files && { files }), ...(tensorboard !== undefined && { tensorboard }) });
  }
  if (name === 'mlflow' || name.startsWith('mlflow:')) {
    const [{ mlflowTracker }, client] = await Promise.all([import('./mlflow.ts'), mlflow(name.slice('mlflow:'.length) || undefined)]);
    return mlflowTracker({ client, log });
  }
  throw new UserError('unknown-tracker', `tracker: expected file, file:FOLDER, vertex, mlflow or mlflow:ADDRESS, found "${name}".`);
}
