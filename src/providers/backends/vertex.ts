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
import { StoreDocuments } from './store-documents.ts';
import { cancelJob, listJobs } from './vertex-calls.ts';
import { collectResult } from './vertex-collecting.ts';
import { byAge, createdAt, isUnderWay, jobOf, labelOf, modelFilter, shownState } from './vertex-job.ts';
import { KnownJobs } from './vertex-known.ts';
import { VertexLaunches } from './vertex-launches.ts';
import { VertexLaunching } from './vertex-launching.ts';
import type { VertexBackendOptions } from './vertex-options.ts';
import { VertexPrograms } from './vertex-programs.ts';
import type { Tempo } from './vertex-settle.ts';
import { VertexWatching } from './vertex-watching.ts';

export const TEMPO: Tempo = { pollMs: 15_000, pollMsMax: 60_000, visibleMs: 120_000, liveSeconds: 10 };

/** Trains as custom jobs of Vertex AI; folders go there and come back through the store. */
export function vertexBackend(options: VertexBackendOptions): Backend {
  return new VertexBackend(options);
}

class VertexBackend implements Backend {
  readonly name = 'vertex';
  readonly outlives = true;
  readonly machine: string;
  readonly #options: VertexBackendOptions;
  readonly #documents: StoreDocuments;
  readonly #programs: VertexPrograms;
  readonly #launching: VertexLaunching;
  readonly #watching: VertexWatching;

  constructor(options: VertexBackendOptions) {
    this.#options = options;
    this.machine = machineText(options.machine);
    this.#documents = new StoreDocuments(options.store, options.jobs);
    this.#programs = new VertexPrograms(options, this.#documents);
    const launches = new VertexLaunches(this.#documents, options.storeUri);
    const settling = { ...options, launches, tempo: options.tempo ?? TEMPO };
    const known = new KnownJobs(options.jobs);
    this.#launching = new VertexLaunching(options, { documents: this.#documents, programs: this.#programs, settling, known });
    this.#watching = new VertexWatching(options, this.#documents, settling);
  }

  find(key: string, signal: AbortSignal): Promise<Job | undefined> {
    return this.#launching.find(key, signal);
  }

  submit(key: string, spec: JobSpec, signal: AbortSignal): Promise<Job> {
    return this.#launching.submit(key, spec, signal);
  }

  watch(job: Job, signal: AbortSignal): AsyncIterable<JobEvent> {
    return this.#watching.watch(job, signal);
  }

  collect(job: Job, spec: JobSpec, to: string, signal: AbortSignal): Promise<FitReport | undefined> {
    const { base = '' } = this.#watching.current(job).details;
    return collectResult(base, spec, to, { store: this.#options.store, documents: this.#documents, signal });
  }

  cancel(job: Job): Promise<JobState> {
    return cancelJob(this.#watching.current(job).details.name ?? '', this.#options.clients);
  }

  async underWay(signal: AbortSignal): Promise<readonly JobUnderWay[]> {
    const jobs = await listJobs(modelFilter(this.#options.model), this.#options.clients, signal);
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

  describe(trainer: TrainerSource, _python: PythonChoice, signal: AbortSignal): Promise<TrainerDescription> {
    return this.#options.describe(trainer, signal);
  }

  environment(trainer: TrainerSource): Promise<Environment> {
    return this.#programs.environment(trainer);
  }
}
