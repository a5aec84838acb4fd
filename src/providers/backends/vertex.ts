import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { digestEntries, sha256 } from '../../kernel/digest.ts';
import { UserError, WorldError } from '../../kernel/errors.ts';
import type { VertexClients } from '../google/vertex-clients.ts';
import { isPassing, type VertexStatus, vertexStatus } from '../google/vertex-errors.ts';
import type { Store } from '../stores/store.ts';
import type {
  Backend,
  Environment,
  FitReport,
  Job,
  JobEvent,
  JobSpec,
  JobState,
  JobUnderWay,
  PythonChoice,
  TrainerDescription,
  TrainerSource,
} from './backend.ts';
import { machineText } from './machines.ts';
import { checkResults } from './results.ts';
import { StoreDocuments } from './store-documents.ts';
import { type JobFacts, jobSchema, problemsOf } from './trainer-shapes.ts';
import { explainCreation } from './vertex-creation.ts';
import { failedState, failureSchema } from './vertex-end.ts';
import {
  baseOf,
  byAge,
  type CustomJob,
  createdAt,
  customJob,
  hasEnded,
  isUnderWay,
  type JobOrder,
  jobOf,
  labelOf,
  type Machine,
  mayHaveSucceeded,
  modelFilter,
  type Program,
  shownState,
  stateOf,
} from './vertex-job.ts';
import { type Launch, VertexLaunches } from './vertex-launches.ts';
import { VertexLive } from './vertex-live.ts';
import { packTrainer, type RecordedLocks, type TrainerPackage } from './vertex-package.ts';
import { getJob, listJobs, type SettleOptions, settle, type Tempo } from './vertex-settle.ts';

export interface VertexBackendOptions {
  readonly clients: VertexClients;
  readonly store: Store;
  /** URI of the folder that everything of the pipeline goes to, absolute and without a slash at its end. */
  readonly storeUri: string;
  readonly run: string;
  readonly model: string;
  readonly machine: Machine;
  /** An image of the user's own by digest; absent: one of Google's with Retrain's package. */
  readonly image?: string;
  readonly serviceAccount?: string;
  /** Threads the user asked for; absent: all of the machine's. */
  readonly threads?: number;
  readonly root: string;
  /** Folder for what is known of the jobs of this run. */
  readonly jobs: string;
  /** Asks a module that comes with Retrain to describe itself, on this machine. */
  readonly describe: (trainer: TrainerSource, signal: AbortSignal) => Promise<TrainerDescription>;
  readonly log: (line: string) => void;
  readonly tempo?: Tempo;
  readonly now?: () => Date;
}

export const TEMPO: Tempo = { pollMs: 15_000, pollMsMax: 60_000, visibleMs: 120_000, liveSeconds: 10 };
const CANCEL_SECONDS = 8;
const CREATE_SECONDS = 60;
const CREATE_TRIES = 3;
/** Answers after which no job was made. */
const REFUSED: readonly (VertexStatus | undefined)[] = ['INVALID_ARGUMENT', 'NOT_FOUND', 'FAILED_PRECONDITION', 'PERMISSION_DENIED'];
/** A job that waits this long is told of, and again after as long. */
const WAITING_MS = 10 * 60_000;

const resultSchema = z.object({
  files: z.array(z.object({ path: z.string().min(1).max(1_024), sha256: z.string().regex(/^[0-9a-f]{64}$/) })).max(20_000),
});

/** Trains as custom jobs of Vertex AI; folders go there and come back through the store. */
export function vertexBackend(options: VertexBackendOptions): Backend {
  return new VertexBackend(options);
}

class VertexBackend implements Backend {
  readonly name = 'vertex';
  readonly outlives = true;
  readonly machine: string;
  readonly #options: VertexBackendOptions;
  readonly #tempo: Tempo;
  readonly #documents: StoreDocuments;
  readonly #launches: VertexLaunches;
  readonly #settling: SettleOptions;
  readonly #packages = new Map<string, Promise<TrainerPackage>>();
  /** Jobs that stand for others by now, which were cancelled as doubles. */
  readonly #insteadOf = new Map<string, Job>();

