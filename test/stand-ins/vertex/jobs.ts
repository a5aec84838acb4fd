import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { status } from '@grpc/grpc-js';
import type { GcsStandIn } from '../gcs.ts';
import { type Handler, Refusal } from './server.ts';

interface EnvVar {
  readonly name: string;
  readonly value: string;
}
interface Pool {
  readonly machineSpec?: { readonly machineType: string; readonly acceleratorType: string; readonly acceleratorCount: number };
  readonly replicaCount: string;
  readonly task?: string;
  readonly containerSpec?: { readonly imageUri: string; readonly command: string[]; readonly args: string[]; readonly env: EnvVar[] };
  readonly pythonPackageSpec?: {
    readonly executorImageUri: string;
    readonly packageUris: string[];
    readonly pythonModule: string;
    readonly args: string[];
    readonly env: EnvVar[];
  };
}
interface Body {
  readonly displayName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly jobSpec?: {
    readonly workerPoolSpecs: Pool[];
    readonly scheduling?: { readonly timeout?: { readonly seconds: string }; readonly disableRetries: boolean; readonly strategy: string };
    readonly baseOutputDirectory?: { readonly outputUriPrefix: string };
    readonly experiment?: string;
    readonly experimentRun?: string;
  };
}

export interface StandInJob {
  readonly name: string;
  readonly body: Body;
  readonly created: number;
  state: string;
  error?: { code: number; message: string };
  /** How many lists it is still missing from. */
  hiddenLists: number;
  /** How often the container was started. */
  starts: number;
  /** Resolves when the job is in a final state. */
  readonly ended: Promise<void>;
}

export interface JobsOptions {
  /** How long a new job is missing from the list. */
  readonly hiddenMs?: number;
  /** How many lists it is missing from, besides. */
  readonly hiddenLists?: number;
  /** How long it is queued, and then pending. */
  readonly queuedMs?: number;
  readonly pendingMs?: number;
  /** How long cancelling takes at least. */
  readonly cancelMs?: number;
  /** Accelerators there is no quota for. */
  readonly exhausted?: readonly string[];
  /** Starts after the first of a container that ended with an error. */
  readonly restarts?: number;
  readonly python?: string;
  /** Where `gs://` folders lie, for containers as well. Absent: base and packages must be `file:`. */
  readonly gcs?: GcsStandIn;
  /** `false`: no container is started, and jobs run until they are cancelled. */
  readonly containers?: boolean;
  readonly pageSize?: number;
}

export interface JobsStandIn {
  readonly handlers: Readonly<Record<string, Handler>>;
  readonly jobs: readonly StandInJob[];
  /** Folder that containers start in. */
  readonly folder: string;
  /** Jobs that are not in a final state. */
  alive(): readonly StandInJob[];
  /** Takes the machine away: the container is killed and started again in its place. */
  evict(name: string): void;
  /** The job is missing from the next lists. */
  hide(name: string, lists: number): void;
  /** What happens to the job the moment before it is told to end. */
  beforeCancel(name: string, what: { readonly end?: string; readonly gone?: boolean }): void;
}

const FINAL = ['SUCCEEDED', 'FAILED', 'CANCELLED', 'EXPIRED'].map((state) => `JOB_STATE_${state}`);
const CONTEXT = /^projects\/[^/]+\/locations\/[^/]+\/metadataStores\/[^/]+\/contexts\/[a-z0-9][a-z0-9-]{3,127}$/;
const LABEL = /^[\p{Ll}\p{Lo}\d_-]{0,63}$/u;
/** Machines with GPUs of their own: how many, and which. */
const BUILT_IN: readonly (readonly [RegExp, string, number])[] = [
  [/^g2-standard-(?:4|8|12|16|32)$/, 'NVIDIA_L4', 1],
  [/^g2-standard-24$/, 'NVIDIA_L4', 2],
  [/^g2-standard-48$/, 'NVIDIA_L4', 4],
  [/^g2-standard-96$/, 'NVIDIA_L4', 8],
];

