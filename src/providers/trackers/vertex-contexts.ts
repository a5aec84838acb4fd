import { setTimeout as delay } from 'node:timers/promises';
import type * as protos from '@google-cloud/aiplatform/build/protos/protos.js';
import { UserError, WorldError } from '../../kernel/errors.ts';
import { fromStruct, toStruct } from '../google/struct.ts';
import type { VertexClients } from '../google/vertex-clients.ts';
import { existing, isPassing, vertexStatus } from '../google/vertex-errors.ts';
import { CONTEXT_BYTES_MAX, newRunMetadata, type RunMetadata } from './vertex-run.ts';

type Context = protos.google.cloud.aiplatform.v1.IContext;

const CONFLICTS_MAX = 5;
const LOOKS_MAX = 20;

/** Contexts of the default metadata store: found, made when they are missing, and changed without losing what others write. */
export interface VertexContexts {
  /** Full name of the store. */
  readonly metadataStore: string;
  nameOf(id: string): string;
  find(id: string, signal: AbortSignal): Promise<Context | undefined>;
  /** The store is made once in each project and region, with the first run. */
  ensureStore(signal: AbortSignal): Promise<void>;
  /** Creates a context; one that is there already, made by somebody else or by an attempt whose answer was lost, is taken. */
  ensure(id: string, context: Context, signal: AbortSignal): Promise<Context>;
  /** Id of the run of a key under whatever name it was begun. */
  known(key: string, signal: AbortSignal): Promise<string | undefined>;
  /** Read, change, write back a run; whoever is late reads again. */
  change(id: string, edit: (run: RunMetadata) => RunMetadata, signal: AbortSignal): Promise<void>;
}

/** `pauseMs`: rest after a lost race. */
export function vertexContexts(clients: VertexClients, pauseMs: number): VertexContexts {
  const metadataStore = `${clients.parent}/metadataStores/default`;
  const contextName = (id: string): string => `${metadataStore}/contexts/${id}`;

  async function find(id: string, signal: AbortSignal): Promise<Context | undefined> {
    const client = await clients.metadata();
    try {
      return await clients.read(`read ${contextName(id)}`, (options) => client.getContext({ name: contextName(id) }, options), signal);
    } catch (error) {
      if (vertexStatus(error) === 'NOT_FOUND') return undefined;
      throw error;
    }
  }

  async function storeIsThere(signal: AbortSignal): Promise<boolean> {
    const client = await clients.metadata();
    try {
      await clients.read('look for the metadata store', (options) => client.getMetadataStore({ name: metadataStore }, options), signal);
      return true;
    } catch (error) {
      if (vertexStatus(error) === 'NOT_FOUND') return false;
      throw error;
    }
  }

  async function ensureStore(signal: AbortSignal): Promise<void> {
    if (await storeIsThere(signal)) return;
    const client = await clients.metadata();
    const doing = 'make the metadata store';
    const request = { parent: clients.parent, metadataStoreId: 'default', metadataStore: {} };
    await existing(async () => {
      const begun = await clients.write(doing, (options) => client.createMetadataStore(request, options), signal);
      await clients.finished(doing, client, 'createMetadataStore', begun, signal);
    });
    // Somebody else may be at it.
    for (let look = 1; !(await storeIsThere(signal)); look++) {
      if (look === LOOKS_MAX)
        throw new WorldError('vertex-conflict', `${metadataStore} is being made, but does not appear.`, { todo: 'Run again.' });
      await delay(pauseMs * look, undefined, { signal });
    }
  }

  async function ensureContext(id: string, context: Context, signal: AbortSignal): Promise<Context> {
    const known = await find(id, signal);
    if (known) return checked(known, context.schemaTitle);
    const client = await clients.metadata();
    const made = await existing(() =>
      clients.read(
        `make ${contextName(id)}`,
        (options) => client.createContext({ parent: metadataStore, contextId: id, context }, options),
        signal,
      ),
    );
    if (made) return made;
    const theirs = await find(id, signal);
    if (!theirs) throw new WorldError('vertex-conflict', `${contextName(id)} exists and cannot be read.`, { todo: 'Run again.' });
    return checked(theirs, context.schemaTitle);
  }

  async function known(key: string, signal: AbortSignal): Promise<string | undefined> {
    const client = await clients.metadata();
    const filter = `schema_title="system.ExperimentRun" AND metadata.retrain_key.string_value="${key}"`;
    const found = clients.list(
      'look for the run',
      (pageToken, options) => client.listContexts({ parent: metadataStore, filter, pageToken }, options),
      signal,
    );
    for await (const { name } of found) return idIn(name);
    return undefined;
  }

  async function change(id: string, edit: (run: RunMetadata) => RunMetadata, signal: AbortSignal): Promise<void> {
    const client = await clients.metadata();
    for (let tried = 1; ; tried++) {
      const context = /^[a-z0-9-]{4,128}$/.test(id) ? await find(id, signal) : undefined;
      if (context?.schemaTitle !== 'system.ExperimentRun') {
        throw new UserError('no-such-run', `${JSON.stringify(id)} is no run in Vertex AI Experiments (${metadataStore}).`);
      }
      const before = fromStruct(context.metadata) as unknown as RunMetadata;
      const after = edit({ ...newRunMetadata(before.retrain_key, before.retrain_name), ...before });
      const bytes = Buffer.byteLength(JSON.stringify(after));
      if (bytes > CONTEXT_BYTES_MAX) {
        throw new UserError('run-too-large', `${contextName(id)} would hold ${bytes} bytes; Vertex AI takes ${CONTEXT_BYTES_MAX}.`, {
          todo: 'Log fewer or shorter parameters.',
        });
      }
      try {
        // The whole context with its etag, no mask: a write that has not seen the latest is refused.
        const request = { context: { ...context, metadata: toStruct({ ...after }) } };
        await clients.write(`update ${contextName(id)}`, (options) => client.updateContext(request, options), signal);
        return;
      } catch (error) {
        const late = vertexStatus(error) === 'ABORTED' || isPassing(error);
        if (signal.aborted || !late || tried > CONFLICTS_MAX) throw error;
        await delay(pauseMs * tried * (0.5 + Math.random() / 2), undefined, { signal });
      }
    }
  }

  return { metadataStore, nameOf: contextName, find, ensureStore, ensure: ensureContext, known, change };
}

function checked(context: Context, expected: string | null | undefined): Context {
  if (context.schemaTitle === expected) return context;
  throw new UserError('not-an-experiment', `${context.name} is a ${context.schemaTitle}, not a ${expected}: the name is taken.`, {
    todo: 'Give the pipeline another `name`, or remove that context.',
  });
}

const idIn = (name: string | null | undefined): string => (name ?? '').split('/').at(-1) as string;