  constructor(options: VertexBackendOptions) {
    this.#options = options;
    this.machine = machineText(options.machine);
    this.#tempo = options.tempo ?? TEMPO;
    this.#documents = new StoreDocuments(options.store, options.jobs);
    this.#launches = new VertexLaunches(this.#documents, options.storeUri);
    this.#settling = { ...options, launches: this.#launches, tempo: this.#tempo };
  }

  async find(key: string, signal: AbortSignal): Promise<Job | undefined> {
    const found = await settle(key, this.#remembered(key), this.#settling, signal);
    return found && jobOf(key, found);
  }

  async submit(key: string, spec: JobSpec, signal: AbortSignal): Promise<Job> {
    const facts = factsOf(spec);
    const { storeUri, run } = this.#options;
    const folder = `${storeUri}/${run}/${spec.verb}-${facts.algorithm}-${key.slice(0, 12)}`;
    const program = await this.#program(spec, signal);
    await this.#upload(spec, `${folder}/input`, signal);
    for (let tried = 1; ; tried++) {
      const found = await this.find(key, signal);
      if (found) return found;
      const job = await this.#launch(key, spec, { folder, program, last: tried === CREATE_TRIES }, signal);
      if (job) return job;
    }
  }

  async *watch(job: Job, signal: AbortSignal): AsyncGenerator<JobEvent> {
    const { tempo, options } = { tempo: this.#tempo, options: this.#options };
    let current = this.#current(job);
    let live = this.#liveOf(current);
    let told: string | undefined;
    let waitingToldAt = Date.now();
    yield { kind: 'log', line: `job ${current.id}: ${current.details.name}` };
    for (let pause = tempo.pollMs; ; pause = Math.min(pause * 1.5, tempo.pollMsMax)) {
      const found = await getJob(current.details.name!, options, signal);
      if (found === undefined) throw new WorldError('job-lost', `The job ${current.details.name} is gone.`, { todo: 'Run again.' });
      if (!hasEnded(found) && Date.now() - createdAt(found) < tempo.visibleMs * 3) {
        const standing = await settle(job.key, [current.details.name!], this.#settling, signal);
        if (standing?.name && standing.name !== current.details.name) {
          current = jobOf(job.key, standing);
          this.#insteadOf.set(job.id, current);
          live = this.#liveOf(current);
          yield { kind: 'log', line: `an older job does the same: going on with ${standing.name}` };
          continue;
        }
      }
      yield* await live.news(signal);
      const state = stateOf(found);
      if (hasEnded(found)) {
        yield await this.#lastState(found, live, signal);
        return;
      }
      const shown = shownState(found);
      if (state !== told) {
        yield { kind: 'state', state: shown };
        told = state;
        pause = tempo.pollMs;
      }
      if (shown === 'queued' && Date.now() - waitingToldAt > WAITING_MS) {
        waitingToldAt = Date.now();
        yield { kind: 'log', line: this.#waitingText(found) };
      }
      // Some of it by chance, so that many runs do not ask at once.
      await sleep(pause * (0.8 + Math.random() * 0.4), undefined, { signal });
    }
  }

  async collect(job: Job, spec: JobSpec, to: string, signal: AbortSignal): Promise<FitReport | undefined> {
    const { base = '' } = this.#current(job).details;
    const text = (await this.#documents.read(`${base}/result.json`, signal))?.text;
    const parsed = resultSchema.safeParse(text === undefined ? undefined : JSON.parse(text));
    if (!parsed.success)
      throw new WorldError('job-lost', `What the job ${job.id} left in ${base} is gone or unreadable.`, { todo: 'Run again.' });
    for (const { path, sha256: digest } of parsed.data.files) {
      if (posix.isAbsolute(path) || posix.normalize(path) !== path || path.startsWith('..') || path.includes('\\'))
        throw new UserError(
          'result-not-a-file',
          `${base}/result.json names ${JSON.stringify(path)}, which is no file of the job's output.`,
        );
      await this.#options.store.get(`${base}/output/${path}`, join(to, path), { sha256: digest, signal });
    }
    const facts = factsOf(spec);
    const part = facts.parts.predict && spec.inputs[facts.parts.predict.path]?.from;
    return checkResults(spec.verb, { output: to, ...(part !== undefined && { part }) }, facts);
  }

  async cancel(job: Job): Promise<JobState> {
    const { name = '' } = this.#current(job).details;
    const { clients } = this.#options;
    const signal = AbortSignal.timeout(CANCEL_SECONDS * 1_000);
    const service = await clients.jobs();
    await clients.read('cancel the training job', (callOptions) => service.cancelCustomJob({ name }, callOptions), signal);
    const found = await getJob(name, this.#options, signal);
    if (found === undefined) return 'cancelled';
    if (mayHaveSucceeded(found)) return 'succeeded';
    // Cancelling takes the service a while, and there is no way back from it.
    return stateOf(found) === 'JOB_STATE_FAILED' ? 'failed' : 'cancelled';
  }

  async underWay(signal: AbortSignal): Promise<readonly JobUnderWay[]> {
    const jobs = await listJobs(modelFilter(this.#options.model), this.#options, signal);
    return jobs
      .filter(isUnderWay)
      .toSorted(byAge)
      .map((found) => {
        const label = found.labels?.['retrain-run'] ?? '';
        return {
          job: jobOf(found.labels?.['retrain-key'] ?? '', found),
          state: shownState(found),
          since: new Date(createdAt(found)),
          run: label,
          isOf: (run) => labelOf(run) === label,
        };
      });
  }

  async describe(trainer: TrainerSource, _python: PythonChoice, signal: AbortSignal): Promise<TrainerDescription> {
    return this.#options.describe(trainer, signal);
  }

  async environment(trainer: TrainerSource): Promise<Environment> {
    const image = this.#image(trainer);
    if (trainer.kind === 'command') return { digest: sha256(JSON.stringify([image, trainer.command])), lock: '' };
    const { digest, lock, imageLock } = await this.#packed(trainer);
    const installed = this.#options.image === undefined && imageLock !== undefined;
    return { digest: sha256(JSON.stringify([image, digest])), lock, ...(installed && { imageLock }) };
  }

  /** Makes one job, unless somebody else does; undefined: look again who stands for the key. */
  async #launch(
    key: string,
    spec: JobSpec,
    { folder, program, last }: { readonly folder: string; readonly program: Program; readonly last: boolean },
    signal: AbortSignal,
  ): Promise<Job | undefined> {
    const { run, now = () => new Date() } = this.#options;
    const base = `${folder}/${randomBytes(4).toString('hex')}`;
    const before = await this.#launches.read(key, signal);
    const begun = await this.#launches.write({ key, run, base, at: now().toISOString() }, before, signal);
    if (begun === undefined) return undefined;
    const made = await this.#create(key, spec, { folder, base, program, begun, last }, signal);
    if (made === undefined) return undefined;
    const job = jobOf(key, made);
    // Without a pause after the answer: from here on the job is known here, whatever happens.
    this.#remember(job);
    if (signal.aborted) {
      await this.cancel(job);
      signal.throwIfAborted();
    }
    const written = await this.#launches.write({ ...begun, job: job.details.name! }, begun, signal);
    if (written !== undefined) return job;
    await this.cancel(job);
    return undefined;
  }

  /** The call itself is not given up when the step is cancelled: the job would be made, and nobody would know it. */
  async #create(
    key: string,
    spec: JobSpec,
    what: { readonly folder: string; readonly base: string; readonly program: Program; readonly begun: Launch; readonly last: boolean },
    signal: AbortSignal,
  ): Promise<CustomJob | undefined> {
    const { clients, run, model, machine, threads, serviceAccount } = this.#options;
    signal.throwIfAborted();
    const args = ['--input', `${what.folder}/input`, '--output', what.base, '--verb', spec.verb, '--seconds', String(spec.timeoutSeconds)];
    const order: JobOrder = {
      displayName: `${run} ${what.folder.slice(what.folder.lastIndexOf('/') + 1)}`,
      key,
      run,
      model,
      machine,
      ...(serviceAccount !== undefined && { serviceAccount }),
      program: what.program,
      args: [...args, '--interval', String(this.#tempo.liveSeconds), ...(threads === undefined ? [] : ['--threads', String(threads)])],
      base: what.base,
      seconds: spec.timeoutSeconds,
      ...(spec.experimentRun && { experimentRun: spec.experimentRun }),
    };
    const service = await clients.jobs();
    const ask = (asked: JobOrder) =>
      clients.write(
        'start the training job',
        (callOptions) => service.createCustomJob({ parent: clients.parent, customJob: customJob(asked) }, callOptions),
        AbortSignal.timeout(CREATE_SECONDS * 1_000),
      );
    try {
      return await ask(order).catch((error: unknown) => {
        // Where a job is shown is no reason to go without it.
        if (order.experimentRun === undefined || !REFUSED.includes(vertexStatus(error))) throw error;
        this.#options.log(`${errorText(error)} Asking again without the run in Experiments.`);
        return ask({ ...order, experimentRun: undefined });
      });
    } catch (error) {
      // The answer may be lost and the job there: whoever looks next waits until the list must show it.
      if (isPassing(error) && vertexStatus(error) !== 'RESOURCE_EXHAUSTED' && !what.last) return undefined;
      if (!isPassing(error) || vertexStatus(error) === 'RESOURCE_EXHAUSTED')
        await this.#launches.write({ ...what.begun, at: new Date(0).toISOString() }, what.begun, signal);
      throw explainCreation(error, machine, clients.place);
    }
  }

  async #upload(spec: JobSpec, folder: string, signal: AbortSignal): Promise<void> {
    const files: Record<string, string> = {};
    for (const [path, { from, sha256: digest }] of Object.entries(spec.inputs)) {
      const entries = await entriesOf(from, digest);
      for (const entry of entries) {
        const name = entry.path === '' ? path : `${path}/${entry.path}`;
        await this.#options.store.put(entry.from, `${folder}/${name}`, { signal });
        files[name] = entry.sha256;
      }
    }
    const job = { ...spec.job, contract: 1, verb: spec.verb };
    await this.#documents.write(`${folder}/index.json`, `${JSON.stringify({ job, files }, undefined, 1)}\n`, { signal });
  }

  async #program({ trainer, environmentLock, imageLock }: JobSpec, signal: AbortSignal): Promise<Program> {
    const image = this.#image(trainer);
    // A command of the user's needs our launcher only; any trainer's package brings it.
    const packed = await this.#packed(trainer.kind === 'module' ? trainer : LAUNCHER, { environmentLock, imageLock });
    const packageUri = `${this.#options.storeUri}/packages/${packed.fileName}`;
    if (!(await this.#options.store.stat(packageUri, signal)))
      await this.#documents.write(packageUri, packed.bytes, { ifGeneration: 'absent', signal });
    if (trainer.kind === 'command') return { kind: 'image', image, packageUri, command: trainer.command };
    const module = `retrain_trainers.${trainer.name.replaceAll('-', '_')}`;
    return this.#options.image === undefined
      ? { kind: 'package', image, packageUri, module }
      : { kind: 'image', image, packageUri, command: ['python', '-m', module] };
  }

  #packed(trainer: { readonly name: string; readonly extras: readonly string[] }, recorded: RecordedLocks = {}): Promise<TrainerPackage> {
    const key = JSON.stringify([trainer.name, trainer.extras, recorded]);
    const known = this.#packages.get(key);
    if (known) return known;
    const packed = packTrainer(this.#options.root, trainer, recorded);
    this.#packages.set(key, packed);
    return packed;
  }

  #image(trainer: TrainerSource): string {
    const { image, machine, clients } = this.#options;
    if (image !== undefined) return image;
    if (trainer.kind === 'command')
      throw new UserError('no-image', 'A trainer of your own needs an image on Vertex AI, and none is named.', {
        todo: 'Set train.image to one that holds the command, by digest: NAME@sha256:…',
      });
    return prebuiltImage(clients.place.region, machine.accelerator !== undefined);
  }

  async #lastState(job: CustomJob, live: VertexLive, signal: AbortSignal): Promise<JobEvent> {
    const base = baseOf(job);
    if (mayHaveSucceeded(job) && (await this.#options.store.stat(`${base}/result.json`, signal))) {
      return { kind: 'state', state: 'succeeded', exitCode: 0 };
    }
    const text = (await this.#documents.read(`${base}/failure.json`, signal))?.text;
    const failure = failureSchema.safeParse(text === undefined ? undefined : JSON.parse(text)).data;
    const seconds = Number(job.jobSpec?.scheduling?.timeout?.seconds ?? 0);
    return failedState(job, { ...(failure && { failure }), lastLines: live.lastLines, seconds });
  }

  #waitingText(job: CustomJob): string {
    const { machine, clients } = this.#options;
    const what = machine.accelerator === undefined ? machine.type : `${machine.count ?? 1} × ${machine.accelerator}`;
    const minutes = Math.round((Date.now() - createdAt(job)) / 60_000);
    return `waits for ${what} in ${clients.place.region} since ${minutes} minutes: the quota may be used up, or the region has none left (IAM & Admin, Quotas)`;
  }

  #liveOf({ details }: Job): VertexLive {
    return new VertexLive(this.#options.store, this.#documents, details.base ?? '');
  }

  #current = (job: Job): Job => this.#insteadOf.get(job.id) ?? job;

  #jobFile(key: string): string {
    return join(this.#options.jobs, `vertex-${key.slice(0, 32)}.json`);
  }

  #remember(job: Job): void {
    mkdirSync(this.#options.jobs, { recursive: true });
    writeFileSync(this.#jobFile(job.key), `${JSON.stringify(job)}\n`);
  }

  #remembered(key: string): readonly string[] {
    try {
      const { key: of, details } = JSON.parse(readFileSync(this.#jobFile(key), 'utf8')) as Job;
      return of === key && details.name !== undefined ? [details.name] : [];
    } catch {
      return [];
    }
  }
}

const LAUNCHER = { name: 'tabular', extras: [] } as const;

/** Google's images for training hold Python 3.10 and torch 2.4, and exist as `latest` only. */
export function prebuiltImage(region: string, accelerated: boolean): string {
  const near = /^(europe|asia)-/.exec(region)?.[1] ?? 'us';
  return `${near}-docker.pkg.dev/vertex-ai/training/pytorch-${accelerated ? 'gpu' : 'cpu'}.2-4.py310:latest`;
}

const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function factsOf({ job }: JobSpec): JobFacts {
  const parsed = jobSchema.safeParse(job);
  if (!parsed.success) throw new UserError('job-invalid', `The job is not one: ${problemsOf(parsed.error)}.`);
  return parsed.data;
}

/** The file itself under the empty name, or every file of the folder. */
async function entriesOf(
  from: string,
  digest: string,
): Promise<readonly { readonly path: string; readonly from: string; readonly sha256: string }[]> {
  if (!(await lstat(from)).isDirectory()) return [{ path: '', from, sha256: digest }];
  return (await digestEntries(from)).map((entry) => ({ path: entry.path, from: join(from, entry.path), sha256: entry.sha256 }));
}
