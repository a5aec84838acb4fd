import { setTimeout as sleep } from 'node:timers/promises';
import { WorldError } from '../../kernel/errors.ts';
import type { Job, JobEvent } from './backend.ts';
import { jsonOf, type StoreDocuments } from './store-documents.ts';
import { getJob } from './vertex-calls.ts';
import { failedState, failureSchema } from './vertex-end.ts';
import { baseOf, type CustomJob, createdAt, hasEnded, jobOf, mayHaveSucceeded, shownState, stateOf } from './vertex-job.ts';
import { VertexLive } from './vertex-live.ts';
import type { VertexBackendOptions } from './vertex-options.ts';
import { type SettleOptions, settle } from './vertex-settle.ts';

/** A job that waits this long is told of, and again after as long. */
const WAITING_MS = 10 * 60_000;

/** Looks at jobs until they end: their states, and what they have written into the store. */
export class VertexWatching {
  readonly #options: Pick<VertexBackendOptions, 'clients' | 'machine' | 'store'>;
  readonly #documents: StoreDocuments;
  readonly #settling: SettleOptions;
  /** Jobs that stand for others by now, which were cancelled as doubles. */
  readonly #insteadOf = new Map<string, Job>();

  constructor(options: VertexBackendOptions, documents: StoreDocuments, settling: SettleOptions) {
    this.#options = options;
    this.#documents = documents;
    this.#settling = settling;
  }

  /** The job that stands for one that was begun. */
  current = (job: Job): Job => this.#insteadOf.get(job.id) ?? job;

  async *watch(job: Job, signal: AbortSignal): AsyncGenerator<JobEvent> {
    const { tempo } = this.#settling;
    const { waitingMs = WAITING_MS } = tempo;
    const { clients } = this.#options;
    let current = this.current(job);
    let live = this.#liveOf(current);
    let told: string | undefined;
    const began = performance.now();
    let waitingToldAt = began;
    yield { kind: 'log', line: `job ${current.id}: ${current.details.name}` };
    let looked = false;
    for (let pause = tempo.pollMs; ; pause = Math.min(pause * 1.5, tempo.pollMsMax)) {
      const found = await getJob(current.details.name!, clients, signal);
      if (found === undefined) throw new WorldError('job-lost', `The job ${current.details.name} is gone.`, { todo: 'Run again.' });
      // Once in any case: on a busy machine the first look may come late.
      if (!hasEnded(found) && (!looked || performance.now() - began < tempo.visibleMs * 3)) {
        looked = true;
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
      if (shown === 'queued' && performance.now() - waitingToldAt > waitingMs) {
        waitingToldAt = performance.now();
        yield { kind: 'log', line: this.#waitingText(found) };
      }
      // Some of it by chance, so that many runs do not ask at once.
      await sleep(pause * (0.8 + Math.random() * 0.4), undefined, { signal });
    }
  }

  async #lastState(job: CustomJob, live: VertexLive, signal: AbortSignal): Promise<JobEvent> {
    const base = baseOf(job);
    if (mayHaveSucceeded(job) && (await this.#options.store.stat(`${base}/result.json`, signal))) {
      return { kind: 'state', state: 'succeeded', exitCode: 0 };
    }
    const failure = failureSchema.safeParse(jsonOf(await this.#documents.read(`${base}/failure.json`, signal))).data;
    const seconds = Number(job.jobSpec?.scheduling?.timeout?.seconds ?? 0);
    return failedState(job, { ...(failure && { failure }), lastLines: live.lastLines, seconds });
  }

  #waitingText(job: CustomJob): string {
    const { machine, clients } = this.#options;
    const what = machine.accelerator === undefined ? machine.type : `${machine.count ?? 1} × ${machine.accelerator}`;
    const since = new Date(createdAt(job)).toISOString().slice(0, 16);
    return `waits for ${what} in ${clients.place.region} since ${since}Z: the quota may be used up, or the region has none left (IAM & Admin, Quotas)`;
  }

  #liveOf({ details }: Job): VertexLive {
    return new VertexLive(this.#options.store, this.#documents, details.base ?? '');
  }
}
