import { readFile } from 'node:fs/promises';
import { basename, isAbsolute, join, posix, relative, resolve } from 'node:path';
import { providers } from '../../catalog.ts';
import { UserError } from '../../kernel/errors.ts';
import { cronFields } from '../../pipeline/cron.ts';
import { type CatchUp, lookBackTo, missedTicks, type RunSeen } from '../../pipeline/missed-ticks.ts';
import { zonedText } from '../../pipeline/ticks.ts';
import type { Forge, StartedRun } from '../../providers/forge/forge.ts';
import { readStarterWorkflow, type StarterWorkflow } from '../starter-workflow.ts';
import type { Door } from './door.ts';
import { missedText } from './schedule.ts';

interface Wish {
  readonly schedule: CatchUp;
  readonly model: string;
  /** Path of the pipeline file, which lies in the repository. */
  readonly pipeline: string;
  /** File of .github/workflows, with or without that folder. */
  readonly workflow: string;
  /** How many runs that were dispatched for a tick may be under way. */
  readonly atMost: number;
  readonly dryRun: boolean;
}

// GitHub's clock is often half an hour late, at times hours; whoever waits less trains twice.
const GRACE_MS = 2 * 3_600_000;
const TICK = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2})/;
const DATE = /\d{4}-\d{2}-\d{2}/;
const PIPELINE_FILE = /[^\s,]+\.ya?ml/;

/**
 * Starts a workflow of this repository once for each tick that none of its runs stands for, oldest first. Its runs are the only memory: what
 * was dispatched is found again by its title, in whatever state it is, so that no tick is dispatched twice.
 */
export async function dispatchMissed(wish: Wish, door: Door): Promise<void> {
  const { schedule, model } = wish;
  const pipeline = inRepository(wish.pipeline, door.cwd);
  const workflow = basename(wish.workflow);
  const say = (line: string) => door.out.write(`${line}\n`);
  const path = `.github/workflows/${workflow}`;
  const starter = readStarterWorkflow(await textOf(path, door), path);
  refuseUnfit(starter, schedule, path);

  const now = door.clock();
  const forge = await openForge(door);
  const runs = (await forge.startedRuns(workflow, lookBackTo(schedule, now), door.signal)).filter((run) => isOf(run, pipeline));
  const dates = missedTicks(schedule, runs.map(runSeen), now, GRACE_MS).map((tick) => zonedText(tick, schedule.timezone));
  say(missedText(model, dates));
  if (wish.dryRun || dates.length === 0) return;

  const underWay = runs.filter((run) => !run.ended && run.startedBy === 'workflow_dispatch' && TICK.test(run.title)).length;
  const starting = dates.slice(0, Math.max(0, wish.atMost - underWay));
  const branch = await forge.defaultBranch(door.signal);
  for (const date of starting) {
    const inputs = { 'logical-date': date, ...(starter.inputs?.includes('pipeline') && { pipeline }) };
    await forge.dispatch(workflow, branch, inputs, door.signal);
    say(`Started ${workflow} for ${date}.`);
  }
  const waiting = dates.length - starting.length;
  if (waiting > 0)
    say(
      `${waiting} more at a later pass: at most ${wish.atMost} are under way at a time, and ${underWay} ${underWay === 1 ? 'was' : 'were'}.`,
    );
}

async function textOf(path: string, door: Door): Promise<string> {
  return readFile(join(door.cwd, path), 'utf8').catch((cause: unknown) => {
    throw new UserError('missing-file', `${path} cannot be read.`, {
      cause,
      todo: 'Start from the top folder of the repository, and name the workflow that runs this pipeline by its file name.',
    });
  });
}

/** A workflow whose runs could not be told apart, or that has another schedule, would be started again and again. */
function refuseUnfit({ clocks, inputs, runName = '' }: StarterWorkflow, schedule: CatchUp, path: string): void {
  for (const input of ['logical-date', ...(inputs?.includes('pipeline') ? ['pipeline'] : [])]) {
    if (inputs?.includes(input) && new RegExp(`inputs\\.${input}\\b`).test(runName)) continue;
    throw new UserError('unfit-workflow', `${path}: expected an input ${input} of workflow_dispatch, and a run-name that shows it.`, {
      todo: 'Start from workflows-templates/one-model.yml; by the title of its runs it is known which date has run.',
    });
  }
  const text = (cron: string, timezone: string) => `${cronFields(cron)} (${timezone})`;
  const said = schedule.cron.map((cron) => text(cron, schedule.timezone)).sort();
  const found = clocks.map(({ cron, timezone }) => text(cron[0]!, timezone)).sort();
  if (said.join() !== found.join()) {
    throw new UserError('other-schedule', `${path} runs at ${found.join(', ') || 'no time'}, the pipeline file says ${said.join(', ')}.`, {
      todo: 'Say the same in both: `schedule` of the pipeline file, `on.schedule` of the workflow.',
    });
  }
}

/** The path as the repository knows it, however it was written. */
function inRepository(path: string, top: string): string {
  const found = path.trim() === '' ? '' : relative(top, resolve(top, path)).replaceAll('\\', '/');
  if (found !== '' && !found.startsWith('../') && !isAbsolute(found)) return found;
  throw new UserError('outside-repository', `Expected a pipeline file of this repository, found "${path}".`, {
    todo: 'Start from the top folder of the repository: the workflow reads the file from there.',
  });
}

/** A workflow of many pipelines names in a run's title the one it was started for, if it was only one; absolute, it lies in a runner's checkout. */
function isOf({ title }: StartedRun, pipeline: string): boolean {
  const named = PIPELINE_FILE.exec(title)?.[0];
  if (named === undefined) return true;
  return posix.isAbsolute(named) ? named.endsWith(`/${pipeline}`) : posix.normalize(named) === pipeline;
}

function runSeen({ startedBy, title, created }: StartedRun): RunSeen {
  if (startedBy === 'schedule') return { began: created };
  const logicalDate = (TICK.exec(title) ?? DATE.exec(title))?.[0] ?? created.toISOString().slice(0, 10);
  return { began: created, logicalDate };
}

const openForge = async (door: Door): Promise<Forge> =>
  (await providers.forge!({
    ...door,
    home: '',
    cache: '',
    base: door.cwd,
    model: '',
    shared: {},
    inputs: {},
    log: (line) => door.err.write(`${line}\n`),
  })) as Forge;
