import type { ArtifactService } from './artifacts.ts';
import type { CacheScope } from './cache.ts';
import { holds, resolved, resolvedText, type Scope } from './expressions.ts';
import type { GitHubStandIn } from './github.ts';
import type { RunnerJob, StepEnd } from './runner.ts';
import {
  calledWorkflow,
  callInputs,
  dispatchInputs,
  grantedTo,
  type JobFile,
  namesOf,
  type Permissions,
  readWorkflow,
  type Workflow,
} from './workflow-file.ts';
import { type JobEnd, runJob } from './workflow-job.ts';

/*
 * Runs a workflow with the real files of Retrain as GitHub would: conditions, inputs, outputs and matrices by GitHub's own parser and
 * evaluator, called workflows, a fresh machine for each job, actions and scripts as child processes, a token for each job that may what
 * `permissions` says (an identity token for those with `id-token: write`), re-runs of failed jobs or of one job, a cancel.
 *
 * Left out: concurrency, time limits, runner labels, waiting for reviewers (who says yes is asked), `fail-fast`, `GITHUB_ENV` and `GITHUB_PATH`,
 * matrices of more than one vector, what actions of others do beyond a checkout, a Node on the path and one uploaded file. What a file says
 * beyond that is refused, not passed over.
 */

export type Result = 'success' | 'failure' | 'cancelled' | 'skipped';

export interface StepRun {
  readonly id: string;
  readonly name: string;
  readonly result: Result;
  /** What the step's own `env` says; absent when it did not begin. */
  readonly env?: Readonly<Record<string, string>>;
  readonly end?: StepEnd;
}

export interface JobRun extends JobEnd {
  /** Runs of the called workflow: one, or one for each value of the matrix. */
  readonly called: readonly WorkflowRun[];
}

export interface WorkflowRun {
  readonly jobs: Readonly<Record<string, JobRun>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly result: Result;
  /** Of the whole run: 1, and one more for each re-run. */
  readonly attempt: number;
}

export interface WorkflowRequest {
  /** Text of the workflow that is started. */
  readonly workflow: string;
  /** What a checkout gives. */
  readonly repository: string;
  /** Folder of Retrain: its workflows and actions. */
  readonly retrain: string;
  /** Start the actions' index.js; the sources otherwise. */
  readonly bundled: boolean;
  readonly artifacts: ArtifactService;
  readonly forge?: GitHubStandIn;
  /** `event_name`, `event` and others of the context. */
  readonly github?: Readonly<Record<string, unknown>>;
  /** What somebody typed who started it by hand. */
  readonly inputs?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  /** Number of the workflow run; a re-run keeps it. */
  readonly run: number;
  /** The run whose failed jobs are run again. */
  readonly previous?: WorkflowRun;
  /** The one job of that run which is run again, whatever became of it, with those that need it: `retrain.train`; `*`: all jobs. */
  readonly again?: string;
  /** Variables of the repository. */
  readonly vars?: Readonly<Record<string, string>>;
  /** What the runners themselves bring: variables, and folders before their PATH. */
  readonly machine?: { readonly env?: Readonly<Record<string, string>>; readonly paths?: readonly string[] };
  /** Refs whose entries of the cache the jobs reach; without them there is no cache. */
  readonly cache?: readonly CacheScope[];
  /** Variables of a job that may ask GitHub who it is. */
  readonly identity?: Readonly<Record<string, string>>;
  /** Cancels the workflow once the log of this step shows this. */
  readonly cancel?: { readonly step: string; readonly when: RegExp };
  /** Kills the process of a step once its log shows this. */
  readonly kill?: { readonly step: string; readonly when: RegExp };
  /** What a reviewer of this environment says; yes by default. */
  readonly approve?: (environment: string) => boolean;
  readonly beforeStep?: (path: string, job: RunnerJob) => Promise<void>;
  readonly afterJob?: (path: string, job: RunnerJob) => Promise<void>;
}

interface Place {
  readonly request: WorkflowRequest;
  readonly state: { cancelled: boolean };
  readonly github: Readonly<Record<string, unknown>>;
  /** What stands before the ids of the jobs: empty, or the job that calls and a dot. */
  readonly prefix: string;
  readonly secrets: Readonly<Record<string, string>>;
  /** Of the job that calls. */
  readonly granted?: Permissions;
}

