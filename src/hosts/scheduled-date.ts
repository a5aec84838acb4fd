import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cronProblem } from '../pipeline/cron.ts';
import { tickAt, zonedText } from '../pipeline/ticks.ts';
import { readStarterWorkflow } from './starter-workflow.ts';

/**
 * The tick that GitHub's clock has started this workflow for, as its clocks show it, however late it comes: by the line of cron that the event
 * names and the time zone that the workflow file gives it. Undefined for other events, and where the file or the line is not to be found.
 */
export async function scheduledDate(
  workspace: string,
  env: Readonly<Record<string, string | undefined>>,
  now: Date,
): Promise<string | undefined> {
  const [, path] = /^[^/]+\/[^/]+\/(\.github\/workflows\/[^@]+)@/.exec(env.GITHUB_WORKFLOW_REF ?? '') ?? [];
  if (env.GITHUB_EVENT_NAME !== 'schedule' || path === undefined || !env.GITHUB_EVENT_PATH) return undefined;
  try {
    const { schedule } = JSON.parse(await readFile(env.GITHUB_EVENT_PATH, 'utf8')) as { readonly schedule?: unknown };
    if (typeof schedule !== 'string' || cronProblem(schedule) !== undefined) return undefined;
    const { clocks } = readStarterWorkflow(await readFile(join(workspace, path), 'utf8'), path);
    const ticks = clocks.flatMap((clock) => {
      const tick = clock.cron[0] === schedule ? tickAt(clock, now) : undefined;
      return tick === undefined ? [] : [{ tick, timezone: clock.timezone }];
    });
    const newest = ticks.sort((a, b) => b.tick.getTime() - a.tick.getTime())[0];
    return newest && zonedText(newest.tick, newest.timezone);
  } catch {
    // What GitHub has read and started needs no second judge: without its tick the run stands for its day.
    return undefined;
  }
}
