import type { JobServiceClient } from '@google-cloud/aiplatform/build/src/v1/job_service_client.js';
import type { ExperimentRun } from '../experiment-run.ts';
import type { Job } from './backend.ts';
import { launcherFrom } from './vertex-launcher.ts';

/** A job in the client's own form. */
export type CustomJob = ReturnType<JobServiceClient['listCustomJobsAsync']> extends AsyncIterable<infer Item> ? Item : never;

/** What a job of Vertex AI is asked for; see docs/vertex.md. */
export interface Machine {
  readonly type: string;
  readonly accelerator?: string;
  readonly count?: number;
  readonly strategy: 'standard' | 'spot' | 'flex-start';
  /** Does the service start a container that failed again? */
  readonly restarts: boolean;
}

/** The program: an image of the user's own, or a package for one of Google's. */
export type Program =
  | {
      readonly kind: 'image';
      readonly image: string;
      readonly packageUri: string;
      readonly packageSha256: string;
      readonly command: readonly string[];
    }
  | { readonly kind: 'package'; readonly image: string; readonly packageUri: string; readonly module: string };

export interface JobOrder {
  readonly displayName: string;
  readonly key: string;
  readonly run: string;
  readonly model: string;
  readonly machine: Machine;
  readonly serviceAccount?: string;
  readonly program: Program;
  /** What `retrain_trainers.remote` is told. */
  readonly args: readonly string[];
  readonly base: string;
  readonly seconds: number;
  readonly experimentRun?: ExperimentRun;
}

/** Name 128, labels 63 characters: https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.customJobs */
const DISPLAY_NAME_MAX = 128;
const LABEL_MAX = 63;
/** Copying in and out must fit beside the trainer's own time, so that it is told to end before the service ends it. */
const MARGIN_SECONDS = 900;

/** A text as value of a label: lower case letters, digits, `_` and `-`, at most 63. */
export const labelOf = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, '-')
    .slice(0, LABEL_MAX);

export const keyFilter = (key: string): string => `labels.retrain-key=${labelOf(key)}`;

export const modelFilter = (model: string): string => `labels.retrain-model=${labelOf(model)}`;

/** The body of CreateCustomJob. */
export function customJob(order: JobOrder): CustomJob {
  const { machine, program, args } = order;
  return {
    displayName: order.displayName.slice(0, DISPLAY_NAME_MAX),
    labels: { 'retrain-key': labelOf(order.key), 'retrain-run': labelOf(order.run), 'retrain-model': labelOf(order.model) },
    jobSpec: {
      workerPoolSpecs: [
        {
          machineSpec: {
            machineType: machine.type,
            ...(machine.accelerator !== undefined && {
              acceleratorType: machine.accelerator as 'NVIDIA_L4',
              acceleratorCount: machine.count ?? 1,
            }),
          },
          replicaCount: 1,
          ...(program.kind === 'package'
            ? {
                pythonPackageSpec: {
                  executorImageUri: program.image,
                  packageUris: [program.packageUri],
                  pythonModule: 'retrain_trainers.remote',
                  args: [...args, '--', 'python', '-m', program.module],
                },
              }
            : {
                containerSpec: {
                  imageUri: program.image,
                  command: ['python3', '-c', launcherFrom(program.packageUri, program.packageSha256)],
                  args: [...args, '--', ...program.command],
                },
              }),
        },
      ],
      scheduling: {
        timeout: { seconds: Math.ceil(order.seconds) + MARGIN_SECONDS },
        strategy: ({ standard: 'STANDARD', spot: 'SPOT', 'flex-start': 'FLEX_START' } as const)[machine.strategy],
        disableRetries: !machine.restarts,
      },
      baseOutputDirectory: { outputUriPrefix: order.base },
      ...(order.serviceAccount !== undefined && { serviceAccount: order.serviceAccount }),
      ...(order.experimentRun && { experiment: order.experimentRun.experiment, experimentRun: order.experimentRun.run }),
    },
  };
}

const UNDER_WAY = ['QUEUED', 'PENDING', 'RUNNING', 'PAUSED', 'UPDATING'].map((state) => `JOB_STATE_${state}`);
const ENDED = ['SUCCEEDED', 'FAILED', 'CANCELLED', 'EXPIRED', 'PARTIALLY_SUCCEEDED'].map((state) => `JOB_STATE_${state}`);

export const stateOf = (job: CustomJob): string => String(job.state);
/** Of a job that has not ended. */
export const shownState = (job: CustomJob): 'running' | 'queued' => (stateOf(job) === 'JOB_STATE_RUNNING' ? 'running' : 'queued');
export const isUnderWay = (job: CustomJob): boolean => UNDER_WAY.includes(stateOf(job));
export const hasEnded = (job: CustomJob): boolean => ENDED.includes(stateOf(job));
export const mayHaveSucceeded = (job: CustomJob): boolean => /(?:^|_)SUCCEEDED$/.test(stateOf(job));

/** Where the job writes. */
export const baseOf = (job: CustomJob): string => job.jobSpec?.baseOutputDirectory?.outputUriPrefix?.replace(/\/$/, '') ?? '';

/** Milliseconds since 1970 at which it was made. */
export const createdAt = ({ createTime }: CustomJob): number => Number(createTime?.seconds ?? 0) * 1_000 + (createTime?.nanos ?? 0) / 1e6;

/** Older first; of the same instant, by name. */
export const byAge = (a: CustomJob, b: CustomJob): number => createdAt(a) - createdAt(b) || ((a.name ?? '') < (b.name ?? '') ? -1 : 1);

export const jobOf = (key: string, job: CustomJob): Job => {
  const name = job.name ?? '';
  return { backend: 'vertex', id: name.split('/').at(-1) ?? '', key, details: { name, base: baseOf(job), link: consoleLink(name) } };
};

/** Where somebody can look at the job. */
export function consoleLink(name: string): string {
  const [, project, , region, , id] = name.split('/');
  return `https://console.cloud.google.com/vertex-ai/locations/${region}/training/${id}?project=${project}`;
}