const NOTHING = { outputs: {}, steps: [], uploads: {}, called: [] } as const;

export async function runWorkflow(request: WorkflowRequest): Promise<WorkflowRun> {
  const github = {
    event_name: 'workflow_dispatch',
    event: {},
    repository: 'acme/models',
    sha: 'a'.repeat(40),
    run_id: String(request.run),
    run_attempt: String((request.previous?.attempt ?? 0) + 1),
    ...request.github,
  };
  const workflow = await readWorkflow('workflow.yml', request.workflow);
  const inputs = dispatchInputs(workflow, github.event_name, request.inputs ?? {});
  return runFile(
    workflow,
    inputs,
    { request, state: { cancelled: false }, github, prefix: '', secrets: request.secrets ?? {} },
    request.previous,
  );
}

async function runFile(
  workflow: Workflow,
  inputs: Readonly<Record<string, unknown>>,
  place: Place,
  previous: WorkflowRun | undefined,
): Promise<WorkflowRun> {
  const { file } = workflow;
  const begun = new Map<string, Promise<JobRun>>();
  const ended: Record<string, JobRun> = {};
  const begin = (id: string): Promise<JobRun> => {
    const known = begun.get(id);
    if (known) return known;
    const running = (async () => {
      const needed = namesOf(file.jobs[id]!.needs);
      await Promise.all(needed.map(begin));
      const before = previous?.jobs[id];
      const run = before && stays(id, previous, workflow, place) ? before : await runOne(id, workflow, inputs, ended, place, before);
      ended[id] = run;
      return run;
    })();
    begun.set(id, running);
    return running;
  };
  await Promise.all(Object.keys(file.jobs).map(begin));

  const jobs = Object.fromEntries(Object.keys(file.jobs).map((id) => [id, ended[id]!]));
  const contexts = { github: place.github, inputs, jobs };
  const outputs = Object.entries(file.on.workflow_call?.outputs ?? {}).map(([name, { value }]) => [
    name,
    resolvedText(value, plainScope(contexts)),
  ]);
  return {
    jobs,
    outputs: Object.fromEntries(outputs),
    result: resultOf(Object.values(jobs).map(({ result }) => result)),
    attempt: Number(place.github.run_attempt),
  };
}

async function runOne(
  id: string,
  workflow: Workflow,
  inputs: Readonly<Record<string, unknown>>,
  ended: Readonly<Record<string, JobRun>>,
  place: Place,
  previous: JobRun | undefined,
): Promise<JobRun> {
  const { request, state, prefix } = place;
  const file = workflow.file.jobs[id]!;
  const path = `${prefix}${id}`;
  const needs = Object.fromEntries(
    namesOf(file.needs).map((name) => [name, { result: ended[name]!.result, outputs: ended[name]!.outputs }]),
  );
  // GitHub asks about everything a job hangs on, not only what it names.
  const results = [...ancestors(id, workflow)].map((name) => ended[name]!.result);
  const status = {
    always: true,
    success: !state.cancelled && results.every((result) => result === 'success'),
    failure: !state.cancelled && results.includes('failure'),
    cancelled: state.cancelled,
  };
  const granted = grantedTo(path, file.permissions ?? workflow.file.permissions, place.granted);
  const token = request.forge?.issueToken(readOnlyOnFork(granted, place.github)) ?? 'token-of-the-job';
  const github = { ...place.github, token };
  const contexts = { github, inputs, needs, secrets: place.secrets, vars: request.vars ?? {} };
  const conditions = workflow.conditions.get(id)!;
  if (!holds(conditions.job, { contexts, status })) return { result: 'skipped', ...NOTHING };

  const scope = { contexts, status };
  const environment = environmentOf(resolved(file.environment, scope));
  if (environment !== '' && request.approve?.(environment) === false) return { result: 'failure', ...NOTHING };
  if (file.uses === undefined)
    return {
      ...(await runJob(
        {
          path,
          file,
          conditions: conditions.steps,
          contexts,
          token,
          workflow: state,
          env: {
            ...resolvedTexts(workflow.file.env, scope),
            ...(readOnlyOnFork(granted, place.github)['id-token'] === 'write' && request.identity),
          },
        },
        request,
      )),
      called: [],
    };

  const called = await calledWorkflow(file.uses, request.retrain);
  const legs = legsOf(file, scope);
  const runs = await inTurn(Number(resolved(file.strategy?.['max-parallel'], scope) ?? legs.length), legs, (matrix, index) => {
    const own = plainScope({ ...contexts, matrix });
    const secrets = Object.fromEntries(Object.entries(file.secrets ?? {}).map(([name, value]) => [name, resolvedText(value, own)]));
    const unknown = Object.keys(secrets).find((name) => !(name in (called.file.on.workflow_call?.secrets ?? {})));
    if (unknown !== undefined) throw new Error(`${called.name} has no secret ${unknown}.`);
    const given = callInputs(called, resolved(file.with ?? {}, own) as Record<string, unknown>);
    const named = Object.values(matrix).length === 0 ? path : `${path} (${Object.values(matrix).join(', ')})`;
    return runFile(called, given, { ...place, prefix: `${named}.`, secrets, granted }, previous?.called[index]);
  });
  return {
    ...NOTHING,
    result: resultOf(runs.map(({ result }) => result)),
    // Of a matrix the last that is not empty stays.
    outputs: Object.fromEntries(runs.flatMap(({ outputs }) => Object.entries(outputs)).filter(([, value]) => value !== '')),
    called: runs,
  };
}

