import { relative, resolve as resolvePath } from 'node:path';
import { stages as runEntries, standalone } from '../../catalog.ts';
import { InvalidInputs, type Problem, UserError } from '../../kernel/errors.ts';
import { inOrder, type StageEntry } from '../../kernel/flow.ts';
import type { Stage } from '../../kernel/stage.ts';
import type { Reason } from '../../kernel/verdict.ts';
import { ownInputs, sharedKeysOf } from '../../pipeline/declaration.ts';
import { type Resolution, resolve } from '../../pipeline/resolve.ts';
import { configurationForKey, type Resolved } from '../../pipeline/resolved.ts';
import { type Loaded, ofTask, projectFolder, readText, requestOf } from '../loaded-pipeline.ts';
import { refuseSecrets } from '../refuse-secrets.ts';
import type { RunRequest } from '../run.ts';
import { scheduledDate } from '../scheduled-date.ts';
import { type ActionInputs, readActionInputs } from './action-inputs.ts';
import { FORGETS, refuseForgetful } from './forgetful-registry.ts';
import { knownRun, workflowRunId } from './known-run.ts';
import { leaveWritingToPublish } from './leave-writing-to-publish.ts';

/** Where an action is: what the door hands on. */
export interface ActionPlace {
  readonly cwd: string;
  readonly root: string;
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: () => Date;
}

// The runner kills what has not ended 10 s after its first signal; publishing what is known wants some of them.
const GRACE_SECONDS = 6;

/** From an action's inputs to the request of a run of this one stage; every problem at once. */
export async function actionRequest(
  name: string,
  place: ActionPlace,
): Promise<{ readonly request: RunRequest; readonly warnings: readonly Reason[] }> {
  const entry = entryOf(name);
  const stage = await entry.load();
  const inputs = readActionInputs(place.env, [...ownInputs(stage).map(([key]) => key), ...sharedKeysOf(stage)]);
  const { resolved, configuration, warnings, base, file } = await resolveInputs(stage, entry, inputs, place);
  refuseSecrets(resolved, place.env, `inputs of ${name}`);
  const { home, stays } = homeOf(resolved, inputs, base, place);

  const { registry } = resolved.shared;
  const forgets = place.env.GITHUB_ACTIONS === 'true' && !stays && (registry === undefined || isHomeRegistry(registry));
  if (forgets && registry !== undefined) throw new InvalidInputs([{ path: 'registry', message: FORGETS, file }], `inputs of ${name}`);
  // On GitHub the registry is a branch of the repository, unless another is named or the home folder is one that stays.
  const inRepository = forgets && Boolean(place.env.GITHUB_TOKEN);

  const model = typeof resolved.shared.name === 'string' ? resolved.shared.name : name;
  const id = file === undefined ? undefined : (inputs.runId ?? workflowRunId(model, place.env));
  const previous =
    id === undefined
      ? undefined
      : await knownRun(
          home,
          id,
          model,
          name,
          // A step that registers after the others have judged, in a run that registers first, takes nothing from either.
          [runEntries, inOrder(runEntries, resolved.stages.register?.inputs.when)].map((entries) => entries.map((one) => one.name)),
        );
  const loaded: Loaded = { resolved, stages: { [name]: stage }, model, file, home, base };
  const request = requestOf(loaded, place, {
    logicalDate: inputs.logicalDate ?? previous?.logicalDate ?? (await scheduledDate(place.cwd, place.env, place.clock())),
    force: inputs.force ?? previous?.force ?? false,
    only: [name],
    previous,
  });
  const forRun: RunRequest = {
    ...request,
    ...(configuration !== undefined && { configuration }),
    id,
    reported: file !== undefined,
    entries: runEntries.some((one) => one.name === name) ? undefined : [entry],
    policy: { ...request.policy, graceSeconds: GRACE_SECONDS },
    links: linksOf(place.env),
    ...(inRepository && { shared: { ...request.shared, registry: 'git' } }),
    around: forgets && !inRepository ? refuseForgetful : name === 'gate' ? leaveWritingToPublish : undefined,
  };
  return { request: forRun, warnings };
}

