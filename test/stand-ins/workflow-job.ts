import { spawn } from 'node:child_process';
import { cp, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { holds, resolvedText, type Scope } from './expressions.ts';
import { type Begun, fromFolder, fromSources, RunnerJob, type StepEnd } from './runner.ts';
import type { Result, StepRun, WorkflowRequest } from './workflow-executor.ts';
import type { JobFile, StepFile } from './workflow-file.ts';

const UPLOAD = fileURLToPath(new URL('upload-artifact.ts', import.meta.url));

export interface MachineJob {
  /** Where the job stands: `retrain.train`, `retrain (pipelines/churn.yaml).train`. */
  readonly path: string;
  readonly file: JobFile;
  readonly conditions: readonly string[];
  readonly contexts: Readonly<Record<string, unknown>>;
  readonly token: string;
  readonly workflow: { cancelled: boolean };
  /** What the workflow's `env` and GitHub give this job. */
  readonly env: Readonly<Record<string, string>>;
}

/** How a job ended that ran on a machine. */
export interface JobEnd {
  readonly result: Result;
  readonly outputs: Readonly<Record<string, string>>;
  readonly steps: readonly StepRun[];
  /** Files that `upload-artifact` was given, by artifact name. */
  readonly uploads: Readonly<Record<string, string>>;
}

interface OwnAction {
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly runs: { readonly post?: string };
}

/** Runs one job on a machine of its own: its steps, then the post steps of its actions in reverse order. */
export async function runJob(machine: MachineJob, request: WorkflowRequest): Promise<JobEnd> {
  const { path, file, conditions, contexts, token, workflow } = machine;
  const start = request.bundled ? fromFolder(join(request.retrain, 'actions')) : fromSources;
  await using job = await RunnerJob.begin({ start, env: environment(machine, request) });
  job.paths.push(...(request.machine?.paths ?? []));
  for (const secret of [token, ...Object.values(request.secrets ?? {})]) job.masks.add(secret);
  await writeFile(join(job.folder, 'event.json'), JSON.stringify((contexts.github as { event: unknown }).event));
  const steps: StepRun[] = [];
  const uploads: Record<string, string> = {};
  const posts: (() => Promise<StepEnd>)[] = [];
  let bad = false;
  // A job that begins after the cancel, because its condition says so, is not itself cancelled: steps ask about their own job.
  const late = workflow.cancelled;
  const cancelled = () => workflow.cancelled && !late;
  const status = (): Result => (bad ? 'failure' : cancelled() ? 'cancelled' : 'success');
  const context = () => ({
    ...contexts,
    job: { status: status() },
    steps: Object.fromEntries(
      steps.map(({ id, result, end }) => [id, { outcome: result, conclusion: result, outputs: end?.outputs ?? {} }]),
    ),
  });

  for (const [index, step] of (file.steps ?? []).entries()) {
    const id = step.id ?? `step-${index}`;
    const name = step.name ?? step.uses ?? '';
    const said = { always: true, success: !bad && !cancelled(), failure: bad && !cancelled(), cancelled: cancelled() };
    const scope: Scope = { contexts: context(), status: said };
    if (!holds(conditions[index]!, scope)) {
      steps.push({ id, name, result: 'skipped' });
      continue;
    }
    await request.beforeStep?.(`${path}.${id}`, job);
    const texts = (values: StepFile['with']) =>
      Object.fromEntries(Object.entries(values ?? {}).map(([key, value]) => [key, resolvedText(value, scope)]));
    const given = texts(step.with);
    const env = texts(step.env);
    const own = /^(?:\$|[\w.-]+\/retrain)\/actions\/([a-z-]+)(?:@v1)?$/.exec(step.uses ?? '')?.[1];
    let begun: Begun | undefined;
    if (own !== undefined) {
      const action = await ownAction(own, request);
      const unknown = Object.keys(given).find((key) => !(key in (action.inputs ?? {})));
      if (unknown !== undefined) throw new Error(`${path}.${id}: the action ${own} has no input ${unknown}.`);
      begun = await job.begin(own, given, env);
      const { ended } = begun;
      if (action.runs.post !== undefined) posts.unshift(async () => job.post(own, await ended));
    } else if (step.run !== undefined) begun = await job.beginScript(resolvedText(step.run, scope), env);
    else await runOther(step.uses ?? '', given, job, request, uploads, environment(machine, request));
    if (!begun) {
      steps.push({ id, name, result: 'success' });
      continue;
    }
    const watch = request.cancel?.step === id ? watchFor(request.cancel.when, begun, workflow) : undefined;
    if (request.kill?.step === id) killWhen(request.kill.when, begun);
    const end = await begun.ended;
    clearInterval(watch);
    const result: Result = end.code === 0 ? 'success' : cancelled() ? 'cancelled' : 'failure';
    bad ||= result === 'failure';
    steps.push({ id, name, result, env, end });
  }
  for (const post of posts) bad ||= (await post()).code !== 0;
  await request.afterJob?.(path, job);

  const outputs = Object.entries(file.outputs ?? {}).map(
    ([key, value]) => [key, resolvedText(value, { contexts: context(), status: NO_STATUS })] as const,
  );
  return {
    result: status(),
    // What holds a masked text is lost, and what is empty is not there.
    outputs: Object.fromEntries(outputs.filter(([, value]) => value !== '' && ![...job.masks].some((mask) => value.includes(mask)))),
    steps,
    uploads,
  };
}

const NO_STATUS = { always: true, success: true, failure: false, cancelled: false };

function environment({ path, contexts, env }: MachineJob, request: WorkflowRequest): Record<string, string> {
  const { event_name, repository, run_attempt, sha, workflow_ref } = contexts.github as Record<string, string>;
  return {
    ...request.artifacts.env(`run-${request.run}`, path, request.cache),
    GITHUB_JOB: path.slice(path.lastIndexOf('.') + 1),
    GITHUB_RUN_ID: String(request.run),
    GITHUB_RUN_ATTEMPT: run_attempt!,
    GITHUB_EVENT_NAME: event_name!,
    GITHUB_REPOSITORY: repository!,
    GITHUB_SHA: sha!,
    ...(workflow_ref !== undefined && { GITHUB_WORKFLOW_REF: workflow_ref }),
    ...(request.forge && { GITHUB_API_URL: request.forge.apiUrl }),
    ...request.machine?.env,
    ...env,
  };
}

async function ownAction(name: string, { retrain }: WorkflowRequest): Promise<OwnAction> {
  return parse(await readFile(join(retrain, 'actions', name, 'action.yml'), 'utf8')) as OwnAction;
}

/** Actions of others, as far as Retrain's workflows use them. */
async function runOther(
  uses: string,
  given: Readonly<Record<string, string>>,
  job: RunnerJob,
  request: WorkflowRequest,
  uploads: Record<string, string>,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const [name = ''] = uses.split('@');
  if (name === 'actions/checkout') return checkout(given, job, request);
  if (name === 'actions/setup-python') return;
  if (name === 'actions/setup-node') {
    // Its folder holds a `node` of this major, whatever this one is called.
    const bin = join(job.folder, 'node');
    await mkdir(bin, { recursive: true });
    await symlink(process.execPath, join(bin, 'node'));
    job.paths.unshift(bin);
    return;
  }
  if (name !== 'actions/upload-artifact') throw new Error(`The executor does not imitate ${uses}.`);
  const there = await stat(given.path!).catch(() => undefined);
  if (!there) {
    if (given['if-no-files-found'] === 'ignore') return;
    throw new Error(`upload-artifact: there is no ${given.path}.`);
  }
  uploads[given.name!] = await readFile(given.path!, 'utf8');
  const child = spawn(process.execPath, [UPLOAD, given.name!, given.path!], {
    env: { ...process.env, ...env, GITHUB_SERVER_URL: 'https://github.com', GITHUB_WORKSPACE: job.workspace, RUNNER_TEMP: job.temp },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`upload-artifact ended with ${code}.`);
}

/** The repository of the run, or Retrain's own: without a work tree's history, and of the latter only what `sparse-checkout` names. */
async function checkout(given: Readonly<Record<string, string>>, job: RunnerJob, { repository, retrain }: WorkflowRequest): Promise<void> {
  const target = join(job.workspace, given.path ?? '');
  if (given.repository === undefined) return cp(repository, target, { recursive: true });
  if (!given.repository.endsWith('/retrain')) throw new Error(`The executor has no repository ${given.repository}.`);
  await mkdir(target, { recursive: true });
  const folders = given['sparse-checkout']?.split('\n').filter(Boolean);
  for (const entry of await readdir(retrain, { withFileTypes: true })) {
    // Git's cone mode brings the files beside the folders, too.
    if (entry.isFile() || (entry.isDirectory() && (folders === undefined || folders.includes(entry.name)))) {
      await cp(join(retrain, entry.name), join(target, entry.name), { recursive: true });
    }
  }
}

function watchFor(when: RegExp, begun: Begun, workflow: { cancelled: boolean }): NodeJS.Timeout {
  return setInterval(() => {
    if (workflow.cancelled || !when.test(begun.seen())) return;
    workflow.cancelled = true;
    begun.cancel();
  }, 50);
}

/** The process is gone from one moment to the next, as when memory runs out. */
function killWhen(when: RegExp, begun: Begun): void {
  const watch = setInterval(() => {
    if (!when.test(begun.seen())) return;
    clearInterval(watch);
    begun.child.kill('SIGKILL');
  }, 20);
  begun.child.once('close', () => clearInterval(watch));
}