/**
 * CustomJobs that really run, as processes of this machine with the variables the service sets. Create is not idempotent; a new job is missing
 * from the list for a while; cancelling takes time, and is refused of a job that has ended (what the service says to that is written nowhere);
 * a container that fails is started again in place unless that is disabled.
 * Not imitated: images (the command runs as it is; a package is unpacked, its requirements are not installed), several workers, persistent
 * resources, CMEK, networks, the machine's account (a stand-in's bucket is open), whether an experiment's run exists, the order of lists,
 * maintenance but for `evict`.
 */
export async function vertexJobs(context: Pick<TestContext, 'after'>, options: JobsOptions = {}): Promise<JobsStandIn> {
  const {
    hiddenMs = 0,
    hiddenLists = 0,
    queuedMs = 20,
    pendingMs = 20,
    cancelMs = 50,
    exhausted = [],
    restarts = 2,
    python = 'python3',
    gcs,
    containers = true,
    pageSize = 100,
  } = options;
  const scratch = await mkdtemp(join(tmpdir(), 'vertex-jobs-'));
  const jobs: StandInJob[] = [];
  let made = 0;
  const children = new Map<string, ChildProcess>();
  const timers = new Set<NodeJS.Timeout>();
  const finish = new Map<string, () => void>();
  const fates = new Map<string, { readonly end?: string; readonly gone?: boolean }>();
  context.after(async () => {
    for (const timer of timers) clearTimeout(timer);
    for (const child of children.values()) child.kill('SIGKILL');
    await rm(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  });
  const later = (ms: number, work: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, ms);
    timers.add(timer);
  };

  const end = (job: StandInJob, state: string, error?: { code: number; message: string }) => {
    if (FINAL.includes(job.state)) return;
    job.state = state;
    if (error) job.error = error;
    finish.get(job.name)?.();
  };

  const start = async (job: StandInJob) => {
    if (job.state === 'JOB_STATE_CANCELLING') return end(job, 'JOB_STATE_CANCELLED', { code: 1, message: 'CANCELED' });
    if (FINAL.includes(job.state)) return;
    job.state = 'JOB_STATE_RUNNING';
    job.starts++;
    if (!containers) return undefined;
    const child = await containerOf(job, scratch, python, gcs);
    if (job.state === 'JOB_STATE_CANCELLING') child.kill('SIGTERM');
    children.set(job.name, child);
    child.once('exit', (code, signal) => {
      children.delete(job.name);
      if (job.state === 'JOB_STATE_CANCELLING')
        return later(cancelMs, () => end(job, 'JOB_STATE_CANCELLED', { code: 1, message: 'CANCELED' }));
      if (code === 0) return end(job, 'JOB_STATE_SUCCEEDED');
      if (!job.body.jobSpec?.scheduling?.disableRetries && job.starts <= restarts) return later(10, () => void start(job));
      end(job, 'JOB_STATE_FAILED', {
        code: 3,
        message: `The replica workerpool0-0 exited with a non-zero status of ${code ?? `128 + ${signal}`}.`,
      });
    });
    return undefined;
  };

  const shown = (job: StandInJob) => ({
    ...job.body,
    name: job.name,
    state: job.state,
    createTime: { seconds: String(Math.floor(job.created / 1_000)), nanos: (job.created % 1_000) * 1e6 },
    ...(job.error && { error: job.error }),
  });
  const found = (name: string): StandInJob => {
    const job = jobs.find((one) => one.name === name);
    if (!job) throw new Refusal(status.NOT_FOUND, `The CustomJob ${name} does not exist.`);
    return job;
  };

  return {
    jobs,
    folder: scratch,
    alive: () => jobs.filter((job) => !FINAL.includes(job.state)),
    evict: (name) => void children.get(name)?.kill('SIGKILL'),
    hide(name, lists) {
      found(name).hiddenLists = lists;
    },
    beforeCancel: (name, what) => void fates.set(name, what),
    handlers: {
      CreateCustomJob: ({ parent, customJob }: { parent: string; customJob: Body }) => {
        refuse(customJob, exhausted, gcs);
        const { promise, resolve } = Promise.withResolvers<void>();
        const name = `${parent}/customJobs/${4_000_000_000 + made++}`;
        const job: StandInJob = {
          name,
          body: customJob,
          created: Date.now(),
          state: 'JOB_STATE_QUEUED',
          hiddenLists,
          starts: 0,
          ended: promise,
        };
        jobs.push(job);
        finish.set(name, resolve);
        later(queuedMs, () => {
          if (job.state === 'JOB_STATE_QUEUED') job.state = 'JOB_STATE_PENDING';
          later(pendingMs, () => void start(job));
        });
        const seconds = Number(customJob.jobSpec?.scheduling?.timeout?.seconds ?? 7 * 86_400);
        later(Math.min(seconds * 1_000, 2 ** 31 - 1), () => {
          end(job, 'JOB_STATE_EXPIRED');
          children.get(name)?.kill('SIGKILL');
        });
        return shown(job);
      },
      GetCustomJob: ({ name }: { name: string }) => shown(found(name)),
      ListCustomJobs: ({ parent, filter, pageToken }: { parent: string; filter: string; pageToken: string }) => {
        const [, label, value] = /^labels\.([a-z0-9_-]+)="?([^"]*)"?$/.exec(filter) ?? [];
        if (filter !== '' && label === undefined) throw new Refusal(status.INVALID_ARGUMENT, `Invalid filter: ${filter}`);
        const matching = jobs.filter(
          (job) =>
            job.name.startsWith(`${parent}/`) &&
            (label === undefined || job.body.labels[label] === value) &&
            Date.now() - job.created >= hiddenMs &&
            job.hiddenLists-- <= 0,
        );
        const from = Number(pageToken || 0);
        const next = from + pageSize < matching.length ? String(from + pageSize) : '';
        return { customJobs: matching.slice(from, from + pageSize).map(shown), nextPageToken: next };
      },
      CancelCustomJob: ({ name }: { name: string }) => {
        const { end: state, gone } = fates.get(name) ?? {};
        if (gone)
          jobs.splice(
            jobs.findIndex((one) => one.name === name),
            1,
          );
        const job = found(name);
        if (state !== undefined) end(job, state);
        if (FINAL.includes(job.state)) throw new Refusal(status.FAILED_PRECONDITION, `The CustomJob ${name} is in state ${job.state}.`);
        if (job.state === 'JOB_STATE_CANCELLING') return {};
        const waiting = job.state !== 'JOB_STATE_RUNNING' || !containers;
        job.state = 'JOB_STATE_CANCELLING';
        children.get(name)?.kill('SIGTERM');
        if (waiting) later(cancelMs, () => end(job, 'JOB_STATE_CANCELLED', { code: 1, message: 'CANCELED' }));
        return {};
      },
    },
  };
}

