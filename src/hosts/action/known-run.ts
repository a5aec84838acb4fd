import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../kernel/errors.ts';
import type { Manifest } from '../../kernel/record.ts';
import { readManifest, runFolder } from '../../kernel/run-folder.ts';

/**
 * The run an action goes on with, as the actions before it left it; undefined when it is the first. Records of this stage and of those that
 * come later in every one of the orders are left out: they are of an earlier attempt.
 */
export async function knownRun(
  home: string,
  id: string,
  model: string,
  stage: string,
  orders: readonly (readonly string[])[],
): Promise<Manifest | undefined> {
  const path = join(runFolder(home, id), 'run.json');
  const there = await stat(path).then(
    () => true,
    () => false,
  );
  if (!there) return undefined;
  const found = await readManifest(path);
  if (found.id !== id || found.model !== model) {
    throw new UserError('other-run', `${path} is of the run ${found.id} of ${found.model}; expected ${id} of ${model}.`, {
      todo: 'Give each pipeline a `run-id` of its own, or none.',
    });
  }
  const before = new Set(orders.flatMap((order) => order.slice(0, order.indexOf(stage))));
  return {
    ...found,
    outcome: 'running',
    reason: undefined,
    ended: undefined,
    records: found.records.filter((record) => before.has(record.stage)),
  };
}

/** The same for all jobs and attempts of one workflow run, so that they need not be told: a re-run goes on with the run it repeats. */
export function workflowRunId(model: string, env: Readonly<Record<string, string | undefined>>): string | undefined {
  return env.GITHUB_RUN_ID === undefined || !/^\d+$/.test(env.GITHUB_RUN_ID) ? undefined : `${model}-${env.GITHUB_RUN_ID}`;
}
