import { setTimeout as sleep } from 'node:timers/promises';
import type { VertexClients } from '../google/vertex-clients.ts';
import type { Store } from '../stores/store.ts';
import { endJob, getJob, listJobs } from './vertex-calls.ts';
import { baseOf, byAge, type CustomJob, isUnderWay, keyFilter, labelOf, mayHaveSucceeded } from './vertex-job.ts';
import type { Launch, VertexLaunches } from './vertex-launches.ts';

/** How long things of the service take; a stand-in is faster. */
export interface Tempo {
  /** Between two looks at a job that was just made; grows to `pollMsMax`. */
  readonly pollMs: number;
  readonly pollMsMax: number;
  /** How long a job that was made may be missing from the list. */
  readonly visibleMs: number;
  /** How often the launcher in the job tells what is new. */
  readonly liveSeconds: number;
  /** After how long, and again after as long, a job that waits for its machine is told of; 10 minutes by default. */
  readonly waitingMs?: number;
}

export interface SettleOptions {
  readonly clients: VertexClients;
  readonly store: Store;
  readonly launches: VertexLaunches;
  readonly tempo: Tempo;
  readonly log: (line: string) => void;
}

/**
 * The one job that stands for a key: the oldest that has succeeded and still has its result, else the oldest under way. Others under way are
 * cancelled. Undefined: there is none. A launch that was broken off is waited for as long as the list may not show its job yet.
 * `known`: names of jobs that the list may not show.
 */
export async function settle(
  key: string,
  known: readonly string[],
  options: SettleOptions,
  signal: AbortSignal,
): Promise<CustomJob | undefined> {
  const { launches, tempo } = options;
  for (;;) {
    const launch = await launches.read(key, signal);
    const jobs = await candidates(key, [...known, ...(launch?.job === undefined ? [] : [launch.job])], options, signal);
    const chosen = (await succeeded(jobs, options, signal)) ?? jobs.filter(isUnderWay).toSorted(byAge)[0];
    if (chosen === undefined) {
      if (launch === undefined || launch.job !== undefined || launch.refused || launches.knownMs(launch) > tempo.visibleMs)
        return undefined;
      await sleep(Math.min(tempo.pollMs, tempo.visibleMs), undefined, { signal });
      continue;
    }
    for (const job of jobs) {
      if (job.name === chosen.name || !isUnderWay(job)) continue;
      options.log(`${job.name} does the same as ${chosen.name}, which is older or done: it is cancelled`);
      await endJob(job.name ?? '', options.clients, signal);
    }
    // Somebody who was faster has looked at the same jobs.
    if (launch?.job !== chosen.name) await launches.write(launchOf(key, chosen, launch), launch, signal);
    return chosen;
  }
}

const launchOf = (key: string, job: CustomJob, before: Launch | undefined): Omit<Launch, 'generation'> => ({
  key,
  run: before?.run ?? job.labels?.['retrain-run'] ?? '',
  base: baseOf(job),
  at: before?.at ?? new Date().toISOString(),
  job: job.name ?? '',
});

async function candidates(key: string, known: readonly string[], options: SettleOptions, signal: AbortSignal): Promise<CustomJob[]> {
  const found = new Map<string, CustomJob>();
  for (const job of await listJobs(keyFilter(key), options.clients, signal)) found.set(job.name ?? '', job);
  for (const name of known) {
    if (found.has(name)) continue;
    const job = await getJob(name, options.clients, signal);
    // The name may come from the bucket: nobody who writes there says which job of the project is ours to end.
    if (job?.labels?.['retrain-key'] === labelOf(key)) found.set(name, job);
  }
  return [...found.values()];
}

/** A bucket may forget what a job left there; such a job is as good as none. */
async function succeeded(jobs: readonly CustomJob[], { store }: SettleOptions, signal: AbortSignal): Promise<CustomJob | undefined> {
  for (const job of jobs.filter(mayHaveSucceeded).toSorted(byAge)) if (await store.stat(`${baseOf(job)}/result.json`, signal)) return job;
  return undefined;
}
