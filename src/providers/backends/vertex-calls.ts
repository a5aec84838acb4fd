import type { VertexClients } from '../google/vertex-clients.ts';
import { type VertexStatus, vertexStatus } from '../google/vertex-errors.ts';
import type { JobState } from './backend.ts';
import { type CustomJob, isUnderWay, mayHaveSucceeded, stateOf } from './vertex-job.ts';

const CANCEL_SECONDS = 8;

/** All jobs of the project and region that a filter lets through. */
export async function listJobs(filter: string, clients: VertexClients, signal: AbortSignal): Promise<readonly CustomJob[]> {
  const service = await clients.jobs();
  const list = clients.list<CustomJob>(
    'list the training jobs',
    (pageToken, callOptions) => service.listCustomJobs({ parent: clients.parent, filter, pageToken }, callOptions),
    signal,
  );
  const found: CustomJob[] = [];
  for await (const job of list) found.push(job);
  return found;
}

/** Undefined when there is no such job any more. */
export async function getJob(name: string, clients: VertexClients, signal: AbortSignal): Promise<CustomJob | undefined> {
  const service = await clients.jobs();
  try {
    return await clients.read('look at the training job', (callOptions) => service.getCustomJob({ name }, callOptions), signal);
  } catch (error) {
    if (vertexStatus(error) === 'NOT_FOUND') return undefined;
    throw error;
  }
}

/** Answers to a cancel that a job may give which has ended by itself, or is gone. */
const NEEDLESS: readonly (VertexStatus | undefined)[] = ['NOT_FOUND', 'FAILED_PRECONDITION', 'INVALID_ARGUMENT'];

/** Tells a job to end; one that has ended by itself, or is gone, need not be told. What it is then, if it is still there and can be seen. */
export async function endJob(name: string, clients: VertexClients, signal: AbortSignal): Promise<CustomJob | undefined> {
  const service = await clients.jobs();
  try {
    await clients.read('cancel the training job', (callOptions) => service.cancelCustomJob({ name }, callOptions), signal);
  } catch (error) {
    if (!NEEDLESS.includes(vertexStatus(error))) throw error;
    const found = await getJob(name, clients, signal);
    if (found !== undefined && isUnderWay(found)) throw error;
    return found;
  }
  // It was told: whoever cannot look must not say that it was not.
  return getJob(name, clients, signal).catch(() => undefined);
}

/** Tells a job to end, within a time of its own; what has become of it, or surely will. */
export async function cancelJob(name: string, clients: VertexClients): Promise<JobState> {
  // A process that has spoken to nobody yet (a post step) loads its client first: that is no time of the service's.
  await clients.jobs();
  const found = await endJob(name, clients, AbortSignal.timeout(CANCEL_SECONDS * 1_000));
  if (found === undefined) return 'cancelled';
  if (mayHaveSucceeded(found)) return 'succeeded';
  // Cancelling takes the service a while, and there is no way back from it.
  return stateOf(found) === 'JOB_STATE_FAILED' ? 'failed' : 'cancelled';
}