function entryOf(name: string): StageEntry {
  const alone = standalone.find((one) => one.name === name);
  const entry = runEntries.find((one) => one.name === name) ?? (alone && { ...alone, phase: 'assess' as const });
  if (!entry) throw new RangeError(`There is no stage ${name}.`);
  return entry;
}

interface ResolvedAction {
  /** What the run is told: the whole pipeline, with this stage as its `with:` makes it. */
  readonly resolved: Resolved;
  /** Digest of what the pipeline file and its overrides say, the same for every action of the run. */
  readonly configuration?: string;
  readonly warnings: readonly Reason[];
  readonly base: string;
  readonly file?: string;
}

async function resolveInputs(stage: Stage, entry: StageEntry, inputs: ActionInputs, place: ActionPlace): Promise<ResolvedAction> {
  const path = inputs.pipeline;
  if (path === undefined) {
    const alone = resolve({ with: inputs.with, only: stage.name, stages: { [stage.name]: stage } });
    return { resolved: resolvedOr(alone, inputs, stage), warnings: [], base: place.cwd };
  }
  if (!runEntries.includes(entry)) {
    throw new UserError('no-part-of-a-run', `${stage.name} is no part of a run: it takes no pipeline file.`, {
      todo: 'Leave `pipeline` out.',
    });
  }
  const stages = Object.fromEntries(await Promise.all(runEntries.map(async ({ name, load }) => [name, await load()] as const)));
  const name = relative(place.cwd, resolvePath(place.cwd, path)) || path;
  const said = { file: { name, text: await readText(resolvePath(place.cwd, path), path) }, overrides: inputs.overrides, stages };
  const own = resolvedOr(resolve({ ...said, with: inputs.with, only: stage.name }), inputs, stage);
  const whole = ofTask(resolvedOr(resolve(said), inputs, stage));

  const resolved = { ...whole, shared: own.shared, stages: { ...whole.stages, ...own.stages } };
  const configuration = configurationForKey(whole).sha256;
  const changed = configurationForKey({ ...whole, stages: resolved.stages }).sha256 !== configuration;
  return {
    resolved,
    configuration,
    warnings: changed ? [{ code: 'only-this-step', text: ONLY_THIS_STEP }] : [],
    base: projectFolder(resolvePath(place.cwd, path)),
    file: name,
  };
}

const ONLY_THIS_STEP =
  'Inputs of this step change what the pipeline file says, for this step alone: whether anything is new is decided without them. Give them to every step as `overrides`, or write them into the file.';

function resolvedOr(resolution: Resolution, inputs: ActionInputs, stage: Stage): Resolved {
  const problems: readonly Problem[] = [...inputs.problems, ...(resolution.kind === 'invalid' ? resolution.problems : [])];
  if (resolution.kind === 'invalid' || problems.length > 0) throw new InvalidInputs(problems, `inputs of ${stage.name}`);
  return resolution.resolved;
}

/** The home folder, and whether somebody named it: a runner's own temporary folder is gone when the job ends. */
function homeOf(
  resolved: Resolved,
  inputs: ActionInputs,
  base: string,
  { cwd, env }: ActionPlace,
): { readonly home: string; readonly stays: boolean } {
  if (inputs.with.home !== undefined) return { home: resolvePath(cwd, inputs.with.home.trim()), stays: true };
  if (env.RETRAIN_HOME) return { home: resolvePath(cwd, env.RETRAIN_HOME), stays: true };
  if (typeof resolved.shared.home === 'string') return { home: resolvePath(base, resolved.shared.home), stays: true };
  return { home: env.RUNNER_TEMP ? resolvePath(env.RUNNER_TEMP, 'retrain') : resolvePath(base, '.retrain'), stays: !env.RUNNER_TEMP };
}

const isHomeRegistry = (uri: unknown): boolean => typeof uri === 'string' && /^file:?(?:\/\/)?$/.test(uri.trim());

function linksOf({ GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: id }: ActionPlace['env']): RunRequest['links'] {
  if (!server || !repository || !id) return [];
  return [{ name: 'Workflow run', url: `${server}/${repository}/actions/runs/${id}` }];
}
