import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '../../kernel/errors.ts';
import { googleCredentials } from '../google/credentials.ts';
import { vertexClients } from '../google/vertex-clients.ts';
import { vertexPlace } from '../google/vertex-place.ts';
import type { Store } from '../stores/store.ts';
import type { Backend, TrainerDescription, TrainerSource } from './backend.ts';
import { completeMachine, type MachineChoice } from './machines.ts';
import { TEMPO, vertexBackend } from './vertex.ts';
import type { Machine } from './vertex-job.ts';
import type { Tempo } from './vertex-settle.ts';

export interface VertexSettings {
  /** Inputs of the stage: machine, image, device, threads, algorithms, task. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Values of the shared keys: google, store. */
  readonly shared: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly root: string;
  readonly base: string;
  readonly jobs: string;
  readonly run: string;
  readonly model: string;
  readonly log: (line: string) => void;
  readonly store: Store;
  /** Asks trainers that come with Retrain what they can do. */
  readonly local: Backend;
}

interface Inputs {
  readonly machine?: MachineChoice & { readonly strategy?: Machine['strategy']; readonly restarts?: boolean };
  readonly image?: string;
  readonly device?: string;
  readonly threads?: number;
  readonly algorithms?: readonly string[];
  readonly task?: string;
}

/** A server of this machine answers at once, and hides nothing for minutes. */
const LOOPBACK_TEMPO: Tempo = { pollMs: 100, pollMsMax: 300, visibleMs: 1_000, liveSeconds: 0.2 };

/** The backend `vertex` as the pipeline file asks for it. Errors: `no-store`, `store-not-seen`, and those of {@link vertexPlace}. */
export function openVertexBackend({
  inputs: given,
  shared,
  env,
  root,
  base,
  jobs,
  run,
  model,
  log,
  store,
  local,
}: VertexSettings): Backend {
  const inputs = given as Inputs;
  const place = vertexPlace(shared.google, env);
  const account = (shared.google as { 'service-account'?: string } | undefined)?.['service-account'];
  const type = inputs.device === 'gpu' ? 'g2-standard-8' : 'n1-standard-8';
  const machine = { strategy: 'standard' as const, restarts: true, ...completeMachine(inputs.machine ?? { type }) };
  return vertexBackend({
    clients: vertexClients(place, { credentials: () => googleCredentials(env) }),
    store,
    storeUri: storeUri(shared.store, base, place.loopback !== undefined),
    run,
    model,
    machine,
    ...(inputs.image !== undefined && { image: inputs.image }),
    ...(account !== undefined && { serviceAccount: account }),
    ...(inputs.threads !== undefined && { threads: inputs.threads }),
    root,
    jobs,
    describe: (trainer, signal) =>
      trainer.kind === 'module' ? local.describe(trainer, { managed: false }, signal) : Promise.resolve(described(trainer, inputs)),
    log,
    tempo: place.loopback === undefined ? TEMPO : LOOPBACK_TEMPO,
  });
}

function storeUri(store: unknown, base: string, loopback: boolean): string {
  if (typeof store !== 'string') {
    throw new UserError('no-store', 'Jobs of Vertex AI read and write in a bucket, and none is named.', {
      todo: 'Set `store: gs://BUCKET/FOLDER` in the pipeline file.',
    });
  }
  const trimmed = store.replace(/\/+$/, '');
  if (trimmed.startsWith('gs://')) return trimmed;
  if (!loopback) {
    throw new UserError('store-not-seen', `A job of Vertex AI cannot see ${store}: it runs elsewhere.`, {
      todo: 'Set `store: gs://BUCKET/FOLDER` in the pipeline file.',
    });
  }
  if (trimmed.startsWith('file://')) return trimmed;
  const path = trimmed.replace(/^file:/, '');
  return pathToFileURL(isAbsolute(path) ? path : resolve(base, path)).href;
}

/** A command in an image can be asked only inside a job: the file says what it can do, and the trainer checks its parameters itself. */
function described(trainer: TrainerSource & { kind: 'command' }, { algorithms = [], task = '' }: Inputs): TrainerDescription {
  const parameters = { type: 'object', additionalProperties: true };
  return {
    contract: 1,
    name: trainer.command.join(' '),
    version: '',
    tasks: [task],
    algorithms: algorithms.map((name) => ({ name, tasks: [task], parameters })),
    warmStart: true,
    formats: ['csv'],
  };
}
