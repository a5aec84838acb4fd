import type { TestContext } from 'node:test';
import { type GcsStandIn, gcsStandIn } from '../stand-ins/gcs.ts';
import { type JobsOptions, type JobsStandIn, vertexJobs } from '../stand-ins/vertex/jobs.ts';
import { metadataServices } from '../stand-ins/vertex/metadata.ts';
import { modelServices } from '../stand-ins/vertex/models.ts';
import { operations } from '../stand-ins/vertex/operations.ts';
import { vertexStandIn } from '../stand-ins/vertex/server.ts';
import { type Ended, Project } from './support.ts';

export const BUCKET = 'ours-models';

/** What a run whole on Google meets: a bucket, and jobs, models and experiments on one server. */
export interface GoogleProject {
  readonly project: Project;
  readonly gcs: GcsStandIn;
  readonly jobs: JobsStandIn;
  readonly versionsOf: ReturnType<typeof modelServices>['versionsOf'];
  readonly metadata: ReturnType<typeof metadataServices>;
  /** `METHOD` of all calls of the one server, in order. */
  readonly calls: readonly { readonly method: string; readonly request: object; readonly authorization?: string }[];
  readonly env: Readonly<Record<string, string>>;
  retrain(...args: string[]): Promise<Ended>;
  /** Names in the bucket that match. */
  stored(pattern: RegExp): string[];
  text(name: string): string;
}

export async function googleProject(
  t: TestContext,
  files: Readonly<Record<string, string>>,
  options: JobsOptions = {},
): Promise<GoogleProject> {
  const gcs = await gcsStandIn(t, BUCKET);
  const jobs = await vertexJobs(t, { gcs, ...options });
  const lro = operations();
  const [models, metadata] = [modelServices(lro), metadataServices(lro)];
  const service = await vertexStandIn(t, { JobService: jobs.handlers, ...models.services, ...metadata.services });
  const project = await Project.make(files);
  t.after(() => project[Symbol.asyncDispose]());
  const env = {
    RETRAIN_VERTEX_ENDPOINT: service.endpoint,
    STORAGE_EMULATOR_HOST: gcs.endpoint,
    GOOGLE_CLOUD_PROJECT: 'ours-1',
    GOOGLE_CLOUD_REGION: 'europe-west4',
  };
  const bucket = gcs.buckets.get(BUCKET)!;
  return {
    project,
    gcs,
    jobs,
    versionsOf: models.versionsOf,
    metadata,
    calls: service.calls,
    env,
    retrain: (...args) => project.retrain(args, env),
    stored: (pattern) => [...bucket.keys()].filter((name) => pattern.test(name)).sort(),
    text: (name) => bucket.get(name)?.content.toString() ?? '',
  };
}
