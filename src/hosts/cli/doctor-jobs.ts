import { faultOf, UserError } from '../../kernel/errors.ts';
import { listRuns } from '../../kernel/run-folder.ts';
import { backend } from '../../providers/backends/backend.ts';
import type { Loaded } from '../loaded-pipeline.ts';
import { makeProviders } from '../run.ts';
import type { Door } from './door.ts';
import { warnUnreadable } from './place.ts';

/** One line of the doctor's. */
export interface Finding {
  readonly what: string;
  readonly good: boolean;
  readonly text: string;
}

/** What stands in the way of asking a service, as a finding among others; our own faults and a cancel are thrown on. */
export function troubleOf(what: string, error: unknown, signal: AbortSignal): Finding {
  signal.throwIfAborted();
  if (faultOf(error) === 'ours') throw error;
  const todo = error instanceof Error && 'todo' in error && typeof error.todo === 'string' ? ` ${error.todo}` : '';
  return { what, good: false, text: `${error instanceof Error ? error.message : String(error)}${todo}` };
}

/** Jobs of the pipeline that are under way elsewhere, and whether a run of this home can go on with them. `cancel`: the id of one to end. */
export async function jobFindings(loaded: Loaded, cancel: string | undefined, door: Door): Promise<readonly Finding[]> {
  try {
    return await jobsUnderWay(loaded, cancel, door);
  } catch (error) {
    if (cancel !== undefined) throw error;
    return [troubleOf('jobs', error, door.signal)];
  }
}

async function jobsUnderWay(loaded: Loaded, cancel: string | undefined, door: Door): Promise<readonly Finding[]> {
  const { home, base, model, resolved } = loaded;
  const inputs = resolved.stages.train?.inputs ?? {};
  const log = (line: string) => door.err.write(`${line}\n`);
  const providers = await makeProviders({ backend }, { ...door, home, base, model, shared: resolved.shared, inputs, log });
  const found = (await providers.backend.underWay?.(door.signal)) ?? [];
  if (cancel !== undefined && !found.some(({ job }) => job.id === cancel)) {
    throw new UserError('no-job', `No job ${cancel} of ${model} is under way.`, {
      todo: found.length === 0 ? 'There is none at all.' : `Under way: ${found.map(({ job }) => job.id).join(', ')}.`,
    });
  }
  const runs = await listRuns(home, model, warnUnreadable(door));
  const findings: Finding[] = [];
  for (const { job, state, since, run, isOf } of found) {
    const text = `${job.id} of ${run}, ${state} since ${since.toISOString().slice(0, 16)}Z`;
    const own = runs.find(({ manifest }) => isOf(manifest.id))?.manifest;
    if (job.id === cancel) findings.push({ what: 'job', good: true, text: `${text}: told to end, ${await providers.backend.cancel(job)}` });
    else if (own !== undefined && WAITING.includes(own.outcome))
      findings.push({ what: 'job', good: true, text: `${text}: \`retrain resume ${loaded.file}\` goes on with it` });
    else {
      const why = own === undefined ? 'no run of this home began it' : `its run has ended (${own.outcome})`;
      findings.push({
        what: 'job',
        good: false,
        text: `${text}: ${why}. Unless a run elsewhere waits for it: \`retrain doctor ${loaded.file} --cancel ${job.id}\``,
      });
    }
  }
  return findings;
}

/** Outcomes of runs that `retrain resume` goes on with. */
const WAITING: readonly string[] = ['running', 'submitted', 'errored', 'cancelled'];
