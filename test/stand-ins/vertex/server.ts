import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Metadata, Server, ServerCredentials, type ServiceDefinition, status, type UntypedHandleCall } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

/** Answers a request, both in the form of the protos with camelCase names, int64 as text and enums as names. */
export type Handler = (request: never) => object | Promise<object>;

/** Handlers by the name of the method (`GetModel`), by the name of the service (`ModelService`). */
export type Services = Readonly<Record<string, Readonly<Record<string, Handler>>>>;

/** What happens to one call of a method. */
export interface Fault {
  /** gRPC status it is refused with. Absent: it is answered. */
  readonly code?: number;
  readonly message?: string;
  /** The work is done all the same: the answer is lost, not the request. */
  readonly done?: true;
  readonly delayMs?: number;
  /** It waits for this. */
  readonly until?: Promise<unknown>;
  /** Never answered. */
  readonly hang?: true;
}

export interface VertexStandIn {
  /** `127.0.0.1:PORT`. */
  readonly endpoint: string;
  /** Every call in order of arrival, refused ones included. */
  readonly calls: readonly { readonly method: string; readonly request: object; readonly authorization?: string }[];
  /** Queues faults for the next calls of a method, one each; `undefined` lets one call pass. */
  fault(method: string, ...faults: readonly (Fault | undefined)[]): void;
  stop(): Promise<void>;
}

/** What a handler throws to refuse a call. */
export class Refusal extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

const INCLUDES = ['node_modules/@google-cloud/aiplatform/build/protos', 'node_modules/google-gax/build/protos'];

/** `JobService` → `job_service`. */
const fileOf = (service: string): string =>
  `google/cloud/aiplatform/v1/${service.replace(/(?<!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase()}.proto`;

const loaded = new Map<string, ReturnType<typeof loadSync>>();

/** Read once in a process: a tenth of a second each time. */
function definitionsOf(services: readonly string[]): ReturnType<typeof loadSync> {
  const files = [...services.filter((name) => name !== 'Operations').map(fileOf), 'google/longrunning/operations.proto'];
  const key = files.join();
  const found = loaded.get(key) ?? loadSync(files, { includeDirs: INCLUDES, longs: String, enums: String, defaults: true, oneofs: true });
  loaded.set(key, found);
  return found;
}

/**
 * A gRPC server on the protocol files of `@google-cloud/aiplatform` itself, on a free port of 127.0.0.1: messages and methods are exact,
 * what they do is the handlers'. `Operations` is a service like the others.
 * Not imitated: TLS, credentials (the header is only noted), quotas, request size limits, field validation beyond that of the handlers.
 */
export async function vertexStandIn(context: Pick<TestContext, 'after'>, services: Services): Promise<VertexStandIn> {
  const names = Object.keys(services);
  const definitions = definitionsOf(names);
  const calls: { method: string; request: object; authorization?: string }[] = [];
  const faults = new Map<string, (Fault | undefined)[]>();
  const stopped = new AbortController();

  async function answer(method: string, handler: Handler, request: object, metadata: Metadata): Promise<object> {
    const authorization = metadata.get('authorization')[0]?.toString();
    calls.push({ method, request, ...(authorization !== undefined && { authorization }) });
    const fault = faults.get(method)?.shift();
    if (fault?.delayMs !== undefined) await delay(fault.delayMs, undefined, { signal: stopped.signal });
    await fault?.until;
    if (fault?.hang)
      await new Promise((_, reject) => stopped.signal.addEventListener('abort', () => reject(new Refusal(status.CANCELLED, 'stopped'))));
    const refused = fault?.code === undefined ? undefined : new Refusal(fault.code, fault.message ?? 'A fault of the test.');
    if (refused && !fault?.done) throw refused;
    const reply = await handler(request as never);
    if (refused) throw refused;
    return reply;
  }

  const server = new Server();
  for (const name of names) {
    const full = name === 'Operations' ? 'google.longrunning.Operations' : `google.cloud.aiplatform.v1.${name}`;
    const definition = definitions[full] as ServiceDefinition | undefined;
    if (definition === undefined) throw new RangeError(`There is no service ${full}.`);
    const handlers = services[name] ?? {};
    const unknown = Object.keys(handlers).filter((method) => !(method in definition));
    if (unknown.length > 0) throw new RangeError(`${full} has no method ${unknown.join(', ')}.`);
    const implementation: Record<string, UntypedHandleCall> = {};
    for (const [method, handler] of Object.entries(handlers)) {
      implementation[method] = (call: { request: object; metadata: Metadata }, reply: (error: object | null, value?: object) => void) => {
        answer(method, handler, call.request, call.metadata).then(
          (value) => reply(null, value),
          (error: unknown) =>
            reply(
              error instanceof Refusal ? { code: error.code, details: error.message } : { code: status.UNKNOWN, details: String(error) },
            ),
        );
      };
    }
    server.addService(definition, implementation);
  }
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  const stop = async () => {
    stopped.abort();
    server.forceShutdown();
  };
  context.after(stop);
  return {
    endpoint: `127.0.0.1:${port}`,
    calls,
    fault: (method, ...queued) => void faults.set(method, [...(faults.get(method) ?? []), ...queued]),
    stop,
  };
}
