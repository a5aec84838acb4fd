import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Backend } from '../../../src/providers/backends/backend.ts';
import { vertexBackend } from '../../../src/providers/backends/vertex.ts';
import type { VertexBackendOptions } from '../../../src/providers/backends/vertex-options.ts';
import { fileStore } from '../../../src/providers/stores/file.ts';
import { type JobsOptions, type JobsStandIn, vertexJobs } from '../../stand-ins/vertex/jobs.ts';
import { type VertexStandIn, vertexStandIn } from '../../stand-ins/vertex/server.ts';
import { clientsOf } from '../google/vertex.ts';
import { freshFolder, ROOT, testBackend } from './trainer-jobs.ts';

export interface Vertex {
  readonly service: VertexStandIn;
  readonly jobs: JobsStandIn;
  readonly store: string;
  readonly lines: string[];
  /** A backend as another process would make it. */
  backend(options?: Partial<VertexBackendOptions>): Backend;
}

export const IMAGE = `europe-docker.pkg.dev/ours-1/trainers/own@sha256:${'a'.repeat(64)}`;

/** Options of a backend whose process dies at one of its awaits: from there on nothing of it goes on. */
export function mortal(options: Pick<VertexBackendOptions, 'clients' | 'store'>, dieAt: number) {
  const { promise: died, resolve } = Promise.withResolvers<string>();
  const points: string[] = [];
  const point = async (name: string): Promise<void> => {
    if (points.push(name) - 1 !== dieAt) return;
    resolve(name);
    await new Promise(() => undefined);
  };
  const wrapped = <T extends object>(of: T, names: readonly string[]): T =>
    new Proxy(of, {
      get(target, name) {
        const value = Reflect.get(target, name) as unknown;
        if (typeof value !== 'function' || !names.includes(String(name))) return typeof value === 'function' ? value.bind(target) : value;
        return async (...given: unknown[]) => {
          await point(`before ${String(name)}`);
          const answer = await (value.apply(target, given) as Promise<unknown>);
          await point(`after ${String(name)}`);
          return answer;
        };
      },
    });
  const { clients, store } = options;
  const service = async () => wrapped(await clients.jobs(), ['listCustomJobs', 'createCustomJob', 'getCustomJob', 'cancelCustomJob']);
  return { died, points, options: { store: wrapped(store, ['stat', 'get', 'put']), clients: { ...clients, jobs: service } } };
}

/** A stand-in for Vertex AI with a store in a folder. */
export async function vertex(t: TestContext, options: JobsOptions = {}): Promise<Vertex> {
  const jobs = await vertexJobs(t, options);
  const service = await vertexStandIn(t, { JobService: jobs.handlers });
  const store = pathToFileURL(freshFolder(t)).href;
  const folder = freshFolder(t);
  const local = testBackend(t);
  const lines: string[] = [];
  return {
    service,
    jobs,
    store,
    lines,
    backend: (more = {}) =>
      vertexBackend({
        clients: clientsOf(t, service),
        store: fileStore(),
        storeUri: store,
        run: 'churn-1',
        model: 'churn',
        machine: { type: 'n1-standard-4', strategy: 'standard', restarts: true },
        image: IMAGE,
        root: ROOT,
        jobs: join(folder, 'jobs'),
        describe: (trainer, signal) => local.describe(trainer, { managed: false }, signal),
        log: (line) => lines.push(line),
        tempo: { pollMs: 30, pollMsMax: 60, visibleMs: 400, liveSeconds: 0.05 },
        ...more,
      }),
  };
}
