import { setTimeout as delay } from 'node:timers/promises';
import type { JobServiceClient } from '@google-cloud/aiplatform/build/src/v1/job_service_client.js';
import type { MetadataServiceClient } from '@google-cloud/aiplatform/build/src/v1/metadata_service_client.js';
import type { ModelServiceClient } from '@google-cloud/aiplatform/build/src/v1/model_service_client.js';
import type { TensorboardServiceClient } from '@google-cloud/aiplatform/build/src/v1/tensorboard_service_client.js';
import type { GoogleAuth } from 'google-auth-library';
import { explainVertexError, isPassing } from './vertex-errors.ts';
import { parentOf, type VertexPlace, vertexPlace } from './vertex-place.ts';

/** What the methods of the clients take beside the request. */
export interface CallOptions {
  /** Milliseconds. */
  readonly timeout: number;
  /** Pages are asked for one by one, so that each is tried again on its own. */
  readonly autoPaginate: false;
}

/** A call of a client's method: `(options) => client.getModel({ name }, options)`; `doing` completes "Could not …". */
type Call<Reply> = (options: CallOptions) => Promise<readonly [Reply, ...(readonly unknown[])]>;

/** A call of gRPC's own. */
interface Cancellable {
  once(event: 'status', listener: () => void): void;
  cancel(): void;
}

/** What a method begun with `uploadModel` and its like gives. */
interface Begun {
  readonly name?: string | null | undefined;
}

/** Vertex AI in one project and region. Nothing of its SDK is loaded before a client is asked for; errors are {@link explainVertexError}'s. */
export interface VertexClients {
  readonly place: VertexPlace;
  /** `projects/P/locations/R`. */
  readonly parent: string;
  jobs(): Promise<JobServiceClient>;
  models(): Promise<ModelServiceClient>;
  metadata(): Promise<MetadataServiceClient>;
  tensorboards(): Promise<TensorboardServiceClient>;
  /** A call that changes nothing: tried again when the service is unavailable, overrun or broken. */
  read<Reply>(doing: string, call: Call<Reply>, signal: AbortSignal): Promise<Reply>;
  /** A call that changes something: never tried again by itself, because the service has no request ids. */
  write<Reply>(doing: string, call: Call<Reply>, signal: AbortSignal): Promise<Reply>;
  /** Every item of a list, page by page; `call` is given the page's token. */
  list<Item>(
    doing: string,
    call: (pageToken: string, options: CallOptions) => Promise<readonly [Item[], ...(readonly unknown[])]>,
    signal: AbortSignal,
  ): AsyncGenerator<Item>;
  /** Waits for a long-running operation of the models' or the metadata's client; gives its response. */
  finished<Response>(
    doing: string,
    client: ModelServiceClient | MetadataServiceClient,
    method: string,
    begun: Begun,
    signal: AbortSignal,
  ): Promise<Response>;
  /** Gives up calls that wait for an answer, and closes the connections. */
  close(): Promise<void>;
}

export interface VertexOptions {
  /** Gives the credentials, asked once and only when there is something to say to Google. */
  readonly credentials: () => Promise<{ readonly auth: GoogleAuth }>;
  /** Longest wait for one answer. */
  readonly timeoutMs?: number;
  /** Rest before the first repetition; doubles with each. */
  readonly pauseMs?: number;
  /** Rest between two looks at an operation; grows to ten times this. */
  readonly pollMs?: number;
}

const TIMEOUT_MS = 60_000;
const ATTEMPTS_MAX = 6;
const PAUSE_MS = 500;
const PAUSE_MS_MAX = 16_000;
const POLL_MS = 1_000;

/** Vertex AI where the shared key `google` and the environment say. */
export function openVertex(google: unknown, env: Readonly<Record<string, string | undefined>>): VertexClients {
  return vertexClients(vertexPlace(google, env), {
    credentials: async () => (await import('./credentials.ts')).googleCredentials(env),
  });
}