function refuse({ displayName, labels, jobSpec }: Body, exhausted: readonly string[], gcs: GcsStandIn | undefined): void {
  const wrong = (message: string) => new Refusal(status.INVALID_ARGUMENT, message);
  if (displayName === '' || displayName.length > 128) throw wrong('display_name must be 1 to 128 characters.');
  for (const [key, value] of Object.entries(labels)) {
    if (!LABEL.test(key) || !LABEL.test(value)) throw wrong(`Label ${key}: ${value} is not valid.`);
  }
  const [chief, ...others] = jobSpec?.workerPoolSpecs ?? [];
  if (chief === undefined || others.length > 0) throw wrong('This stand-in takes exactly one worker pool.');
  if (chief.replicaCount !== '1') throw wrong('The chief has exactly one replica.');
  const { machineType = '', acceleratorType = '', acceleratorCount = 0 } = chief.machineSpec ?? {};
  const built = BUILT_IN.find(([type]) => type.test(machineType));
  const has = acceleratorType !== '' && acceleratorType !== 'ACCELERATOR_TYPE_UNSPECIFIED';
  if (machineType === '' || (/^g2-/.test(machineType) && !built)) throw wrong(`Machine type "${machineType}" is not supported.`);
  if (built && (acceleratorType !== built[1] || acceleratorCount !== built[2]))
    throw wrong(`Machine type "${machineType}" with ${acceleratorCount} ${acceleratorType} is not supported.`);
  if (has && exhausted.includes(acceleratorType))
    throw new Refusal(
      status.RESOURCE_EXHAUSTED,
      `The following quota metrics exceed quota limits: aiplatform.googleapis.com/custom_model_training_${acceleratorType.toLowerCase()}_gpus`,
    );
  const { experiment = '', experimentRun = '' } = jobSpec ?? {};
  for (const context of [experiment, experimentRun])
    if (context !== '' && !CONTEXT.test(context)) throw wrong(`"${context}" is no full name of a context.`);
  if (experimentRun !== '' && !experimentRun.startsWith(`${experiment}-`)) throw wrong(`${experimentRun} is no run of ${experiment}.`);
  const base = jobSpec?.baseOutputDirectory?.outputUriPrefix ?? '';
  if (gcs ? !gcs.buckets.has(inBucket(base)?.bucket ?? '') : !base.startsWith('file:'))
    throw wrong(`base_output_directory: there is no folder "${base}".`);
  if (chief.pythonPackageSpec) {
    const { executorImageUri, packageUris, pythonModule } = chief.pythonPackageSpec;
    if (!/^(?:us|europe|asia)-docker\.pkg\.dev\/vertex-ai\/training\//.test(executorImageUri))
      throw wrong(`executor_image_uri: ${executorImageUri} is no prebuilt image.`);
    if (packageUris.length < 1 || packageUris.length > 100 || pythonModule === '')
      throw wrong('python_package_spec needs 1 to 100 packages and a module.');
    for (const uri of packageUris) {
      if (gcs ? objectAt(gcs, uri) === undefined : !existsSync(fileURLToPath(uri)))
        throw new Refusal(status.NOT_FOUND, `${uri} does not exist.`);
    }
  } else if (!chief.containerSpec?.imageUri) throw wrong('A worker pool needs a container_spec or a python_package_spec.');
}

function inBucket(uri: string): { readonly bucket: string; readonly name: string } | undefined {
  const [, bucket, name = ''] = /^gs:\/\/([^/]+)\/(.*)$/.exec(uri) ?? [];
  return bucket === undefined ? undefined : { bucket, name };
}

function objectAt(gcs: GcsStandIn, uri: string): Buffer | undefined {
  const { bucket, name } = inBucket(uri) ?? { bucket: '', name: '' };
  return gcs.buckets.get(bucket)?.get(name)?.content;
}

/** The container, as a process of this machine. */
async function containerOf(job: StandInJob, scratch: string, python: string, gcs: GcsStandIn | undefined): Promise<ChildProcess> {
  const { jobSpec } = job.body;
  const base = (jobSpec?.baseOutputDirectory?.outputUriPrefix ?? '').replace(/\/?$/, '/');
  const id = job.name.split('/').at(-1)!;
  const [pool] = jobSpec!.workerPoolSpecs;
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    HOME: scratch,
    AIP_MODEL_DIR: `${base}model/`,
    AIP_CHECKPOINT_DIR: `${base}checkpoints/`,
    AIP_TENSORBOARD_LOG_DIR: `${base}logs/`,
    CLOUD_ML_JOB_ID: id,
    CLUSTER_SPEC: JSON.stringify({
      cluster: { workerpool0: ['cmle-training-workerpool0-0:2222'] },
      task: { type: 'workerpool0', index: 0 },
    }),
    PYTHONDONTWRITEBYTECODE: '1',
    ...(gcs && { STORAGE_EMULATOR_HOST: gcs.endpoint }),
  };
  let command: string[];
  if (pool!.pythonPackageSpec) {
    const { packageUris, pythonModule, args, env: more } = pool!.pythonPackageSpec;
    const site = join(scratch, `${id}-${job.starts}`);
    mkdirSync(site);
    for (const [i, uri] of packageUris.entries()) {
      const archive = gcs ? `${site}-${i}.tar.gz` : fileURLToPath(uri);
      if (gcs) writeFileSync(archive, objectAt(gcs, uri) as Buffer);
      await ended(spawn('tar', ['xzf', archive, '-C', site, '--strip-components=1']));
    }
    for (const { name, value } of more) env[name] = value;
    env.PYTHONPATH = site;
    command = [python, '-m', pythonModule, ...args];
  } else {
    const { command: entry, args, env: more } = pool!.containerSpec!;
    for (const { name, value } of more) env[name] = value;
    command = [...entry, ...args];
  }
  const child = spawn(command[0]!, command.slice(1), { env, cwd: scratch, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.resume();
  child.stderr.resume();
  child.on('error', () => undefined);
  return child;
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`exit ${code}`))));
  });