/** Values of the matrix, one leg each; one leg without values where there is none. */
function legsOf({ strategy }: JobFile, scope: Scope): readonly Readonly<Record<string, unknown>>[] {
  if (!strategy) return [{}];
  if (strategy['fail-fast'] !== false) throw new Error('The executor does not imitate fail-fast.');
  const vectors = Object.entries(resolved(strategy.matrix, scope) as Record<string, unknown>);
  const [[name, values] = ['', []]] = vectors;
  if (vectors.length !== 1 || !Array.isArray(values)) throw new Error('The executor imitates matrices of one vector.');
  if (values.length === 0) throw new Error(`Matrix vector '${name}' does not contain any values`);
  return values.map((value) => ({ [name]: value }));
}

async function inTurn<Item, Found>(
  atOnce: number,
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<Found>,
): Promise<Found[]> {
  const found: Found[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) found[index] = await work(items[index]!, index);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return found;
}

/** Run again are the jobs that failed, or the one that is named, and all that need them. */
function stays(id: string, previous: WorkflowRun, workflow: Workflow, place: Place): boolean {
  const { request, prefix } = place;
  if (request.again === '*') return false;
  const { result } = previous.jobs[id]!;
  const named = request.again === undefined ? undefined : `${request.again}.`.startsWith(`${prefix}${id}.`);
  if (named ?? (result === 'failure' || result === 'cancelled')) return false;
  return namesOf(workflow.file.jobs[id]!.needs).every((name) => stays(name, previous, workflow, place));
}

function ancestors(id: string, workflow: Workflow, found = new Set<string>()): ReadonlySet<string> {
  for (const name of namesOf(workflow.file.jobs[id]!.needs)) {
    found.add(name);
    ancestors(name, workflow, found);
  }
  return found;
}

function resultOf(results: readonly Result[]): Result {
  if (results.includes('failure')) return 'failure';
  if (results.includes('cancelled')) return 'cancelled';
  return results.every((result) => result === 'skipped') ? 'skipped' : 'success';
}

/** A run for a pull request from a fork only reads, whatever the files say. */
function readOnlyOnFork(granted: Permissions, github: Place['github']): Permissions {
  const event = github.event as { pull_request?: { head?: { repo?: { full_name?: string } } } };
  const from = event.pull_request?.head?.repo?.full_name;
  if (github.event_name !== 'pull_request' || from === undefined || from === github.repository) return granted;
  return Object.fromEntries(Object.entries(granted).map(([scope, access]) => [scope, access === 'write' ? 'read' : access]));
}

const resolvedTexts = (values: Readonly<Record<string, unknown>> | undefined, scope: Scope): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, resolvedText(value, scope)]));

const environmentOf = (value: unknown): string =>
  typeof value === 'object' && value !== null && 'name' in value ? String(value.name) : typeof value === 'string' ? value : '';

const plainScope = (contexts: Readonly<Record<string, unknown>>): Scope => ({
  contexts,
  status: { always: true, success: true, failure: false, cancelled: false },
});
