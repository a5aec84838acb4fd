import { providers } from '../catalog.ts';
import { InvalidInputs, type Problem, UserError } from '../kernel/errors.ts';
import { EXIT } from '../kernel/flow.ts';
import type { Forge } from '../providers/forge/forge.ts';
import { readActionInputs } from './action/action-inputs.ts';
import { publishError } from './action/publish.ts';
import type { Runner } from './action/runner.ts';
import { commentFork } from './workflow-run/comment-fork.ts';
import { overview } from './workflow-run/overview.ts';
import { runsOf } from './workflow-run/run-records.ts';

type Action = 'comment-fork' | 'overview';
const SECONDS_MAX = 240;
const MODELS_MAX = 256;

/** The actions that read the records of a whole workflow run and tell of them: in a comment, or on the run's page. Gives the exit code. */
export async function tell(action: Action, env: NodeJS.ProcessEnv, runner: Runner, signal: AbortSignal): Promise<number> {
  try {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(SECONDS_MAX * 1000)]);
    const given = readActionInputs(env, action === 'overview' ? ['models'] : []).with;
    const other = Object.keys(given).filter((name) => action !== 'overview' || name !== 'models');
    const problems: Problem[] = other.map((name) => ({ path: name, message: 'is no input of this action.', file: 'with' }));
    const models = given.models?.trim();
    if (models !== undefined && !(/^\d+$/.test(models) && Number(models) <= MODELS_MAX)) {
      problems.push({
        path: 'models',
        message: `expected how many models were run, at most ${MODELS_MAX}, found "${models}".`,
        file: 'with',
      });
    }
    if (problems.length > 0) throw new InvalidInputs(problems, `inputs of ${action}`);
    const forge = (await openForge(env, runner, bounded)) as Forge;
    if (action === 'comment-fork') {
      await commentFork(env, forge, runner, bounded);
      return EXIT.fine;
    }
    return await tellAll(env, forge, models === undefined ? undefined : Number(models), runner, bounded);
  } catch (error) {
    return publishError(runner, action, error, signal.aborted);
  }
}

async function tellAll(
  env: NodeJS.ProcessEnv,
  forge: Forge,
  models: number | undefined,
  runner: Runner,
  signal: AbortSignal,
): Promise<number> {
  const id = Number(env.GITHUB_RUN_ID);
  if (!Number.isSafeInteger(id)) throw new UserError('no-workflow-run', 'Expected GITHUB_RUN_ID, the number of a workflow run.');
  const runs = await runsOf(forge, id, `${forge.url}/actions/runs/${id}`, signal);
  const missing = Math.max(0, (models ?? runs.length) - runs.length);
  await runner.summarise(overview(runs, missing));
  const of = (outcome: string) => runs.filter((run) => run.outcome === outcome).map(({ model }) => model);
  runner.output('outcomes', JSON.stringify(Object.fromEntries(runs.map(({ model, outcome }) => [model, outcome]))));
  runner.output('promoted', JSON.stringify(runs.filter((run) => run.promoted).map(({ model }) => model)));
  runner.output('in-trouble', JSON.stringify([...of('refused'), ...of('errored')]));
  runner.output('missing', String(missing));
  for (const { model, outcome } of runs) runner.write(`${model}: ${outcome}`);
  return EXIT.fine;
}

const openForge = (env: NodeJS.ProcessEnv, runner: Runner, signal: AbortSignal): Promise<unknown> =>
  providers.forge!({
    env,
    home: '',
    cache: '',
    base: '',
    root: '',
    model: '',
    shared: {},
    inputs: {},
    log: (line) => runner.write(line),
    signal,
  });
