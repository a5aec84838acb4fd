import { randomBytes } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { digestEntries } from '../../kernel/digest.ts';
import { faultOf } from '../../kernel/errors.ts';
import { type VertexStatus, vertexStatus } from '../google/vertex-errors.ts';
import type { Job, JobSpec } from './backend.ts';
import type { StoreDocuments } from './store-documents.ts';
import { factsOf } from './trainer-shapes.ts';
import { cancelJob } from './vertex-calls.ts';
import { explainCreation } from './vertex-creation.ts';
import { type CustomJob, customJob, type JobOrder, jobOf, type Program } from './vertex-job.ts';
import type { KnownJobs } from './vertex-known.ts';
import type { Launch } from './vertex-launches.ts';
import type { VertexBackendOptions } from './vertex-options.ts';
import type { VertexPrograms } from './vertex-programs.ts';
import { type SettleOptions, settle } from './vertex-settle.ts';

const CREATE_SECONDS = 60;
const CREATE_TRIES = 3;
/** Answers after which no job was made. */
const REFUSED: readonly (VertexStatus | undefined)[] = ['INVALID_ARGUMENT', 'NOT_FOUND', 'FAILED_PRECONDITION', 'PERMISSION_DENIED'];

/** Makes the one job of a key, or finds it; wherever a launch dies, the next one ends with exactly one. */
export class VertexLaunching {
  readonly #options: VertexBackendOptions;
  readonly #documents: StoreDocuments;
  readonly #programs: VertexPrograms;
  readonly #settling: SettleOptions;
  readonly #known: KnownJobs;

  constructor(
    options: VertexBackendOptions,
    parts: {
      readonly documents: StoreDocuments;
      readonly programs: VertexPrograms;
      readonly settling: SettleOptions;
      readonly known: KnownJobs;
    },
  ) {
    this.#options = options;
    this.#documents = parts.documents;
    this.#programs = parts.programs;
    this.#settling = parts.settling;
    this.#known = parts.known;
  }

  async find(key: string, signal: AbortSignal): Promise<Job | undefined> {
    const found = await settle(key, this.#known.names(key), this.#settling, signal);
    return found && jobOf(key, found);
  }

  async submit(key: string, spec: JobSpec, signal: AbortSignal): Promise<Job> {
    const facts = factsOf(spec.job);
    const { storeUri, run } = this.#options;
    const folder = `${storeUri}/${run}/${spec.verb}-${facts.algorithm}-${key.slice(0, 12)}`;
    const program = await this.#programs.of(spec, signal);
    await this.#upload(spec, `${folder}/input`, signal);
    for (let tried = 1; ; tried++) {
      const found = await this.find(key, signal);
      if (found) return found;
      const job = await this.#launch(key, spec, { folder, program, last: tried === CREATE_TRIES }, signal);
      if (job) return job;
    }
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
    const before = await this.#settling.launches.read(key, signal);
    const begun = await this.#settling.launches.write({ key, run, base, at: now().toISOString() }, before, signal);
    if (begun === undefined) return undefined;
    const made = await this.#create(key, spec, { folder, base, program, begun, last }, signal);
    if (made === undefined) return undefined;
    const job = jobOf(key, made);
    // Without a pause after the answer: from here on the job is known here, whatever happens.
    this.#known.remember(job);
    const { clients, log } = this.#options;
    try {
      signal.throwIfAborted();
      const written = await this.#settling.launches.write({ ...begun, job: job.details.name! }, begun, signal);
      if (written !== undefined) return job;
    } catch (error) {
      // Nobody else knows the job yet, and only after a fault of the world does somebody come back for it.
      if (signal.aborted || faultOf(error) !== 'world')
        await cancelJob(job.details.name!, clients).catch((failure: unknown) =>
          log(`The job ${job.details.name} could not be told to end, and may go on: ${errorText(failure)}`),
        );
      throw error;
    }
    await cancelJob(job.details.name!, clients);
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
      args: [
        ...args,
        '--interval',
        String(this.#settling.tempo.liveSeconds),
        ...(threads === undefined ? [] : ['--threads', String(threads)]),
      ],
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
      // The answer may be lost and the job there, also where our own patience ended: whoever looks next waits until the list must show it.
      const lost = faultOf(error) === 'world' && vertexStatus(error) !== 'RESOURCE_EXHAUSTED';
      if (lost && !what.last) return undefined;
      if (!lost)
        // Without it the next launch only waits longer; why this one failed is what counts.
        await this.#settling.launches.write({ ...what.begun, refused: true }, what.begun, signal).catch(() => undefined);
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
}

const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The file itself under the empty name, or every file of the folder. */
async function entriesOf(
  from: string,
  digest: string,
): Promise<readonly { readonly path: string; readonly from: string; readonly sha256: string }[]> {
  if (!(await lstat(from)).isDirectory()) return [{ path: '', from, sha256: digest }];
  return (await digestEntries(from)).map((entry) => ({ path: entry.path, from: join(from, entry.path), sha256: entry.sha256 }));
}
