import { type WorkerRole, workers } from '../catalog.ts';

/** What a thread or process that the bundle starts is there for. */
export async function startWorker(role: string): Promise<void> {
  if (!Object.hasOwn(workers, role)) throw new RangeError(`There is no worker ${role}.`);
  await workers[role as WorkerRole]();
}
