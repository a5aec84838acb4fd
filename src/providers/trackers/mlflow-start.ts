import { setTimeout as delay } from 'node:timers/promises';
import { faultOf, UserError } from '../../kernel/errors.ts';
import type { MlflowClient, MlflowRun } from '../mlflow/mlflow-client.ts';
import { refusedWith } from '../mlflow/mlflow-errors.ts';
import { experimentName, lookupTag, runTitle } from './mlflow-names.ts';
import type { TrackedRun } from './tracker.ts';

const TRIES = 3;

/** Where runs of a model are logged: the experiment of its name, made when there is none. `UserError` `deleted-experiment`. */
async function ensureExperiment(client: MlflowClient, model: string, signal: AbortSignal): Promise<string> {
  const name = experimentName(model);
  let found = await client.experimentNamed(name, signal);
  if (found === undefined) {
    try {
      return await client.createExperiment(name, signal);
    } catch (error) {
      // Somebody else was faster, or the answer to our own attempt was lost.
      if (!refusedWith(error, 'RESOURCE_ALREADY_EXISTS')) throw error;
      found = await client.experimentNamed(name, signal);
      if (found === undefined) throw error;
    }
  }
  if (!found.deleted) return found.id;
  throw new UserError(
    'deleted-experiment',
    `The experiment ${JSON.stringify(name)} of MLflow at ${client.base} is deleted, and its name is taken.`,
    {
      todo: `Restore it (\`mlflow experiments restore --experiment-id ${found.id}\`), or rename it, or give the pipeline another \`name\`.`,
    },
  );
}

/**
 * The run of a key, or a new one. MLflow has no ids of ours and no way to make a run only where there is none, so whoever makes one looks again
 * after `settleMs`: of several the oldest stays, and whoever made another removes it.
 */
export async function startRun(
  client: MlflowClient,
  { experiment, name, key }: TrackedRun,
  settleMs: number,
  signal: AbortSignal,
): Promise<MlflowRun> {
  const place = await ensureExperiment(client, experiment, signal);
  const tag = lookupTag(key);
  const oldest = async (): Promise<MlflowRun | undefined> =>
    [...(await client.runsTagged(place, tag, signal))].sort((a, b) => a.started - b.started || (a.id < b.id ? -1 : 1))[0];
  for (let tried = 1; ; tried++) {
    const known = await oldest();
    if (known !== undefined) {
      await client.updateRun(known.id, 'RUNNING', signal);
      return known;
    }
    try {
      const made = await client.createRun({ experiment: place, name: runTitle(name), tags: [tag] }, signal);
      await delay(settleMs, undefined, { signal });
      const first = (await oldest()) ?? made;
      if (first.id === made.id) return made;
      await client.deleteRun(made.id, signal);
      return first;
    } catch (error) {
      // Perhaps it was made and only its answer lost: the next look tells.
      signal.throwIfAborted();
      if (faultOf(error) !== 'world' || tried === TRIES) throw error;
    }
  }
}