/** Clients of Vertex AI, made when first asked for. */
export function vertexClients(
  place: VertexPlace,
  { credentials, timeoutMs = TIMEOUT_MS, pauseMs = PAUSE_MS, pollMs = POLL_MS }: VertexOptions,
): VertexClients {
  const callOptions: CallOptions = { timeout: timeoutMs, autoPaginate: false };
  const closers: (() => Promise<void>)[] = [];
  const waiting = new Set<Cancellable>();
  /** The one place where a client shows its calls: its promises know no way of giving up. */
  const noteCall = <Properties extends { readonly call: unknown }>(properties: Properties): Properties => {
    const call = properties.call as Cancellable;
    waiting.add(call);
    call.once('status', () => waiting.delete(call));
    return properties;
  };

  const connection = once(async () => {
    const services = await import('./vertex-services.ts');
    const { loopback } = place;
    const options = loopback
      ? {
          apiEndpoint: loopback.host,
          port: loopback.port,
          sslCreds: services.credentials.createInsecure(),
          auth: new services.GoogleAuth({ authClient: new services.PassThroughClient() }),
        }
      : { apiEndpoint: `${place.region}-aiplatform.googleapis.com`, auth: (await credentials()).auth };
    return { services, options: { ...options, projectId: place.project, 'grpc.callInvocationTransformer': noteCall } };
  });
  const open = <Client extends { close(): Promise<void> }>(make: (given: Awaited<ReturnType<typeof connection>>) => Client) =>
    once(async () => {
      const client = make(await connection());
      closers.push(() => client.close());
      return client;
    });

  async function write<Reply>(doing: string, call: Call<Reply>, signal: AbortSignal): Promise<Reply> {
    signal.throwIfAborted();
    try {
      return (await untilAborted(call(callOptions), signal))[0];
    } catch (error) {
      throw signal.aborted ? error : explainVertexError(error, doing);
    }
  }

  async function patiently<Reply>(attempt: () => Promise<Reply>, signal: AbortSignal): Promise<Reply> {
    for (let tried = 1; ; tried++) {
      try {
        return await attempt();
      } catch (error) {
        if (signal.aborted || tried === ATTEMPTS_MAX || !isPassing(error)) throw error;
        // Half of it by chance: many runs are stopped by one outage.
        await delay(Math.min(pauseMs * 2 ** (tried - 1), PAUSE_MS_MAX) * (0.5 + Math.random() / 2), undefined, { signal });
      }
    }
  }

  const read = <Reply>(doing: string, call: Call<Reply>, signal: AbortSignal): Promise<Reply> =>
    patiently(() => write(doing, call, signal), signal);

  return {
    place,
    parent: parentOf(place),
    jobs: open(({ services, options }) => new services.JobServiceClient(options)),
    models: open(({ services, options }) => new services.ModelServiceClient(options)),
    metadata: open(({ services, options }) => new services.MetadataServiceClient(options)),
    tensorboards: open(({ services, options }) => new services.TensorboardServiceClient(options)),
    write,
    read,

    async *list(doing, call, signal) {
      for (let pageToken = ''; ; ) {
        const token = pageToken;
        const [items, reply] = await read(
          doing,
          async (options) => {
            const [found, , raw] = await call(token, options);
            return [[found, raw as { readonly nextPageToken?: string | null }] as const];
          },
          signal,
        );
        yield* items;
        if (!reply.nextPageToken) return;
        pageToken = reply.nextPageToken;
      }
    },

    async finished<Response>(
      doing: string,
      client: ModelServiceClient | MetadataServiceClient,
      method: string,
      begun: Begun,
      signal: AbortSignal,
    ): Promise<Response> {
      const name = begun.name ?? '';
      for (let rest = pollMs; ; rest = Math.min(rest * 1.5, pollMs * 10)) {
        const operation = await read(
          doing,
          async ({ timeout }) => [(await client.operationsClient.getOperation({ name } as never, { timeout }))[0]],
          signal,
        );
        if (operation.error)
          throw explainVertexError(Object.assign(new Error(operation.error.message ?? ''), { code: operation.error.code }), doing);
        if (operation.done)
          return client.descriptors.longrunning![method]!.responseDecoder(operation.response?.value as Uint8Array) as Response;
        await delay(rest, undefined, { signal });
      }
    },

    async close() {
      // An answer that is waited for keeps the process from ending.
      for (const call of waiting) call.cancel();
      await Promise.all(closers.splice(0).map((close) => close()));
    },
  };
}

/** The client's own way of giving up is lost in its promises: an aborted call is left to its timeout, and nobody waits for it. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => undefined);
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
